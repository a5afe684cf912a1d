import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ProcessStream } from '../../engine/index.ts';
import { joinConnection } from './stream-connection.ts';

/** A process that writes nothing until it is closed or told to. */
function silentProcess() {
  const over = Promise.withResolvers<string>();
  const inputEnded = Promise.withResolvers<void>();
  async function* output(): ProcessStream['output'] {
    yield { stream: 'stdout', bytes: Buffer.from(await over.promise) };
  }
  const stream: ProcessStream = {
    output: output(),
    write: () => Promise.resolve(),
    endInput: () => inputEnded.resolve(),
    resize: () => Promise.resolve(),
    close: () => over.resolve('closed'),
  };
  return { stream, over, inputEnded: inputEnded.promise };
}

describe('a connection joined with a silent process', () => {
  let directory: string;
  let client: Socket;
  let socket: Socket;
  const server = createServer({ allowHalfOpen: true });
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'ruche-join-'));
    const path = join(directory, 'socket');
    server.listen(path);
    const accepted = once(server, 'connection');
    client = connect({ path, allowHalfOpen: true });
    [socket] = (await accepted) as [Socket];
    socket.on('error', () => socket.destroy());
  });
  afterEach(async () => {
    client.destroy();
    socket.destroy();
    server.close();
    await rm(directory, { recursive: true });
  });

  test('a client that closed both halves ends the process', async () => {
    const { stream, over } = silentProcess();
    const joined = joinConnection(stream, { socket, head: Buffer.alloc(0), isRaw: true });
    client.destroy();
    expect(await over.promise).toBe('closed');
    await joined;
  });

  test('a client that ended only its half still gets the output', async () => {
    const { stream, over, inputEnded } = silentProcess();
    const joined = joinConnection(stream, { socket, head: Buffer.alloc(0), isRaw: true });
    client.end();
    await inputEnded;
    over.resolve('the answer');
    const chunks = await Array.fromAsync(client as AsyncIterable<Buffer>);
    expect(Buffer.concat(chunks).toString()).toBe('the answer');
    await joined;
  });
});
