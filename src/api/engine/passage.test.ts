import { once } from 'node:events';
import { type createServer, request as httpRequest } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { PassThrough, type Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Refusal } from '../../base/index.ts';
import type { ContainerInspect, ExecStream, LocalEngine } from '../../engine/index.ts';
import type { ContainerId } from '../../model/index.ts';
import { Router } from '../http/router.ts';
import { createHttpServer, type HttpOptions } from '../http/server.ts';
import type { LocalImages } from './local-images.ts';
import { createLocalPassage } from './passage.ts';

type Server = ReturnType<typeof createServer>;
let server: Server;
let stopping: AbortController;
const calls: string[] = [];

/** A process that gives back in capitals what it reads, and ends when its input ends. */
function shouting(tty: boolean): ExecStream {
  const stdin = new PassThrough();
  return {
    write: async (bytes) => {
      stdin.write(bytes);
    },
    endInput: () => stdin.end(),
    output: (async function* () {
      if (!tty) yield { stream: 'stderr' as const, bytes: Buffer.from('ready\n') };
      for await (const chunk of stdin)
        yield { stream: 'stdout' as const, bytes: Buffer.from(String(chunk).toUpperCase()) };
    })(),
    resize: async (rows, columns) => {
      calls.push(`${rows}x${columns}`);
    },
    close: () => calls.push('closed'),
    exitCode: Promise.resolve(0),
  };
}

// The routes read these fields alone.
const running = {
  Id: 'c1',
  Name: '/web',
  Config: { Tty: false, StopTimeout: 7 },
  State: { Running: true },
} as unknown as ContainerInspect;

function engine(parts: Partial<LocalEngine>): LocalEngine {
  const twin: Partial<LocalEngine> = {
    findContainer: (id) => {
      if (id !== 'c1') throw new Refusal('api-no-such-container', { id });
      return id as ContainerId;
    },
    inspectContainer: async (id) => (id === 'c1' ? running : undefined),
    ...parts,
  };
  return twin as LocalEngine;
}

