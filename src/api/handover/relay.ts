import type { Duplex } from 'node:stream';

/**
 * Joins two sockets: what one sends goes to the other, as fast as that takes it. An end of one direction is passed on and the other
 * direction goes on (`echo x | docker run -i`); an error or close of one closes the other. Resolves when both are closed.
 */
export function relay(client: Duplex, engine: Duplex, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    let open = 2;
    const closeBoth = () => {
      client.destroy();
      engine.destroy();
    };
    const closed = () => {
      open -= 1;
      closeBoth();
      if (open > 0) return;
      signal.removeEventListener('abort', closeBoth);
      resolve();
    };
    for (const socket of [client, engine]) {
      // A reset by a peer that went away is how these streams end; `close` follows.
      socket.on('error', closeBoth);
      if (socket.closed) closed();
      else socket.once('close', closed);
    }
    if (signal.aborted) closeBoth();
    else signal.addEventListener('abort', closeBoth, { once: true });
    client.pipe(engine);
    engine.pipe(client);
  });
}
