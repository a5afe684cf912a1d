import type { Duplex } from 'node:stream';

/** Once one side is gone, the other has this long to take what is left for it. */
const LINGER_MS = 30_000;

/**
 * Joins two sockets: what one sends goes to the other, as fast as that takes it. An end of one direction is passed on and the other
 * direction goes on (`echo x | docker run -i`); when one is gone the other still gets what is left, then goes too; an error of
 * one closes the other. Resolves when both are closed.
 */
export function relay(client: Duplex, engine: Duplex, signal: AbortSignal): Promise<void> {
  const closeBoth = () => {
    client.destroy();
    engine.destroy();
  };
  if (signal.aborted) closeBoth();
  else signal.addEventListener('abort', closeBoth, { once: true });
  client.pipe(engine);
  engine.pipe(client);
  return Promise.all([gone(client, engine), gone(engine, client)]).then(() =>
    signal.removeEventListener('abort', closeBoth),
  );
}

/** Resolves when `socket` is closed, having told `other`. */
function gone(socket: Duplex, other: Duplex): Promise<void> {
  return new Promise((resolve) => {
    const closed = () => {
      if (socket.errored !== null && !socket.readableEnded) other.destroy();
      else finish(other);
      resolve();
    };
    // A reset by a peer that went away is how these streams may end; `close` follows.
    socket.on('error', () => socket.destroy());
    if (socket.closed) closed();
    else socket.once('close', closed);
  });
}

/** Lets a socket send what it holds and its peer close; what the peer still says goes nowhere. */
function finish(socket: Duplex): void {
  if (socket.destroyed) return;
  const timer = setTimeout(() => socket.destroy(), LINGER_MS);
  socket.once('close', () => clearTimeout(timer));
  socket.end();
  socket.resume();
}
