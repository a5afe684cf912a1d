import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DockerEngine, EngineConnection, parseEngineAddress } from '../../src/engine/docker/index.ts';
import { engineSuite } from '../../src/engine/port/suite.ts';
import { type Dockerd, hasDockerd, startDockerd } from './harness/dockerd.ts';

const open = (dockerd: Dockerd, deadlines = {}) => {
  const connection = new EngineConnection(parseEngineAddress(`unix://${dockerd.socket}`));
  return DockerEngine.connect(connection, AbortSignal.timeout(20_000), deadlines);
};

describe.runIf(hasDockerd)('on Debian 20.10', () => {
  engineSuite({
    name: 'docker',
    image: 'busybox:latest',
    start: async () => {
      const dockerd = await startDockerd('suite');
      return { engine: await open(dockerd), reopen: () => open(dockerd), end: () => dockerd.stop() };
    },
  });
});

describe.runIf(hasDockerd)('a Docker Engine that fails', () => {
  let dockerd: Dockerd;
  const signal = () => AbortSignal.timeout(30_000);
  beforeAll(async () => {
    dockerd = await startDockerd('fails');
  });
  afterAll(() => dockerd?.stop());

  test('one that hangs is told from one that answers by its deadline', async () => {
    const engine = await open(dockerd, { queryMs: 300 });
    dockerd.signal('SIGSTOP');
    try {
      await expect(engine.describe(signal())).rejects.toMatchObject({ code: 'deadline-passed', kind: 'unavailable' });
    } finally {
      dockerd.signal('SIGCONT');
      await engine.close();
    }
  });

  test('one that crashes ends the watch, is unreachable, and is driven again once it is back', async () => {
    const engine = await open(dockerd);
    const watch = engine.watch(signal())[Symbol.asyncIterator]();
    expect((await watch.next()).value).toBe('listening');
    const ends = expect(watch.next()).rejects.toMatchObject({ code: 'engine-connection-lost', kind: 'unavailable' });
    await dockerd.crash();
    await ends;
    await expect(engine.describe(signal())).rejects.toMatchObject({ code: 'engine-unreachable', kind: 'unavailable' });
    await dockerd.restart();
    expect((await engine.describe(signal())).Engine?.EngineVersion).toMatch(/^20\.10\./);
    await engine.close();
  });

  test('a field that its API is too old for is refused by name', async () => {
    const engine = await open(dockerd);
    const Healthcheck = { Test: ['CMD', 'true'], StartInterval: 1_000_000_000 };
    const made = engine.createContainer('late', { Image: 'busybox:latest', Healthcheck }, { signal: signal() });
    await expect(made).rejects.toMatchObject({
      code: 'engine-field-too-old',
      message: expect.stringContaining('Healthcheck.StartInterval needs Docker Engine API 1.44'),
    });
    expect(await engine.inspectContainer('late', signal())).toBeUndefined();
    await engine.close();
  });

  test('a container’s health is told as it changes', async () => {
    const engine = await open(dockerd);
    const watch = engine.watch(signal())[Symbol.asyncIterator]();
    expect((await watch.next()).value).toBe('listening');
    const Healthcheck = { Test: ['CMD', 'test', '-e', '/proc/1'], Interval: 100_000_000 };
    const create = { Image: 'busybox:latest', Cmd: ['sleep', '600'], Healthcheck, HostConfig: { NetworkMode: 'none' } };
    const id = await engine.createContainer('healthy', create, { signal: signal() });
    await engine.startContainer(id, signal());
    for (let next = await watch.next(); ; next = await watch.next()) {
      if (next.value !== 'listening' && next.value?.kind === 'healthChanged') break;
    }
    expect((await engine.inspectContainer(id, signal()))?.State.Health?.Status).toBe('healthy');
    await engine.removeContainer(id, signal());
    await engine.close();
  });

  test('a pull without a way out says what the engine says', async () => {
    const engine = await open(dockerd);
    const pulled = engine.pullImage('registry.invalid/nothing:1', { signal: signal() });
    await expect(pulled).rejects.toMatchObject({ message: expect.stringContaining('registry.invalid') });
    await engine.close();
  });

  test('one that is in swarm mode is refused with the way out', async () => {
    const plain = new EngineConnection(parseEngineAddress(dockerd.socket));
    const body = { ListenAddr: '127.0.0.1:23770', AdvertiseAddr: '127.0.0.1' };
    await plain.call({ method: 'POST', path: '/swarm/init', body, timeoutMs: 30_000, signal: signal() });
    await expect(open(dockerd)).rejects.toMatchObject({
      code: 'engine-in-swarm-mode',
      message: expect.stringContaining('docker swarm leave'),
    });
    await plain.close();
  });
});