async function serve(parts: { containers?: Partial<LocalEngine>; images?: Partial<LocalImages> }): Promise<number> {
  const log = { warn: () => undefined, error: () => undefined };
  const options: HttpOptions = {
    router: new Router([]),
    fallback: new Router([]),
    passage: createLocalPassage(engine(parts.containers ?? {}), (parts.images ?? {}) as LocalImages),
    log,
    standard: { 'Api-Version': '1.51' },
    stopping: stopping.signal,
  };
  server = createHttpServer(options);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

beforeEach(() => {
  calls.length = 0;
  stopping = new AbortController();
});
afterEach(async () => {
  stopping.abort();
  server.closeAllConnections();
  server.close();
});

function call(
  port: number,
  method: string,
  path: string,
  body?: string,
): Promise<{ status: number; text: string; type: unknown }> {
  return new Promise((resolve, reject) => {
    const sent = httpRequest({ port, host: '127.0.0.1', method, path }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          text: Buffer.concat(chunks).toString(),
          type: response.headers['content-type'],
        }),
      );
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

async function upgrade(port: number, path: string, body: string): Promise<{ socket: Socket; head: string }> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  socket.write(
    `POST ${path} HTTP/1.1\r\nHost: docker\r\nConnection: Upgrade\r\nUpgrade: tcp\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  );
  const [head] = await once(socket, 'data');
  return { socket, head: String(head) };
}

describe('a process that a client is connected to', () => {
  test('half-close ends its input, and its output still arrives, framed', async () => {
    const port = await serve({ containers: { startExec: async () => shouting(false) } });
    const { socket, head } = await upgrade(port, '/v1.51/exec/e1/start', '{"Detach":false,"Tty":false}');
    expect(head).toContain('101 UPGRADED');
    expect(head).toContain('application/vnd.docker.multiplexed-stream');
    socket.end('hello');
    const received: Buffer[] = [Buffer.from(head.slice(head.indexOf('\r\n\r\n') + 4), 'latin1')];
    for await (const chunk of socket) received.push(chunk as Buffer);
    expect(Buffer.concat(received).toString('latin1')).toBe(
      '\x02\0\0\0\0\0\0\x06ready\n' + '\x01\0\0\0\0\0\0\x05HELLO',
    );
    expect(calls).toEqual(['closed']);
  });

  test('with a terminal its output is raw, and the size is passed on', async () => {
    const port = await serve({ containers: { startExec: async () => shouting(true) } });
    const { socket, head } = await upgrade(port, '/exec/e1/start', '{"Tty":true,"ConsoleSize":[24,80]}');
    expect(head).toContain('application/vnd.docker.raw-stream');
    socket.end('hi');
    const received: string[] = [];
    for await (const chunk of socket) received.push(String(chunk));
    expect(received.join('')).toBe('HI');
    expect(calls).toEqual(['24x80', 'closed']);
  });

  test('a client that goes away closes it', async () => {
    let closed: (() => void) | undefined;
    const isClosed = new Promise<void>((resolve) => {
      closed = resolve;
    });
    const endless: ExecStream = {
      ...shouting(false),
      output: (async function* () {
        for (;;) yield { stream: 'stdout' as const, bytes: Buffer.alloc(65_536) };
      })(),
      close: () => closed?.(),
    };
    const port = await serve({ containers: { startExec: async () => endless } });
    const { socket } = await upgrade(port, '/exec/e1/start', '{}');
    socket.destroy();
    await isClosed;
  });

  test('what can’t be started is an error with its status, not a stream', async () => {
    const refusal = () => Promise.reject(new Refusal('api-no-such-exec', { id: 'e9' }));
    const port = await serve({ containers: { startExec: refusal } });
    const { head } = await upgrade(port, '/exec/e9/start', '{}');
    expect(head).toMatch(/^HTTP\/1\.1 404 /);
    expect(head).toContain('No such exec instance: e9');
  });
});

test('the stream of an exec ends only when the process has, though its output ended before', async () => {
  let end: (code: number) => void = () => undefined;
  const exitCode = new Promise<number>((resolve) => {
    end = resolve;
  });
  const port = await serve({ containers: { startExec: async () => ({ ...shouting(true), exitCode }) } });
  const { socket } = await upgrade(port, '/exec/e1/start', '{"Tty":true}');
  socket.end();
  let isOver = false;
  socket.resume().once('end', () => {
    isOver = true;
  });
  await call(port, 'GET', '/containers/zzz/json');
  expect(isOver).toBe(false);
  end(7);
  await once(socket, 'end');
});

describe('containers', () => {
  test('a list is asked for with the filters and limits that were sent', async () => {
    const asked: unknown[] = [];
    const port = await serve({
      containers: {
        listContainerSummaries: (options) => {
          asked.push(options);
          return [{ Id: 'c1' }];
        },
      },
    });
    const filters = encodeURIComponent('{"label":{"a=b":true}}');
    expect(await call(port, 'GET', `/containers/json?all=1&limit=3&filters=${filters}`)).toMatchObject({
      text: '[{"Id":"c1"}]\n',
    });
    expect(asked).toEqual([{ all: true, limit: 3, size: false, filters: { label: ['a=b'] } }]);
  });

  test('one that is not there is 404 with Docker’s words', async () => {
    const port = await serve({});
    expect(await call(port, 'GET', '/containers/zzz/json')).toMatchObject({
      status: 404,
      text: '{"message":"No such container: zzz"}\n',
    });
  });

  test('stopping takes the grace that was sent, else the container’s own; starting a running one changes nothing', async () => {
    const port = await serve({
      containers: {
        stopContainer: async (_id, graceMs) => {
          calls.push(String(graceMs));
        },
      },
    });
    expect((await call(port, 'POST', '/containers/c1/stop?t=3')).status).toBe(204);
    expect((await call(port, 'POST', '/containers/c1/stop')).status).toBe(204);
    expect((await call(port, 'POST', '/containers/c1/start')).status).toBe(304);
    expect((await call(port, 'POST', '/containers/c1/stop?t=x')).status).toBe(400);
    expect(calls).toEqual(['3000', '7000']);
  });

  test('a running one is not removed without force', async () => {
    const port = await serve({
      containers: {
        removeContainer: async (id) => {
          calls.push(id);
        },
      },
    });
    expect(await call(port, 'DELETE', '/containers/c1')).toMatchObject({ status: 409 });
    expect(calls).toEqual([]);
    expect((await call(port, 'DELETE', '/containers/c1?force=1')).status).toBe(204);
    expect(calls).toEqual(['c1']);
  });

  test.each([
    ['/containers/c1/resize?h=1', 400],
    ['/containers/c1/wait?condition=never', 400],
    ['/containers/create', 400],
    ['/containers/c1/exec', 400],
    ['/containers/c1/pause', 501],
    ['/build', 501],
  ])('POST %s without what it needs is %i and says why', async (path, status) => {
    const port = await serve({});
    const answer = await call(port, 'POST', path, '{}');
    expect(answer.status).toBe(status);
    expect(JSON.parse(answer.text).message).not.toBe('');
  });

  test('a cut body is refused in words', async () => {
    const port = await serve({});
    expect(await call(port, 'POST', '/containers/create', '{"Image":')).toMatchObject({ status: 400 });
  });
});

describe('images', () => {
  async function* lines(fail: 'first' | 'later' | 'never') {
    if (fail === 'first') throw new Refusal('api-no-such-container', { id: 'x' });
    yield { status: 'Pulling' };
    if (fail === 'later') throw new Error('connection lost');
    yield { status: 'done' };
  }

  test('progress comes line by line; a late failure is told in the stream, an early one by status', async () => {
    const port = await serve({ images: { pull: (reference) => lines(reference as 'never') } });
    expect((await call(port, 'POST', '/images/create?fromImage=never')).text).toBe(
      '{"status":"Pulling"}\r\n{"status":"done"}\r\n',
    );
    expect((await call(port, 'POST', '/images/create?fromImage=later')).text).toContain('"error":"connection lost"');
    expect(await call(port, 'POST', '/images/create?fromImage=first')).toMatchObject({ status: 404 });
  });

  test('names with slashes and digests reach the engine whole', async () => {
    const asked: string[] = [];
    const remember = (reference: string): object => {
      asked.push(reference);
      return {};
    };
    const port = await serve({
      images: {
        inspect: remember,
        tag: async (reference, target) => {
          remember(`${reference} → ${target}`);
        },
        pull: (reference) => {
          remember(reference);
          return lines('never');
        },
      },
    });
    await call(port, 'GET', '/v1.50/images/registry:5000/a/b:v1/json');
    await call(port, 'POST', '/images/a/b/tag?repo=registry:5000/c&tag=v2');
    await call(port, 'POST', '/images/create?fromImage=a/b&tag=sha256:abc');
    expect(asked).toEqual(['registry:5000/a/b:v1', 'a/b → registry:5000/c:v2', 'a/b@sha256:abc']);
  });

  test('an import streams the body to the engine with all its changes', async () => {
    const port = await serve({
      images: {
        import: async function* (archive: Readable, options) {
          let length = 0;
          for await (const chunk of archive) length += (chunk as Buffer).length;
          yield { status: `${length} ${options.reference} ${options.changes.join('|')}` };
        },
      },
    });
    const path = '/images/create?fromSrc=-&repo=busybox&tag=latest&changes=ENV%20A%3Db&changes=CMD%20sh';
    expect((await call(port, 'POST', path, 'x'.repeat(100_000))).text).toContain(
      '100000 busybox:latest ENV A=b|CMD sh',
    );
  });
});
