import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SeededRandom } from '../../src/base/index.ts';
import { until } from './harness/command.ts';
import type { Daemon } from './harness/daemon.ts';
import { type Bed, type EngineKind, makeBed, untilStopped } from './harness/engines.ts';

/** As often as the promise says on our own engine; on the Docker Engine, whose containers are not ours to lose, often enough. */
const KILLS: Readonly<Record<EngineKind, number>> = { embedded: 200, docker: 30 };
const WRITERS = 4;
/** Tasks that end by themselves while the daemon is killed again and again; each with a code of its own. */
const ENDINGS = 12;

interface Acknowledged {
  readonly name: string;
  readonly id: string;
  /** The last label value whose update was answered with success, and the last that was sent. */
  label: number;
  sent: number;
}

describe.each<EngineKind>(['embedded', 'docker'])('kill -9 of the daemon on the %s engine', (engine) => {
  let bed: Bed;
  beforeAll(async () => {
    bed = await makeBed(engine);
  });
  afterAll(() => bed?.dispose());

  test('loses no acknowledged write, no container and no exit code', async () => {
    const { daemon } = bed;
    const random = new SeededRandom(Number(process.env.SEED ?? Date.now() % 100_000));
    await daemon.dockerOk(['swarm', 'init', '--advertise-addr', '127.0.0.1']);
    await daemon.dockerOk([
      'service',
      'create',
      '-q',
      '--name',
      'steady',
      '--replicas',
      '2',
      'busybox',
      ...untilStopped(),
    ]);
    const steady = await daemon.dockerOk(['ps', '-q', '--no-trunc']);
    const acknowledged: Acknowledged[] = [];
    let endings = 0;
    for (let kill = 0; kill < KILLS[engine]; kill++) {
      if (kill % Math.ceil(KILLS[engine] / ENDINGS) === 0) await createEnding(daemon, endings++, random);
      const load = new AbortController();
      const writers = Array.from({ length: WRITERS }, (_, i) =>
        write(daemon, acknowledged, `${kill}-${i}`, load.signal),
      );
      await new Promise((resolve) => setTimeout(resolve, random.below(120)));
      await daemon.kill();
      load.abort();
      await Promise.all(writers);
      await daemon.launch();
      await verify(daemon, acknowledged);
    }
    expect(acknowledged.length).toBeGreaterThan(KILLS[engine]);
    await until(
      'two tasks of steady run',
      async () =>
        (await daemon.dockerOk(['service', 'ls', '--filter', 'name=steady', '--format', '{{.Replicas}}'])) === '2/2',
    );
    const name = 'label=com.docker.swarm.service.name=steady';
    const now = await daemon.dockerOk(['ps', '-q', '--no-trunc', '--filter', name]);
    expect(now.split('\n').sort()).toEqual(steady.split('\n').sort());
    for (let i = 0; i < endings; i++) await verifyEnding(daemon, i);
  }, 600_000);
});

/** Creates services and updates their labels until the daemon dies. */
async function write(daemon: Daemon, acknowledged: Acknowledged[], name: string, signal: AbortSignal): Promise<void> {
  for (let i = 0; !signal.aborted; i++) {
    const spec = (label: number) => ({
      Name: `w-${name}-${i}`,
      Labels: { at: String(label) },
      TaskTemplate: { ContainerSpec: { Image: 'busybox:latest' } },
      Mode: { Replicated: { Replicas: 0 } },
    });
    const created = await daemon.call('POST', '/services/create', spec(0)).catch(() => undefined);
    if (created === undefined) return;
    expect(created.status, JSON.stringify(created.body)).toBe(201);
    const { ID: id } = created.body as { ID: string };
    const entry: Acknowledged = { name: spec(0).Name, id, label: 0, sent: 0 };
    acknowledged.push(entry);
    for (let label = 1; label <= 3 && !signal.aborted; label++) {
      const read = await daemon.get(`/services/${id}`).catch(() => undefined);
      if (read === undefined) return;
      const { Version } = read.body as { Version: { Index: number } };
      entry.sent = label;
      const updated = await daemon
        .call('POST', `/services/${id}/update?version=${Version.Index}`, spec(label))
        .catch(() => undefined);
      if (updated === undefined) return;
      expect(updated.status, JSON.stringify(updated.body)).toBe(200);
      entry.label = label;
    }
  }
}

async function verify(daemon: Daemon, acknowledged: readonly Acknowledged[]): Promise<void> {
  const services = await until('the manager is back', async () => {
    const { status, body } = await daemon.get('/services');
    return status === 200 && (body as Array<{ ID: string; Spec: { Name: string; Labels: { at?: string } } }>);
  });
  const found = new Map(services.map((service) => [service.ID, service.Spec]));
  for (const { id, name, label, sent } of acknowledged) {
    const spec = found.get(id);
    expect(spec?.Name, `acknowledged service ${name}`).toBe(name);
    expect(Number(spec?.Labels.at), `label of ${name}`).toBeGreaterThanOrEqual(label);
    expect(Number(spec?.Labels.at), `label of ${name}`).toBeLessThanOrEqual(sent);
  }
}

const endingCode = (i: number) => 30 + i;

/** A task that runs once, writes a line and ends with its own code at some moment of the next seconds. */
async function createEnding(daemon: Daemon, i: number, random: SeededRandom): Promise<void> {
  const script = `sleep ${(0.2 + random.below(4000) / 1000).toFixed(2)}; echo last words ${i}; exit ${endingCode(i)}`;
  const flags = ['--detach', '--restart-condition', 'none', '--name', `ending-${i}`];
  await daemon.dockerOk(['service', 'create', '-q', ...flags, 'busybox', 'sh', '-c', script]);
}

async function verifyEnding(daemon: Daemon, i: number): Promise<void> {
  const filters = encodeURIComponent(JSON.stringify({ service: [`ending-${i}`] }));
  type Ended = { Status: { State: string; Err?: string; ContainerStatus?: { ExitCode?: number } } };
  const tasks = await until(`ending-${i} has ended`, async () => {
    const listed = (await daemon.get(`/tasks?filters=${filters}`)).body as Ended[];
    return listed.every((task) => ['failed', 'complete', 'rejected'].includes(task.Status.State)) && listed;
  });
  expect(tasks).toHaveLength(1);
  expect(tasks[0]?.Status).toMatchObject({
    State: 'failed',
    Err: `task: non-zero exit (${endingCode(i)})`,
    ContainerStatus: { ExitCode: endingCode(i) },
  });
  expect(await daemon.dockerOk(['service', 'logs', '--raw', `ending-${i}`])).toBe(`last words ${i}`);
}
