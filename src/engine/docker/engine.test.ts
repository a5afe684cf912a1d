import { afterEach, describe, expect, test } from 'vitest';
import type { ContainerId } from '../../model/index.ts';
import type { ContainerEvent } from '../port/container.ts';
import { EngineConnection, MAX_REQUESTS_IN_FLIGHT } from './connection.ts';
import type { Deadlines } from './deadlines.ts';
import { DockerEngine } from './engine.ts';
import { answerJson, StubEngine, type StubHandler, type StubOptions } from './testing/stub-engine.ts';

let stub: StubEngine | undefined;
afterEach(() => stub?.stop());

const never = new AbortController().signal;
// Brands an id of the stub's.
const id = 'a'.repeat(64) as ContainerId;

async function connect(options: StubOptions = {}, deadlines: Partial<Deadlines> = {}) {
  stub = await StubEngine.start(options);
  return { stub, engine: await DockerEngine.connect(stub.connection(), never, deadlines) };
}
const answering = (handle: StubHandler, options: StubOptions = {}) => connect({ handle, ...options });

describe('the version spoken', () => {
  test.each([
    ['an engine that takes nothing below 1.44', '1.48', '1.44', 48],
    ['an engine newer than we are', '1.99', '1.24', 51],
    ['the oldest engine', '1.40', '1.12', 40],
  ])('with %s is the newest that both know', async (_case, newest, oldest, spoken) => {
    const { stub, engine } = await answering((_call, response) => answerJson(response, 200, []), { newest, oldest });
    await engine.listContainers('x', never);
    expect(stub.endpointCalls().map(({ minor }) => minor)).toEqual([spoken]);
  });

  test.each([
    ['below 1.40', '1.39', '1.12', 'engine-too-old', 'at least 1.40 is needed'],
    ['that takes nothing as old as we are', '1.60', '1.52', 'engine-too-new', 'upgrade Ruche'],
    ['that names none', 'x', 'y', 'engine-too-old', 'at least 1.40'],
  ])('an engine %s is refused', async (_case, newest, oldest, code, text) => {
    const message = expect.stringContaining(text);
    await expect(connect({ newest, oldest })).rejects.toMatchObject({ code, message });
  });

  test('is asked again when a watch begins anew: the engine may have been upgraded', async () => {
    const { stub, engine } = await answering((_call, response) => void response.end());
    for (const _time of [1, 2]) await expect(Array.fromAsync(engine.watch(never))).rejects.toThrow('the events ended');
    expect(stub.calls.filter(({ path }) => path === '/version')).toHaveLength(3);
  });
});

test('an engine on TCP is driven as one on a socket', async () => {
  const { stub, engine } = await answering((_call, response) => answerJson(response, 200, []), { tcp: true });
  expect(await engine.listContainers('a', never)).toEqual([]);
  expect(stub.endpointCalls()).toHaveLength(1);
});

test.each([
  [2, 4],
  [64, 32],
  [0, 2],
])('an engine on %i cores is given %i starts at once', async (NCPU, starts) => {
  const { engine } = await connect({ info: { NCPU } });
  expect(engine.startParallelism).toBe(starts);
});

test('more requests than a connection carries are refused, not queued', async () => {
  stub = await StubEngine.start({ handle: () => undefined });
  const connection = stub.connection();
  const engine = await DockerEngine.connect(connection, never);
  const stop = new AbortController();
  const calls = Array.from({ length: MAX_REQUESTS_IN_FLIGHT }, () => engine.startContainer(id, stop.signal));
  const ended = Promise.allSettled(calls);
  await expect(engine.startContainer(id, never)).rejects.toMatchObject({ code: 'queue-full', kind: 'unavailable' });
  stop.abort();
  await ended;
  await expect(engine.describe(never)).resolves.toBeDefined();
});

describe('an engine in swarm mode', () => {
  test.each(['active', 'pending', 'locked', 'error'])('(%s) is refused with the way out', async (LocalNodeState) => {
    await expect(connect({ info: { Swarm: { LocalNodeState } } })).rejects.toMatchObject({
      code: 'engine-in-swarm-mode',
      message: expect.stringMatching(/docker swarm leave.*embedded engine/),
    });
  });
});

describe('an answer of', () => {
  test.each([
    [400, '{"message":"bad parameter"}', 'engine-said-invalid', 'bad parameter'],
    [401, '{"message":"who are you"}', 'engine-said-unauthorized', 'who are you'],
    [403, '{"message":"not you"}', 'engine-said-forbidden', 'not you'],
    [404, '{"message":"No such container: x"}', 'engine-said-not-found', 'No such container: x'],
    [409, '{"message":"it is paused"}', 'engine-said-conflict', 'it is paused'],
    [418, 'a plain text\n', 'engine-said-invalid', 'a plain text'],
    [500, '{"message":"OCI runtime create failed"}', 'engine-said-failed', 'OCI runtime create failed'],
    [501, '{"message":"not here"}', 'engine-said-not-implemented', 'not here'],
    [503, '', 'engine-said-unavailable', 'the Docker Engine answered with status 503'],
  ])('%i keeps its text', async (status, body, code, message) => {
    const { engine } = await answering((_call, response) => void response.writeHead(status).end(body));
    await expect(engine.startContainer(id, never)).rejects.toMatchObject({ code, message });
  });

  test('no JSON is told as such', async () => {
    const { engine } = await answering((_call, response) => void response.end('<html>'));
    await expect(engine.listContainers('x', never)).rejects.toMatchObject({ code: 'engine-answer-malformed' });
  });
});

