import { once as firstOf } from 'node:events';
import { readdir, stat } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { until } from './harness/command.ts';
import { type Bed, makeBed } from './harness/engines.ts';

/** What a container that writes without end may keep on disk: the engine's rotation, with a file's slack. */
const MAX_LOG_BYTES = 80 * 1024 * 1024;
const FLOOD_BYTES = 200_000_000;

let bed: Bed;
beforeAll(async () => {
  bed = await makeBed('embedded');
  await bed.daemon.dockerOk(['swarm', 'init', '--advertise-addr', '127.0.0.1']);
});
afterAll(() => bed?.dispose());

const docker = (...args: string[]) => bed.daemon.dockerOk(args);
const service = (name: string, flags: readonly string[], script: string) =>
  docker('service', 'create', '-q', '--detach', '--name', name, ...flags, 'busybox', 'sh', '-c', script);
const once = ['--restart-condition', 'none'];
const tasksOf = (name: string) =>
  docker('service', 'ps', '--no-trunc', '--format', '{{.CurrentState}}: {{.Error}}', name);
const containerOf = (name: string) =>
  until(`${name} runs`, async () => {
    const id = await docker('ps', '-q', '--no-trunc', '--filter', `label=com.docker.swarm.service.name=${name}`);
    return id !== '' && id;
  });
const isGone = async (id: string) => (await docker('ps', '-aq', '--filter', `id=${id}`)) === '';

test('a container beyond its memory ends with 137, and the task says why', async () => {
  await service('greedy', [...once, '--limit-memory', '16M'], 'x=a; while :; do x=$x$x; done');
  const told = await until('it ended', async () => {
    const tasks = await tasksOf('greedy');
    return /^Failed/.test(tasks) && tasks;
  });
  expect(told).toMatch(/137/);
  const id = await docker('ps', '-aq', '--filter', 'label=com.docker.swarm.service.name=greedy');
  expect(await docker('inspect', '--format', '{{.State.OOMKilled}} {{.State.ExitCode}}', id)).toBe('true 137');
});

test('a fork bomb stays within its limit, its neighbours and the daemon live on', async () => {
  await service(
    'bomb',
    [...once, '--limit-pids', '40'],
    'b() { b | b & }; while :; do b; sleep 0.05; done 2>/dev/null',
  );
  const id = await containerOf('bomb');
  const startedAt = performance.now();
  expect((await bed.daemon.get('/services')).status).toBe(200);
  expect(performance.now() - startedAt).toBeLessThan(2_000);
  await docker('service', 'rm', 'bomb');
  await until('it is gone', () => isGone(id));
});

test('what ignores SIGTERM is killed after its grace period', async () => {
  await service('deaf', ['--stop-grace-period', '1s'], 'trap "" TERM; echo up; while :; do sleep 1; done');
  const id = await containerOf('deaf');
  await until('it does not listen', async () => (await docker('logs', id)) === 'up');
  await docker('service', 'rm', 'deaf');
  await until('it is gone', () => isGone(id), 10_000);
});

test('a flood of output is bounded on disk, and a follower ends when its container is removed', async () => {
  const flood = `yes ${'a'.repeat(1000)} | head -c ${FLOOD_BYTES}; echo the end; sleep 1000`;
  await service('flood', ['--stop-grace-period', '0s'], flood);
  const id = await containerOf('flood');
  await until('all was written', async () => (await docker('logs', '--tail', '1', id)).endsWith('the end'), 40_000);
  expect(await sizeOf(bed.daemon.directory)).toBeLessThan(MAX_LOG_BYTES);
  const follower = connect(bed.daemon.socket);
  let followed = '';
  follower.on('data', (chunk) => {
    followed += chunk;
  });
  const isOver = firstOf(follower, 'close');
  follower.write(
    `GET /containers/${id}/logs?stdout=1&follow=1&tail=1 HTTP/1.1\r\nHost: d\r\nConnection: close\r\n\r\n`,
  );
  await until('the follower has the last line', async () => followed.includes('the end'));
  await docker('rm', '-f', id);
  await isOver;
  await docker('service', 'rm', 'flood');
}, 90_000);

test('fifty execs at once all answer; one whose client vanishes leaves no process', async () => {
  await service('host', ['--stop-grace-period', '0s'], 'sleep 1000');
  const id = await containerOf('host');
  const made = await Promise.all(
    Array.from({ length: 50 }, async (_, i) => {
      const body = { AttachStdout: true, Cmd: ['sh', '-c', `exit ${i}`] };
      const { Id } = (await bed.daemon.call('POST', `/containers/${id}/exec`, body)).body as { Id: string };
      await bed.daemon.call('POST', `/exec/${Id}/start`, { Detach: true });
      return Id;
    }),
  );
  const codes = await until('all have ended', async () => {
    const looks = await Promise.all(made.map(async (one) => (await bed.daemon.get(`/exec/${one}/json`)).body));
    const ended = looks as Array<{ Running: boolean; ExitCode: number | null }>;
    return ended.every((look) => !look.Running && look.ExitCode !== null) && ended.map((look) => look.ExitCode);
  });
  expect(codes).toEqual(made.map((_, i) => i));
  expect((await bed.daemon.call('POST', `/exec/${made[0]}/start`, { Detach: true })).status).toBe(409);

  const body = { AttachStdin: true, AttachStdout: true, Cmd: ['sleep', '500'] };
  const { Id } = (await bed.daemon.call('POST', `/containers/${id}/exec`, body)).body as { Id: string };
  const processes = () => docker('exec', id, 'ps', '-o', 'args');
  const client = connect(bed.daemon.socket);
  const start = '{"Detach":false,"Tty":false}';
  const upgrade = 'Connection: Upgrade\r\nUpgrade: tcp\r\nContent-Type: application/json';
  client.write(
    `POST /exec/${Id}/start HTTP/1.1\r\nHost: d\r\n${upgrade}\r\nContent-Length: ${start.length}\r\n\r\n${start}`,
  );
  await until('it runs', async () => (await processes()).includes('sleep 500'));
  client.destroy();
  await until('it has ended', async () => !(await processes()).includes('sleep 500'));
  await docker('service', 'rm', 'host');
});

test('after all of it the daemon has met no broken assumption', async () => {
  expect(bed.daemon.output).not.toContain('"level":60');
  expect((await bed.daemon.get('/services')).status).toBe(200);
});

async function sizeOf(directory: string): Promise<number> {
  let sizeBytes = 0;
  for (const entry of await readdir(directory, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || entry.parentPath.includes('/merged') || entry.parentPath.includes('/rootfs')) continue;
    sizeBytes += (await stat(join(entry.parentPath, entry.name)).catch(() => undefined))?.size ?? 0;
  }
  return sizeBytes;
}
