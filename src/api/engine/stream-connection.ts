import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import { frame } from '../http/raw-stream.ts';
import type { ProcessStream } from './local-engine.ts';

/** What a process writes, as the client reads it: framed, or raw with a terminal. */
export async function* processOutput(stream: ProcessStream, isRaw: boolean): AsyncGenerator<Uint8Array> {
  try {
    for await (const { stream: name, bytes } of stream.output) yield isRaw ? bytes : frame(name, bytes);
  } finally {
    stream.close();
  }
}

/**
 * Joins a process and a connection that was taken over: what the client sends goes to the input, its half-close ends the input and
 * leaves the output open; when the output ends, so does the connection. Nothing is read faster than the other side takes it.
 */
export async function joinConnection(
  stream: ProcessStream,
  connection: { readonly socket: Duplex; readonly head: Buffer; readonly isRaw: boolean },
): Promise<void> {
  const { socket, head, isRaw } = connection;
  const { stdin } = stream;
  if (stdin === undefined) socket.resume();
  else {
    // The process may end before the client has sent all: what is left goes nowhere, and the connection lives for its output.
    stdin.on('error', () => socket.resume());
    if (head.length > 0) stdin.write(head);
    socket.pipe(stdin);
  }
  try {
    for await (const bytes of processOutput(stream, isRaw)) {
      if (socket.destroyed) return;
      if (!socket.write(bytes)) await Promise.race([once(socket, 'drain'), once(socket, 'close')]);
    }
  } finally {
    socket.end();
    // The client may keep its half open for ever; it has all there is.
    socket.resume();
    socket.once('finish', () => socket.destroy());
  }
}