describe('an engine that does not answer', () => {
  test('in time is told from one that does', async () => {
    stub = await StubEngine.start({ handle: () => undefined });
    const engine = await DockerEngine.connect(stub.connection(), never, { queryMs: 5_000, startMs: 20 });
    const started = engine.startContainer(id, never);
    await expect(started).rejects.toMatchObject({ code: 'deadline-passed', kind: 'unavailable' });
  });

  test('because it is not there says where it should be', async () => {
    const gone = await StubEngine.start();
    await gone.stop();
    const { socket } = gone;
    const reopened = new EngineConnection({ kind: 'unix', path: socket });
    await expect(DockerEngine.connect(reopened, never)).rejects.toMatchObject({
      code: 'engine-unreachable',
      message: `Cannot connect to the Docker Engine at unix://${socket}: there is no such socket. Is the docker daemon running?`,
    });
    await reopened.close();
  });

  test('to the end is told as a lost connection', async () => {
    const { engine } = await answering((_call, response) => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('[', () => response.destroy());
    });
    await expect(engine.listContainers('x', never)).rejects.toMatchObject({ code: 'engine-connection-lost' });
  });

  test('and is given up ends with the caller’s reason', async () => {
    const stop = new AbortController();
    const { engine } = await answering(() => stop.abort(new Error('not wanted')));
    await expect(engine.startContainer(id, stop.signal)).rejects.toThrow('not wanted');
  });
});

describe('creating', () => {
  test('sends the body to the digit', async () => {
    const { stub, engine } = await answering((_call, response) =>
      answerJson(response, 201, { Id: id, Warnings: null }),
    );
    const create = { Image: 'busybox', HostConfig: { NanoCpus: 9_007_199_254_740_993n, Memory: 5 } };
    expect(await engine.createContainer('web.1', create, { signal: never })).toBe(id);
    const [call] = stub.endpointCalls();
    expect(call?.path).toBe('/containers/create?name=web.1');
    expect(call?.body).toBe('{"Image":"busybox","HostConfig":{"NanoCpus":9007199254740993,"Memory":5}}');
  });

  test('tells a taken name from other conflicts', async () => {
    const taken = 'Conflict. The container name "/web" is already in use by container "1". You have to remove it.';
    const { engine } = await answering((call, response) =>
      answerJson(response, 409, { message: call.path.endsWith('=web') ? taken : 'another conflict' }),
    );
    const create = (name: string) => engine.createContainer(name, { Image: 'busybox' }, { signal: never });
    await expect(create('web')).rejects.toMatchObject({ code: 'container-name-taken' });
    await expect(create('db')).rejects.toMatchObject({ code: 'engine-said-conflict', message: 'another conflict' });
  });

  test('refuses what the engine is too old for by name, and sends nothing', async () => {
    const { stub, engine } = await connect({ newest: '1.41' });
    const Mounts = [{ Type: 'bind', Source: '/a', Target: '/a', BindOptions: { CreateMountpoint: true } }] as const;
    const made = engine.createContainer('x', { Image: 'busybox', HostConfig: { Mounts } }, { signal: never });
    await expect(made).rejects.toMatchObject({
      code: 'engine-field-too-old',
      message: expect.stringContaining('HostConfig.Mounts[].BindOptions.CreateMountpoint needs Docker Engine API 1.42'),
    });
    expect(stub.endpointCalls()).toEqual([]);
  });

  test('refuses a network namespace by path, which no Docker Engine takes', async () => {
    const { engine } = await connect();
    const options = { signal: never, networkNamespace: '/run/netns/x' };
    await expect(engine.createContainer('x', { Image: 'b' }, options)).rejects.toMatchObject({
      code: 'engine-network-namespace',
    });
  });
});

describe('stopping and removing', () => {
  test('rounds the grace up to the Engine API’s seconds', async () => {
    const { stub, engine } = await answering((_call, response) => void response.writeHead(304).end());
    await engine.stopContainer(id, 1_001, never);
    expect(stub.endpointCalls()[0]?.path).toBe(`/containers/${id}/stop?t=2`);
  });

  test('waits for a removal that is under way', async () => {
    const { stub, engine } = await answering((call, response) =>
      call.method === 'DELETE'
        ? answerJson(response, 409, { message: `removal of container ${id} is already in progress` })
        : answerJson(response, 404, { message: `No such container: ${id}` }),
    );
    await engine.removeContainer(id, never);
    expect(stub.endpointCalls().map(({ method, path }) => `${method} ${path}`)).toEqual([
      `DELETE /containers/${id}?force=1&v=1`,
      `POST /containers/${id}/wait?condition=removed`,
    ]);
  });
});

