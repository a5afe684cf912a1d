import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import http, { type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { connect, createServer as createNetServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Refusal } from '../../base/index.ts';
import type { EnginePassage } from '../ports.ts';
import { json, list } from './answer.ts';
import { bind, loopbackGate, secureListener } from './listeners.ts';
import { standardHeaders } from './respond.ts';
import { Router } from './router.ts';
import { ACTION_TIMEOUT_MS, createHttpServer, type HttpOptions } from './server.ts';

let folder = '';
let path = '';
let server: Server | undefined;
const noted: string[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ruche-api-'));
  path = join(folder, 'api.sock');
  noted.length = 0;
});

afterEach(async () => {
  server?.closeAllConnections();
  server?.close();
  server = undefined;
  await rm(folder, { recursive: true });
});

const note = (_facts: unknown, event: string) => void noted.push(event);

const router = new Router([
  {
    method: 'GET',
    path: '/echo/{id}',
    handle: (exchange) => json({ id: exchange.param('id'), minor: exchange.apiMinor }),
  },
  {
    method: 'POST',
    path: '/length',
    handle: async (exchange) => json({ length: (await exchange.readBody(10)).length }),
  },
  {
    method: 'GET',
    path: '/refused',
    handle: () => {
      throw new Refusal('swarm-not-locked');
    },
  },
  {
    method: 'GET',
    path: '/broken',
    handle: () => {
      throw new Error('not on purpose');
    },
  },
  {
    method: 'GET',
    path: '/many',
    handle: () =>
      list(
        Array.from({ length: 5_000 }, (_, at) => at),
        (at) => ({ at, padding: 'x'.repeat(100) }),
      ),
  },
  {
    method: 'GET',
    path: '/asks-late',
    handle: async (exchange) => {
      await held.promise;
      abortedWith = String(exchange.signal.reason);
      return json({});
    },
  },
  { method: 'GET', path: '/never', handle: (exchange) => new Promise(() => untilAborted(exchange.signal)) },
  {
    method: 'GET',
    path: '/cut',
    deadline: 'unbounded',
    handle: () => ({ kind: 'stream', status: 200, contentType: 'text/plain', chunks: failAfterOne() }),
  },
]);

let abortedWith = '';
const held = Promise.withResolvers<void>();

function untilAborted(signal: AbortSignal): void {
  signal.addEventListener('abort', () => {
    abortedWith = String(signal.reason);
  });
}

async function* failAfterOne() {
  yield 'one';
  throw new Error('source gone');
}

async function start(more: Partial<HttpOptions> = {}): Promise<void> {
  server = createHttpServer({
    router,
    fallback: new Router([]),
    log: { warn: note, error: note },
    standard: standardHeaders('0.0.0'),
    stopping: new AbortController().signal,
    ...more,
  });
  await bind(server, { kind: 'unix', path });
}

interface Got {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly text: string;
  readonly isCut: boolean;
}

function call(method: string, target: string, body?: string, headers: Record<string, string> = {}): Promise<Got> {
  return new Promise((resolve, reject) => {
    const request = http.request({ socketPath: path, method, path: target, headers }, (response) => {
      let text = '';
      const end = (isCut: boolean) =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text, isCut });
      response.setEncoding('utf8').on('data', (part: string) => {
        text += part;
      });
      response.once('end', () => end(false)).once('error', () => end(true));
    });
    request.once('error', reject).end(body);
  });
}

