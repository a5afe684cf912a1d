import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage, type Server } from 'node:http';
import { connect, type Socket } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { answerJson, StubEngine, type StubOptions } from '../../engine/docker/testing/stub-engine.ts';
import { standardHeaders } from '../http/respond.ts';
import { Router } from '../http/router.ts';
import { createHttpServer } from '../http/server.ts';
import { createDockerPassage, type Probing } from './index.ts';

let stub: StubEngine;
let server: Server;
const noted: unknown[] = [];
const stopping = new AbortController();

afterEach(async () => {
  server.closeAllConnections();
  server.close();
  await stub.stop();
  noted.length = 0;
});

/** Our API before a stub engine; resolves with its port. */
async function serve(options: StubOptions, probing?: Probing): Promise<number> {
  stub = await StubEngine.start(options);
  const log = { warn: (facts: unknown) => void noted.push(facts), error: (facts: unknown) => void noted.push(facts) };
  const passage = createDockerPassage(stub.connection(), probing);
  const empty = new Router([]);
  const standard = standardHeaders('0.0.0');
  server = createHttpServer({ router: empty, fallback: empty, passage, log, standard, stopping: stopping.signal });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

interface Wish {
  readonly method?: string;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

function begin(port: number, path: string, wish: Wish = {}): Promise<IncomingMessage> {
  const { method = 'GET', body = '', headers = {} } = wish;
  return new Promise((resolve, reject) => {
    httpRequest({ host: '127.0.0.1', port, path, method, headers, agent: false }, resolve)
      .on('error', reject)
      .end(body);
  });
}

async function ask(port: number, path: string, wish: Wish = {}) {
  const answer = await begin(port, path, wish);
  const chunks = await Array.fromAsync(answer as AsyncIterable<Buffer>);
  const text = Buffer.concat(chunks).toString('utf8');
  return { status: answer.statusCode, headers: answer.headers, text };
}

const messageIn = (text: string): string => JSON.parse(text).message;

describe('versions', () => {
  test.each([
    ['1.50', '1.41', '1.12', 41],
    ['1.40', '1.41', '1.12', 40],
    ['1.30', '1.48', '1.44', 44],
    ['1.51', '1.51', '1.44', 51],
  ])('a client of %s in front of an engine of %s (from %s) is asked in 1.%i', async (client, newest, oldest, minor) => {
    const port = await serve({ newest, oldest, handle: (_call, response) => answerJson(response, 200, []) });
    const answer = await ask(port, `/v${client}/containers/json?all=1&filters=%7B%7D`);
    expect(answer).toMatchObject({ status: 200, text: '[]' });
    expect(answer.headers).toMatchObject({ 'api-version': '1.51', server: 'Ruche/0.0.0 (linux)' });
    const [call] = stub.endpointCalls();
    expect(call).toMatchObject({ minor, path: '/containers/json?all=1&filters=%7B%7D' });
  });

  test('what is not the engine’s is not handed over', async () => {
    const port = await serve({ handle: (_call, response) => answerJson(response, 200, {}) });
    for (const path of ['/services', '/swarm', '/info', '/events', '/containers/a/b/c', '/plugins']) {
      expect((await ask(port, path)).status).toBe(404);
    }
    expect(stub.calls).toEqual([]);
  });
});

describe('what the engine is too old for', () => {
  test.each([
    ['POST', '/containers/x/stop?signal=SIGHUP', '', 'the parameter "signal" of POST /containers/{id}/stop needs'],
    [
      'GET',
      '/images/json?manifests=1',
      '',
      'the parameter "manifests" of GET /images/json needs Docker Engine API 1.47',
    ],
    ['DELETE', '/images/a/b?platforms=x', '', 'the parameter "platforms" of DELETE /images/{name:.*} needs'],
    ['PUT', '/volumes/v?version=1', '{}', 'PUT /volumes/{name:.*} needs Docker Engine API 1.42'],
    ['POST', '/containers/create', '{"HostConfig":{"Annotations":{"a":"b"}}}', 'HostConfig.Annotations needs'],
    ['POST', '/volumes/create', '{"ClusterVolumeSpec":{"Group":"g"}}', 'ClusterVolumeSpec needs'],
    ['POST', '/volumes/prune', '', 'pruning anonymous volumes only needs Docker Engine API 1.42'],
  ])('is refused by name: %s %s', async (method, path, body, text) => {
    const port = await serve({ newest: '1.41', handle: (_call, response) => answerJson(response, 200, {}) });
    const answer = await ask(port, `/v1.50${path}`, { method, body });
    expect(answer.status).toBe(501);
    expect(messageIn(answer.text)).toContain(text);
    expect(stub.endpointCalls()).toEqual([]);
  });

  test('passes when it says nothing, or the client is as old', async () => {
    const port = await serve({ newest: '1.41', handle: (_call, response) => answerJson(response, 201, {}) });
    const body = '{"Image":"a","HostConfig":{"Annotations":{},"Memory":9007199254740993}}';
    expect((await ask(port, '/v1.50/containers/create?platform=', { method: 'POST', body })).status).toBe(201);
    expect(stub.endpointCalls()[0]?.body).toBe(body);
    const annotated = '{"HostConfig":{"Annotations":{"a":"b"}}}';
    expect((await ask(port, '/v1.41/containers/create', { method: 'POST', body: annotated })).status).toBe(201);
    expect((await ask(port, '/v1.50/images/json?manifests=false')).status).toBe(201);
  });

  test('is left to the engine where it can’t be read', async () => {
    const port = await serve({
      newest: '1.41',
      handle: (_call, response) => answerJson(response, 400, { message: 'invalid JSON' }),
    });
    const answer = await ask(port, '/v1.50/containers/create', { method: 'POST', body: '{"HostConfig":' });
    expect(answer).toMatchObject({ status: 400, text: '{"message":"invalid JSON"}' });
  });
});

describe('what is bridged', () => {
  const created: StubOptions = { newest: '1.41', handle: (_call, response) => answerJson(response, 201, {}) };

  test('the MAC address of the one endpoint goes where an older engine reads it', async () => {
    const port = await serve(created);
    const body = '{"Image":"a","NetworkingConfig":{"EndpointsConfig":{"n":{"MacAddress":"02:42:00:00:00:01"}}}}';
    await ask(port, '/v1.50/containers/create', { method: 'POST', body });
    expect(JSON.parse(stub.endpointCalls()[0]?.body ?? '')).toMatchObject({ MacAddress: '02:42:00:00:00:01' });
  });

  test('pruning all volumes drops the filter that an older engine does not know, and an older client spares none', async () => {
    const port = await serve({ handle: (_call, response) => answerJson(response, 200, {}), newest: '1.41' });
    const filters = encodeURIComponent('{"all":["true"],"label":["a"]}');
    await ask(port, `/v1.50/volumes/prune?filters=${filters}`, { method: 'POST' });
    expect(decodeURIComponent(stub.endpointCalls()[0]?.path ?? '')).toBe('/volumes/prune?filters={"label":["a"]}');
    await stub.stop();
    server.close();
    const newer = await serve({ handle: (_call, response) => answerJson(response, 200, {}), oldest: '1.44' });
    await ask(newer, '/v1.41/volumes/prune', { method: 'POST' });
    expect(decodeURIComponent(stub.endpointCalls()[0]?.path ?? '')).toBe('/volumes/prune?filters={"all":["1"]}');
  });

  test('an image has the fields of the client’s version, and its integers to the digit', async () => {
    const image =
      '{"Id":"i","Size":9007199254740993,"VirtualSize":9007199254740993,"Container":"c","Config":{"Cmd":null,"Tty":false}}';
    const port = await serve({ newest: '1.41', handle: (_call, response) => void response.end(image) });
    expect((await ask(port, '/v1.50/images/a/json')).text.trim()).toBe(
      '{"Id":"i","Size":9007199254740993,"Config":{"Cmd":null}}',
    );
    expect((await ask(port, '/v1.41/images/a/json')).text).toBe(image);
  });

  test('an older client of a newer engine gets the fields that went', async () => {
    const port = await serve({
      oldest: '1.44',
      handle: (_call, response) => void response.end('[{"Id":"i","Size":5}]'),
    });
    expect(JSON.parse((await ask(port, '/v1.41/images/json')).text)).toEqual([{ Id: 'i', Size: 5, VirtualSize: 5 }]);
  });

  test.each([
    [true, 'application/vnd.docker.raw-stream'],
    [false, 'application/vnd.docker.multiplexed-stream'],
  ])('output has the content type of the client’s version (terminal: %s)', async (Tty, type) => {
    const port = await serve({
      newest: '1.41',
      handle: (call, response) => {
        if (call.path.endsWith('/json')) return answerJson(response, 200, { Config: { Tty } });
        response.writeHead(200, { 'content-type': 'application/vnd.docker.raw-stream' }).end('x');
      },
    });
    expect((await ask(port, '/v1.50/containers/c/logs?stdout=1')).headers['content-type']).toBe(type);
  });
});

describe('streams', () => {
  test('a body goes to the engine as it comes, and its answer back', async () => {
    const port = await serve({
      handle: (call, response) => void response.writeHead(200, { 'x-length': String(call.body.length) }).end(call.body),
    });
    const body = 'x'.repeat(500_000);
    const headers = {
      'transfer-encoding': 'chunked',
      'content-type': 'application/x-tar',
      'x-registry-auth': 'secret',
    };
    const answer = await ask(port, '/v1.51/images/load', { method: 'POST', body, headers });
    expect(answer.headers['x-length']).toBe('500000');
    expect(answer.text).toBe(body);
    expect(stub.endpointCalls()[0]?.headers).toMatchObject({ 'x-registry-auth': 'secret' });
  });

  test('the head comes before the first byte', async () => {
    const port = await serve({ handle: (_call, response) => response.flushHeaders() });
    const answer = await begin(port, '/containers/c/logs?follow=1');
    expect(answer.statusCode).toBe(200);
    answer.destroy();
  });

  test('a client that goes away ends the engine’s stream', async () => {
    const closed = Promise.withResolvers<void>();
    const port = await serve({
      handle: (_call, response) => {
        response.on('close', () => closed.resolve());
        response.write('first');
      },
    });
    const answer = await begin(port, '/containers/c/stats');
    await once(answer, 'data');
    answer.destroy();
    await closed.promise;
  });

  test('a client that does not read holds the engine back', async () => {
    let written = 0;
    const full = Promise.withResolvers<void>();
    const port = await serve({
      handle: (_call, response) => {
        const chunk = Buffer.alloc(64 * 1024);
        const write = () => {
          while (written < 1e9) {
            written += chunk.length;
            if (!response.write(chunk)) break;
          }
        };
        response.on('drain', write);
        response.on('error', () => response.destroy());
        write();
        full.resolve();
      },
    });
    const answer = await begin(port, '/containers/c/export');
    answer.pause();
    await full.promise;
    // What the sockets' buffers took; afterwards nothing moves.
    let before = -1;
    const isStill = () => {
      const same = before === written;
      before = written;
      return same;
    };
    await expect.poll(isStill, { interval: 100 }).toBe(true);
    expect(written).toBeLessThan(64 * 1024 * 1024);
    answer.destroy();
  });

  test('an answer that breaks off is cut off, not ended', async () => {
    const port = await serve({
      handle: (_call, response) => void response.write('part', () => response.destroy()),
    });
    await expect(ask(port, '/containers/c/export')).rejects.toThrow('aborted');
  });

  test('an engine that is not there is told with 503', async () => {
    const port = await serve({});
    await stub.vanish();
    const answer = await ask(port, '/containers/json');
    expect(answer.status).toBe(503);
    expect(messageIn(answer.text)).toMatch(/^Cannot connect to the Docker Engine at unix:/);
  });
});

describe('an engine that hangs', () => {
  test('is told with 503 once it does not say that it lives', async () => {
    const port = await serve({ handle: () => undefined }, { everyMs: 5, timeoutMs: 20 });
    const answer = await ask(port, '/containers/json');
    expect(answer.status).toBe(503);
    expect(messageIn(answer.text)).toContain('it hangs (GET /_ping took longer than 20 ms)');
  });

  test('is not one that works long', async () => {
    let pings = 0;
    const waiting: (() => void)[] = [];
    const port = await serve(
      {
        handle: (call, response) => {
          if (call.path !== '/_ping') return void waiting.push(() => answerJson(response, 200, { StatusCode: 0 }));
          response.end('OK');
          pings += 1;
          if (pings === 3) for (const finish of waiting) finish();
        },
      },
      { everyMs: 5, timeoutMs: 5_000 },
    );
    expect((await ask(port, '/containers/c/wait', { method: 'POST' })).text).toBe('{"StatusCode":0}');
  });
});

describe('raw streams', () => {
  /** Sends an upgrading request and reads on until `until` has come. */
  async function open(port: number, path: string, body: string, extra = ''): Promise<Socket> {
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    socket.setEncoding('utf8');
    const head = `POST ${path} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: tcp\r\nContent-Type: application/json`;
    socket.write(`${head}\r\nContent-Length: ${body.length}\r\n\r\n${body}${extra}`);
    return socket;
  }
  const rest = async (socket: Socket) => (await Array.fromAsync(socket as AsyncIterable<string>)).join('');

  test('go both ways, each to its own end', async () => {
    const port = await serve({
      newest: '1.41',
      upgrade: (_call, socket) => {
        socket.write('HTTP/1.1 101 UPGRADED\r\nContent-Type: application/vnd.docker.raw-stream\r\n');
        socket.write('Connection: Upgrade\r\nUpgrade: tcp\r\nApi-Version: 1.41\r\n\r\nhello ');
        let heard = '';
        socket.on('data', (chunk: Buffer) => {
          heard += chunk.toString('utf8');
        });
        socket.on('end', () => socket.end(`heard ${heard.slice(heard.indexOf('early'))}`));
      },
    });
    const socket = await open(port, '/v1.50/exec/e/start', '{"Tty":false}', 'early ');
    await once(socket, 'readable');
    socket.end('and late');
    const text = await rest(socket);
    expect(text).toMatch(/^HTTP\/1\.1 101 UPGRADED\r\n/);
    expect(text).toContain('content-type: application/vnd.docker.multiplexed-stream\r\n');
    expect(text).toContain('Api-Version: 1.51\r\n');
    expect(text.split('\r\n\r\n')[1]).toBe('hello heard early and late');
    expect(stub.endpointCalls()[0]).toMatchObject({ minor: 41, path: '/exec/e/start' });
  });

  test('a slow client gets all that the engine said before it went', async () => {
    const output = 'x'.repeat(5_000_000);
    const gone = Promise.withResolvers<void>();
    const port = await serve({
      upgrade: (_call, socket) => {
        socket.on('close', () => gone.resolve()).resume();
        socket.write('HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n');
        socket.end(output, () => socket.destroy());
      },
    });
    const socket = await open(port, '/containers/c/attach', '');
    await once(socket, 'readable');
    const received = rest(socket);
    await gone.promise;
    const text = await received;
    expect(text.slice(text.indexOf('\r\n\r\n') + 4)).toHaveLength(output.length);
  });

  test('a terminal’s size is set after the start where the engine does not take it before', async () => {
    const port = await serve({
      newest: '1.41',
      handle: (_call, response) => void response.writeHead(201).end(),
      upgrade: (_call, socket) => socket.end('HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n'),
    });
    const socket = await open(port, '/v1.50/exec/e/start', '{"Tty":true,"ConsoleSize":[37,123]}');
    socket.end();
    await rest(socket);
    expect(stub.endpointCalls().map(({ path }) => path)).toEqual(['/exec/e/start', '/exec/e/resize?h=37&w=123']);
  });

  test('a refusal comes with status and text', async () => {
    const port = await serve({
      upgrade: (_call, socket) =>
        socket.end(
          'HTTP/1.1 409 Conflict\r\nContent-Length: 27\r\nConnection: close\r\n\r\n{"message":"not running"}\r\n',
        ),
    });
    const socket = await open(port, '/containers/c/attach?stream=1', '');
    const text = await rest(socket);
    expect(text).toMatch(/^HTTP\/1\.1 409 Conflict\r\n/);
    expect(text).toContain('{"message":"not running"}');
    socket.destroy();
  });

  test('a client that goes away ends the engine’s end', async () => {
    const closed = Promise.withResolvers<void>();
    const port = await serve({
      upgrade: (_call, socket) => {
        socket.on('close', () => closed.resolve()).on('end', () => socket.end());
        socket.resume();
        socket.write('HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\nx');
      },
    });
    const socket = await open(port, '/containers/c/attach', '');
    await once(socket, 'readable');
    socket.resetAndDestroy();
    await closed.promise;
  });

  test('an engine that goes away ends the client’s end', async () => {
    const port = await serve({
      upgrade: (_call, socket) =>
        void socket.write('HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\nx', () =>
          socket.destroy(),
        ),
    });
    const socket = await open(port, '/containers/c/attach', '');
    socket.on('error', () => socket.destroy());
    const closed = once(socket, 'close');
    socket.resume();
    socket.once('end', () => socket.end());
    await closed;
  });
});
