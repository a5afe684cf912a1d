import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { until } from './harness/command.ts';
import type { Daemon } from './harness/daemon.ts';
import { type Dockerd, hasDockerd } from './harness/dockerd.ts';
import { type Bed, makeBed, untilStopped } from './harness/engines.ts';

/** The engine's silence is told to a client within this, ms. */
const ANSWER_WITHIN_MS = 30_000;
/** The cluster's own answers don't wait for the engine, ms. */
const OWN_ANSWER_WITHIN_MS = 1_000;

describe.runIf(hasDockerd)('an engine that goes away', () => {
  let bed: Bed;
  let daemon: Daemon;
  let dockerd: Dockerd;
  beforeAll(async () => {
    bed = await makeBed('docker');
    ({ daemon } = bed);
    if (bed.dockerd === undefined) throw new Error('a bed with dockerd has one');
    ({ dockerd } = bed);
    await daemon.dockerOk(['swarm', 'init', '--advertise-addr', '127.0.0.1']);
  });
  afterAll(() => bed?.dispose());

  const create = (name: string, replicas: number) =>
    daemon.dockerOk([
      ...['service', 'create', '-q', '--detach', '--no-resolve-image', '--stop-grace-period', '2s'],
      ...['--restart-delay', '0s', '--name', name, '--replicas', String(replicas), 'busybox', ...untilStopped()],
    ]);
  const replicasOf = (name: string) =>
    daemon.dockerOk(['service', 'ls', '--filter', `name=${name}`, '--format', '{{.Replicas}}']);
  const runs = (name: string, replicas: number, timeoutMs = 40_000) =>
    until(
      `${replicas} tasks of ${name} run`,
      async () => (await replicasOf(name)) === `${replicas}/${replicas}`,
      timeoutMs,
    );
  const tasksOf = (name: string) =>
    daemon.dockerOk([
      'service',
      'ps',
      '--no-trunc',
      '--format',
      '{{.DesiredState}} {{.CurrentState}}: {{.Error}}',
      name,
    ]);
  const containersOf = async (name: string) => {
    const label = `label=com.docker.swarm.service.name=${name}`;
    return (await daemon.dockerOk(['ps', '-q', '--no-trunc', '--filter', label])).split('\n').filter((id) => id !== '');
  };
  /** Every container of the engine belongs to one living task, and no task has two. */
  const settled = async (expected: Readonly<Record<string, number>>): Promise<void> => {
    for (const [name, replicas] of Object.entries(expected)) await runs(name, replicas);
    const total = Object.values(expected).reduce((sum, replicas) => sum + replicas, 0);
    await until(
      'no container is left over',
      async () => (await daemon.dockerOk(['ps', '-q'])).split('\n').length === total,
    );
    const format = '{{.Label "com.docker.swarm.task.id"}}';
    const taskIds = (await daemon.dockerOk(['ps', '--format', format])).split('\n');
    expect(new Set(taskIds).size).toBe(total);
  };
  const inTime = async <T>(withinMs: number, act: () => Promise<T>): Promise<T> => {
    const startedAt = performance.now();
    const result = await act();
    expect(performance.now() - startedAt).toBeLessThan(withinMs);
    return result;
  };

  test('killed: the cluster is served, tasks say why they wait, containers are asked for in vain', async () => {
    await create('web', 2);
    await create('shrinking', 3);
    await create('leaving', 2);
    for (const [name, replicas] of [
      ['web', 2],
      ['shrinking', 3],
      ['leaving', 2],
    ] as const)
      await runs(name, replicas);
    await dockerd.crash();

    const passed = await inTime(ANSWER_WITHIN_MS, () => daemon.get('/containers/json'));
    expect(passed.status).toBe(503);
    expect(passed.body).toMatchObject({ message: expect.stringMatching(/cannot connect|engine/i) });
    await inTime(OWN_ANSWER_WITHIN_MS, () => daemon.get('/services'));
    await inTime(OWN_ANSWER_WITHIN_MS, () => daemon.get('/tasks'));

    await create('newcomer', 2);
    await daemon.dockerOk(['service', 'scale', '-d', 'shrinking=1']);
    await daemon.dockerOk(['service', 'rm', 'leaving']);
    await daemon.dockerOk(['service', 'update', '-q', '--detach', '--no-resolve-image', '--env-add', 'A=2', 'web']);
    await until('a task says why it waits', async () => /cannot connect|engine/i.test(await tasksOf('newcomer')));
  });

  test('restarted: what was asked for meanwhile comes true, and nothing twice', async () => {
    await dockerd.restart();
    await settled({ web: 2, shrinking: 1, newcomer: 2 });
    expect(await containersOf('leaving')).toEqual([]);
    const [first = ''] = await containersOf('web');
    await until(
      'the update is done',
      async () => {
        const ids = await containersOf('web');
        const envs = await Promise.all(
          ids.map(async (id) => (await daemon.docker(['inspect', '--format', '{{.Config.Env}}', id])).stdout),
        );
        return ids.length === 2 && envs.every((env) => env.includes('A=2'));
      },
      40_000,
    );
    expect(first).not.toBe('');
    await settled({ web: 2, shrinking: 1, newcomer: 2 });
  });

  test('halted: requests to it end with 503, the cluster is served, writes are taken', async () => {
    dockerd.signal('SIGSTOP');
    try {
      const waiting = inTime(ANSWER_WITHIN_MS, () => daemon.get('/containers/json'));
      await inTime(OWN_ANSWER_WITHIN_MS, () => daemon.get('/services'));
      await create('patient', 1);
      await daemon.dockerOk(['service', 'scale', '-d', 'newcomer=1']);
      await daemon.dockerOk(['service', 'rm', 'shrinking']);
      await inTime(OWN_ANSWER_WITHIN_MS, () => daemon.get('/tasks'));
      expect((await waiting).status).toBe(503);
    } finally {
      dockerd.signal('SIGCONT');
    }
    await settled({ web: 2, newcomer: 1, patient: 1 });
  }, 90_000);

  test('killed while it creates and stops: each task ends with one container', async () => {
    await create('burst', 8);
    await until('some have begun', async () => (await containersOf('burst')).length > 1);
    await dockerd.crash();
    await daemon.dockerOk(['service', 'scale', '-d', 'burst=4']);
    await dockerd.restart();
    await settled({ web: 2, newcomer: 1, patient: 1, burst: 4 });
    expect(daemon.output).not.toContain('"level":60');
  }, 90_000);
});