describe('routing and errors', () => {
  test('a route is served bare and under every version that we speak', async () => {
    await start();
    const answer = await call('GET', '/v1.24/echo/a%20b');
    expect(answer).toMatchObject({ status: 200, text: '{"id":"a b","minor":24}\n' });
    expect(answer.headers).toMatchObject({
      'api-version': '1.51',
      'docker-experimental': 'false',
      ostype: 'linux',
      server: 'Ruche/0.0.0 (linux)',
      'content-type': 'application/json',
      'content-length': String(answer.text.length),
    });
    expect((await call('GET', '/echo/x')).text).toContain('51');
  });

  test.each([
    ['GET', '/nosuch'],
    ['PUT', '/echo/x'],
    ['GET', '/echo/'],
    ['GET', '/vx.y/echo/x'],
    ['GET', '/v1.99/nosuch'],
    ['POST', '/_ping'],
  ])('%s %s is no page', async (method, target) => {
    await start();
    const answer = await call(method, target);
    expect([answer.status, answer.text]).toEqual([404, '{"message":"page not found"}\n']);
    expect(answer.headers['content-type']).toBe('application/json');
  });

  test('a known route under a version out of range says so', async () => {
    await start();
    expect(await call('GET', '/v1.99/echo/x')).toMatchObject({ status: 400 });
    expect((await call('GET', '/v1.23/echo/x')).text).toContain('client version 1.23 is too old');
  });

  test('OPTIONS is empty, HEAD of a GET route is none, an unclean path moves', async () => {
    await start();
    expect(await call('OPTIONS', '/v1.41/echo/x')).toMatchObject({ status: 200, text: '' });
    expect(await call('HEAD', '/v1.41/echo/x')).toMatchObject({ status: 404, text: '' });
    const moved = await call('GET', '/v1.41//echo/x?a=b');
    expect([moved.status, moved.headers.location]).toEqual([301, '/v1.41/echo/x?a=b']);
  });

  test('refusals answer by their kind; a fault of ours is 500 and noted', async () => {
    await start();
    expect(await call('GET', '/refused')).toMatchObject({ status: 409, text: '{"message":"swarm is not locked"}\n' });
    expect(noted).toEqual([]);
    expect(await call('GET', '/broken')).toMatchObject({ status: 500, text: '{"message":"not on purpose"}\n' });
    expect(noted).toEqual(['api handler failed']);
  });
});

describe('bodies', () => {
  test('a body within the limit is read, whatever its content type', async () => {
    await start();
    expect((await call('POST', '/length', '12345', { 'content-type': 'nonsense' })).text).toBe('{"length":5}\n');
    expect((await call('POST', '/length')).text).toBe('{"length":0}\n');
  });

  test('a body above the limit is refused, stated or not', async () => {
    await start();
    expect(await call('POST', '/length', 'x'.repeat(11))).toMatchObject({ status: 400 });
    const chunked = await call('POST', '/length', 'x'.repeat(11), { 'transfer-encoding': 'chunked' });
    expect(chunked.text).toContain('http: request body too large');
  });

  test('a client that goes away within its body leaves the server well', async () => {
    await start();
    const socket = connect(path);
    socket.write('POST /length HTTP/1.1\r\nHost: d\r\nContent-Length: 9\r\n\r\nab');
    const [, response] = await new Promise<[IncomingMessage, ServerResponse]>((resolve) => {
      server?.once('request', (...pair: [IncomingMessage, ServerResponse]) => resolve(pair));
    });
    const closed = new Promise((resolve) => response.once('close', resolve));
    socket.destroy();
    await closed;
    expect((await call('GET', '/echo/x')).status).toBe(200);
    expect(noted).toEqual([]);
  });
});

describe('answers', () => {
  test('a handler that does not answer in time is told to stop, and the client so', async () => {
    await start();
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      const asked = new Promise((resolve) => server?.once('request', resolve));
      const answer = call('GET', '/never');
      await asked;
      vi.advanceTimersByTime(ACTION_TIMEOUT_MS);
      expect(await answer).toMatchObject({ status: 503, text: expect.stringContaining('took longer than 20000 ms') });
      expect(abortedWith).toContain('GET /never took longer');
    } finally {
      vi.useRealTimers();
    }
  });

  test('a handler that asks for its signal after the deadline finds it aborted, and commits nothing', async () => {
    await start();
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      const asked = new Promise((resolve) => server?.once('request', resolve));
      const answer = call('GET', '/asks-late');
      await asked;
      vi.advanceTimersByTime(ACTION_TIMEOUT_MS);
      expect((await answer).status).toBe(503);
      held.resolve();
      await vi.waitFor(() => expect(abortedWith).toContain('GET /asks-late took longer'));
    } finally {
      vi.useRealTimers();
    }
  });

  test('a long list arrives whole', async () => {
    await start();
    const answer = await call('GET', '/many');
    const all = JSON.parse(answer.text);
    expect([all.length, all[0].at, all.at(-1).at]).toEqual([5_000, 0, 4_999]);
    expect(answer.headers['transfer-encoding']).toBe('chunked');
  });

  test('a stream whose source fails is cut off, so that nobody takes it for whole', async () => {
    await start();
    const answer = await call('GET', '/cut');
    expect(answer).toMatchObject({ status: 200, isCut: true });
    expect(noted).toEqual(['api answer cut off']);
  });
});

