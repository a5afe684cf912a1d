import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import type { ExecStream, ProcessStream } from '../../engine/index.ts';
import { frame } from '../http/raw-stream.ts';

/** How soon a client that closed both halves at once is found gone while nothing is written to it, ms. */
const GONE_CHECK_MS = 1000;

/**
 * What a process writes, as the client reads it: framed, or raw with a terminal. Of an exec it ends only when the process has: a
 * client asks for the exit code as soon as the stream is over.
 */
export async function* processOutput(stream: ProcessStream | ExecStream, isRaw: boolean): AsyncGenerator<Uint8Array> {
  try {
    for await (const { stream: name, bytes } of stream.output) yield isRaw ? bytes : frame(name, bytes);
    if ('exitCode' in stream) await stream.exitCode;
  } finally {
    stream.close();
  }
}

/**
 * Joins a process and a connection that was taken over: what the client sends goes to the input, its half-close ends the input and
 * leaves the output open; when the output ends, so does the connection. Nothing is read faster than the other side takes it. When
 * the client is gone the stream is closed, also while the process is silent.
 */
export async function joinConnection(
  stream: ProcessStream,
  connection: { readonly socket: Duplex; readonly head: Buffer; readonly isRaw: boolean },
): Promise<void> {
  const { socket, head, isRaw } = connection;
  // The process may end before the client has sent all: what is left goes nowhere, and the connection lives for its output.
  const feeding = feed(stream, socket, head).catch(() => socket.resume());
  const stopLooking = whenGone(socket, () => stream.close());
  try {
    for await (const bytes of processOutput(stream, isRaw)) {
      if (socket.destroyed) return;
      if (!socket.write(bytes)) await Promise.race([once(socket, 'drain'), once(socket, 'close')]);
    }
  } finally {
    stopLooking();
    // The client may keep its half open for ever; it has all there is.
    socket.end(() => socket.destroy());
    await feeding;
  }
}

/**
 * Calls once the client has closed its socket. A reader sees the same end as of a half-close; a write of no bytes fails only when the
 * other side is closed, so a silent connection is asked that way.
 */
function whenGone(socket: Duplex, act: () => void): () => void {
  const timer = setInterval(() => {
    if (socket.readableEnded && socket.writable && socket.writableLength === 0) socket.write(new Uint8Array(0));
  }, GONE_CHECK_MS);
  socket.once('close', act);
  return () => {
    clearInterval(timer);
    socket.off('close', act);
  };
}

/** Passes on what the client sends, no faster than the process reads; its half-close ends the input. */
async function feed(stream: ProcessStream, socket: Duplex, head: Buffer): Promise<void> {
  if (head.length > 0) await stream.write(head);
  for (;;) {
    const chunk = await nextChunk(socket);
    if (chunk === undefined) break;
    await stream.write(chunk);
  }
  stream.endInput();
}

/** What came next, or nothing once the client has ended its half or gone. Leaves the other half open, which an iterator would not. */
function nextChunk(socket: Duplex): Promise<Uint8Array | undefined> {
  return new Promise((resolve) => {
    const look = (): void => {
      const chunk: Uint8Array | null = socket.read();
      if (chunk !== null) settle(chunk);
      else if (socket.readableEnded || socket.destroyed) settle(undefined);
    };
    const ended = (): void => settle(undefined);
    const settle = (chunk: Uint8Array | undefined): void => {
      socket.off('readable', look).off('end', ended).off('close', ended);
      resolve(chunk);
    };
    socket.on('readable', look).on('end', ended).on('close', ended);
    look();
  });
}