describe('pulling', () => {
  test('sends the credentials, tells the progress and gives the image', async () => {
    const { stub, engine } = await answering((call, response) => {
      if (call.method === 'GET') return answerJson(response, 200, { Id: 'sha256:1', RepoDigests: ['a@sha256:2'] });
      response.write('{"status":"Pulling from a","id":"latest"}\r\n{"status":"Downloading","id":"l1",');
      return void response.end('"progressDetail":{"current":1,"total":2}}\r\n');
    });
    const told: unknown[] = [];
    const onProgress = (progress: unknown) => told.push(progress);
    const credentials = { RegistryAuth: 'eyJ1IjoxfQ==' };
    const image = await engine.pullImage('reg:5000/a', { credentials, onProgress, signal: never });
    expect(image).toEqual({ id: 'sha256:1', repoDigests: ['a@sha256:2'] });
    expect(told).toEqual([
      { status: 'Pulling from a', id: 'latest' },
      { status: 'Downloading', id: 'l1', progressDetail: { current: 1, total: 2 } },
    ]);
    const [call] = stub.endpointCalls();
    expect(call?.path).toBe('/images/create?fromImage=reg%3A5000%2Fa%3Alatest');
    expect(call?.headers['x-registry-auth']).toBe('eyJ1IjoxfQ==');
  });

  test.each([
    ['manifest for a:1 not found: manifest unknown', 'engine-said-not-found'],
    ['toomanyrequests: slow down', 'engine-said-failed'],
  ])('that fails within its stream (%s) says so', async (message, code) => {
    const { engine } = await answering(
      (_call, response) => void response.end(`${JSON.stringify({ error: message, errorDetail: { message } })}\n`),
    );
    await expect(engine.pullImage('a:1', { signal: never })).rejects.toMatchObject({ code, message });
  });
});

describe('watching', () => {
  const start = { Type: 'container', Action: 'start', Actor: { ID: id, Attributes: { name: 'x', a: 'b' } }, time: 1 };

  test('is listening once the answer has begun, and asks for what happened since before it', async () => {
    let begin: (() => void) | undefined;
    const { stub, engine } = await answering(
      (_call, response) => {
        begin = () => {
          order.push('begun');
          response.flushHeaders();
        };
        called.resolve();
      },
      { info: { SystemTime: '2026-01-02T03:04:05.123456789Z' } },
    );
    const order: string[] = [];
    const called = Promise.withResolvers<void>();
    const watch = engine.watch(never)[Symbol.asyncIterator]();
    const first = watch.next().then(({ value }) => order.push(String(value)));
    await called.promise;
    begin?.();
    await first;
    expect(order).toEqual(['begun', 'listening']);
    const query = new URLSearchParams(stub.endpointCalls()[0]?.path.split('?')[1]);
    expect(query.get('since')).toBe('1767323045.123456789');
    expect(JSON.parse(query.get('filters') ?? '')).toMatchObject({ type: ['container'] });
  });

  test('gives events with exact times and labels, and fails when the engine goes away', async () => {
    const { engine } = await answering((_call, response) => {
      const exact = JSON.stringify(start).replace(/}$/, ',"timeNano":1767323045123456789}');
      response.write(`${exact}\n{"Type":"container","Action":"exec_start: sh","Actor":{"ID":"x"}}\n`);
      response.write(`${exact.replace('"start"', '"health_status: healthy"')}\n`, () => response.destroy());
    });
    const seen: (string | ContainerEvent)[] = [];
    const watching = (async () => {
      for await (const event of engine.watch(never)) seen.push(event);
    })();
    await expect(watching).rejects.toMatchObject({ code: 'engine-connection-lost' });
    const at = '2026-01-02T03:04:05.123456789Z';
    expect(seen).toEqual([
      'listening',
      { kind: 'started', id, labels: { a: 'b' }, at },
      { kind: 'healthChanged', id, labels: { a: 'b' }, at },
    ]);
  });

  test('ends quietly when it is given up', async () => {
    const { engine } = await answering((_call, response) => response.flushHeaders());
    const stop = new AbortController();
    const seen: unknown[] = [];
    for await (const event of engine.watch(stop.signal)) {
      seen.push(event);
      stop.abort();
    }
    expect(seen).toEqual(['listening']);
  });
});

describe('listing', () => {
  test('leaves out what was removed meanwhile', async () => {
    const { engine } = await answering((call, response) => {
      if (call.path.startsWith('/containers/json')) return answerJson(response, 200, [{ Id: 'gone' }, { Id: id }]);
      if (call.path.includes('gone')) return answerJson(response, 404, { message: 'No such container: gone' });
      return answerJson(response, 200, { Id: id });
    });
    expect(await engine.listContainers('a=b', never)).toEqual([{ Id: id }]);
  });
});