describe('the passage', () => {
  const passage: EnginePassage = {
    takes: (_method, target) => target.startsWith('/containers/'),
    serve: async ({ rawPath, apiMinor }, response) => void response.end(`${apiMinor} ${rawPath}`),
    upgrades: (_method, target) => target.startsWith('/exec/'),
    serveUpgrade: async (_request, body, socket, head) =>
      void socket.end(`HTTP/1.1 101 UPGRADED\r\n\r\n${body.toString()}|${head.toString()}`),
  };

  test('gets what the API does not serve, with the standard headers set', async () => {
    await start({ passage });
    const answer = await call('GET', '/v1.40/containers/a%2Fb?x=1');
    expect([answer.text, answer.headers['api-version']]).toEqual(['40 /containers/a%2Fb?x=1', '1.51']);
    expect((await call('GET', '/other')).status).toBe(404);
  });

  test('takes over upgraded connections with their bodies', async () => {
    await start({ passage });
    expect(await raw('POST /exec/1/start HTTP/1.1', 'Upgrade', '{"a":1}rest')).toBe(
      'HTTP/1.1 101 UPGRADED\r\n\r\n{"a":1}|rest',
    );
  });

  test('an upgrade that is none of its routes is an ordinary request', async () => {
    await start({ passage });
    expect(await raw('GET /echo/x HTTP/1.1', 'Upgrade, close', '{"a":1}')).toContain('"id":"x"');
  });

  test('an upgrade with a bad version is refused in HTTP', async () => {
    await start({ passage });
    expect(await raw('POST /v1.99/exec/1/start HTTP/1.1', 'Upgrade', '{"a":1}')).toContain('is too new');
  });
});

/** One raw request with a body of seven bytes; the whole answer. */
function raw(first: string, connection: string, body: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    let text = '';
    socket.setEncoding('utf8').on('data', (part) => {
      text += part;
    });
    socket.once('end', () => resolve(text)).once('error', reject);
    socket.write(
      `${first}\r\nHost: d\r\nConnection: ${connection}\r\nUpgrade: tcp\r\nContent-Length: 7\r\n\r\n${body}`,
    );
  });
}

describe('listeners', () => {
  test('the socket is for owner and group only', async () => {
    await start();
    expect((await stat(path)).mode & 0o777).toBe(0o660);
  });

  test('a socket that nobody serves is replaced, one that somebody serves is not', async () => {
    const stale = createNetServer().listen(path);
    await new Promise((resolve) => stale.once('listening', resolve));
    await expect(start()).rejects.toThrow('is served by another process already');
    await new Promise((resolve) => stale.close(resolve));
    await start();
    expect((await call('GET', '/echo/x')).status).toBe(200);
  });

  test('a file in the way is not removed', async () => {
    await writeFile(path, 'precious');
    await expect(start()).rejects.toThrow('is not a socket');
  });

  test('an unknown group is refused with the way out', async () => {
    const fresh = createHttpServer({
      router,
      fallback: router,
      log: { warn: note, error: note },
      standard: {},
      stopping: new AbortController().signal,
    });
    await expect(bind(fresh, { kind: 'unix', path, group: 'no-such-group' })).rejects.toThrow('groupadd no-such-group');
  });

  test('TCP needs client certificates, or loopback and the explicit flag', () => {
    const tls = { ca: 'ca', cert: 'cert', key: 'key' };
    expect(secureListener({ kind: 'tcp', host: '0.0.0.0', port: 2376, tls }).tls).toMatchObject({
      requestCert: true,
      rejectUnauthorized: true,
    });
    expect(() => secureListener({ kind: 'tcp', host: '127.0.0.1', port: 2375 })).toThrow('tlsVerify');
    expect(() => secureListener({ kind: 'tcp', host: '0.0.0.0', port: 2375, insecureLoopback: true })).toThrow(
      'loopback interface only',
    );
    expect(secureListener({ kind: 'tcp', host: '::1', port: 2375, insecureLoopback: true }).gate).toBe(loopbackGate);
  });

  test.each([
    [{ host: 'localhost:2375' }, true],
    [{ host: '127.0.0.1:2375', origin: 'http://127.0.0.1:2375' }, true],
    [{ host: '[::1]:2375' }, true],
    [{ host: 'evil.example' }, false],
    [{ host: '127.0.0.1.evil.example:2375' }, false],
    [{}, false],
    [{ host: 'localhost:2375', origin: 'https://evil.example' }, false],
    [{ host: 'localhost:2375', origin: 'null' }, false],
  ])('loopback with %j', (headers, isAllowed) => {
    const ask = () => loopbackGate({ headers } as IncomingMessage); // the gate reads headers only
    if (isAllowed) expect(ask).not.toThrow();
    else expect(ask).toThrow('serves local programs only');
  });
});
