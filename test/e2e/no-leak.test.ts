import { readdir, readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { until } from './harness/command.ts';
import { type EngineKind, makeBed, untilStopped } from './harness/engines.ts';

/** What of a daemon and its containers the kernel still knows: whatever names the daemon's directory or one of the containers. */
interface Traces {
  readonly mounts: readonly string[];
  readonly cgroups: readonly string[];
  readonly namespaces: readonly string[];
  readonly processes: readonly string[];
}

async function traces(marks: readonly string[]): Promise<Traces> {
  const isOurs = (text: string) => marks.some((mark) => text.includes(mark));
  const mounts = (await readFile('/proc/self/mountinfo', 'utf8')).split('\n').filter(isOurs);
  const cgroups = (await readdir('/sys/fs/cgroup', { recursive: true }).catch(() => [])).filter(isOurs);
  const namespaces = (await readdir('/run/netns').catch(() => [])).filter(isOurs);
  const processes: string[] = [];
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)) {
    const command = (await readFile(join('/proc', pid, 'cmdline'), 'utf8').catch(() => '')).replaceAll('\0', ' ');
    const groups = await readFile(join('/proc', pid, 'cgroup'), 'utf8').catch(() => '');
    const root = await readlink(join('/proc', pid, 'root')).catch(() => '');
    if ([command, groups, root].some(isOurs)) processes.push(`${pid} ${command}`);
  }
  return { mounts, cgroups, namespaces, processes };
}

test.each<EngineKind>([
  'embedded',
  'docker',
])('after use nothing is left of a daemon on the %s engine', async (engine) => {
  const bed = await makeBed(engine);
  const { daemon } = bed;
  const marks = [daemon.directory];
  try {
    await daemon.dockerOk(['swarm', 'init', '--advertise-addr', '127.0.0.1']);
    const flags = ['--replicas', '3', '--mount', 'type=volume,source=kept,target=/data'];
    const create = ['service', 'create', '-q', '--detach', '--name', 'web', ...flags];
    await daemon.dockerOk([...create, 'busybox', ...untilStopped()]);
    await until('three run', async () =>
      (await daemon.dockerOk(['service', 'ls', '--format', '{{.Replicas}}'])).includes('3/3'),
    );
    const ids = (await daemon.dockerOk(['ps', '-q', '--no-trunc'])).split('\n');
    // Network namespaces are named by task.
    const tasks = (await daemon.dockerOk(['service', 'ps', '-q', '--no-trunc', 'web'])).split('\n');
    marks.push(...ids, ...tasks);
    for (const id of ids) await daemon.dockerOk(['exec', id, 'true']);
    expect((await traces(marks)).processes.length).toBeGreaterThan(0);
    // Once by a daemon that died in between: what it had begun is found and ended by the next one.
    await daemon.kill();
    await daemon.launch();
    await until('it is back', async () => (await daemon.get('/services')).status === 200);
  } finally {
    await bed.dispose();
  }
  const nothing: Traces = { mounts: [], cgroups: [], namespaces: [], processes: [] };
  const left = await until('processes have gone', async () => {
    const now = await traces(marks);
    return now.processes.length === 0 && now;
  });
  expect(left).toEqual(nothing);
});
