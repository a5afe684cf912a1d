import { mkdir, mkdtemp, open, readFile, rm, statfs, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { succeed, until } from './harness/command.ts';
import { Daemon, importBusybox } from './harness/daemon.ts';
import { untilStopped } from './harness/engines.ts';

/** Room for all that the test writes into the log, an image and some containers. */
const DISK_BYTES = 128 * 1024 * 1024;
/** Each write of the test takes so much of the log, so that what was set aside for it ends soon. */
const LABEL_BYTES = 400_000;
/** Twice what the log sets aside ahead; without a refusal by then there is none. */
const MAX_WRITES = 80;

let daemon: Daemon;
let state: string;
beforeAll(async () => {
  const directory = await mkdtemp(join(tmpdir(), 'ruche-e2e-full-'));
  state = join(directory, 'state');
  await mkdir(state);
  await succeed('mount', ['-t', 'tmpfs', '-o', `size=${DISK_BYTES},mode=700`, 'ruche-full', state]);
  daemon = await Daemon.start({ engine: 'embedded', directory });
  await importBusybox(daemon);
  await daemon.dockerOk(['swarm', 'init', '--advertise-addr', '127.0.0.1']);
});
afterAll(async () => {
  await free();
  await daemon?.clean();
  await daemon?.stop();
  await succeed('umount', [state]);
  await daemon?.dispose();
});

const ballast = (): string => join(state, 'ballast');
const free = (): Promise<void> => rm(ballast(), { force: true });

/** Takes all room that is left on the state's disk, to the last block. */
async function fill(): Promise<void> {
  const file = await open(ballast(), 'a');
  try {
    for (let size = 1024 * 1024; size >= 512; ) {
      try {
        await file.write(Buffer.alloc(size, 1));
      } catch (error) {
        if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) throw error;
        size /= 2;
      }
    }
  } finally {
    await file.close();
  }
  expect((await statfs(state)).bavail).toBe(0);
}

const large = (name: string) => ({
  Name: name,
  Labels: { large: 'x'.repeat(LABEL_BYTES) },
  TaskTemplate: { ContainerSpec: { Image: 'busybox:latest' } },
  Mode: { Replicated: { Replicas: 0 } },
});

interface Answer {
  readonly ID: string;
  readonly message: string;
}

/** Creates services until one is refused; gives the ids that were acknowledged, and the refusal. */
async function createUntilRefused(prefix: string): Promise<{ ids: string[]; status: number; message: string }> {
  const ids: string[] = [];
  for (let i = 0; i < MAX_WRITES; i++) {
    const { status, body } = await daemon.call('POST', '/services/create', large(`${prefix}-${i}`));
    const { ID, message } = body as Answer;
    if (status !== 201) return { ids, status, message };
    ids.push(ID);
  }
  throw new Error(`${MAX_WRITES} services were taken on a full disk`);
}

async function serviceIds(): Promise<Set<string>> {
  const { status, body } = await daemon.get('/services');
  expect(status).toBe(200);
  return new Set((body as Answer[]).map(({ ID }) => ID));
}

const taskErrors = (service: string): Promise<string> =>
  daemon.dockerOk(['service', 'ps', '--no-trunc', '--format', '{{.CurrentState}}: {{.Error}}', service]);

describe('on a full disk', () => {
  let steady: string;
  let full: Awaited<ReturnType<typeof createUntilRefused>>;
  beforeAll(async () => {
    await daemon.dockerOk(['service', 'create', '-q', '--detach', '--name', 'steady', 'busybox', ...untilStopped()]);
    await until('the task runs', async () => /^Running/m.test(await taskErrors('steady')));
    steady = await daemon.dockerOk(['ps', '-q', '--no-trunc']);
    await fill();
    full = await createUntilRefused('full');
  });

  test('a write is refused with words that say what to do', async () => {
    expect(full.status).toBe(503);
    expect(full.message).toBe(
      'the disk that holds the cluster state is full: nothing was written. Free some space and try again',
    );
    expect((await daemon.call('POST', '/services/create', large('again'))).status).toBe(503);
  });

  test('reads go on and show what was acknowledged, and nothing of what was refused', async () => {
    const there = await serviceIds();
    for (const id of full.ids) expect(there).toContain(id);
    expect((await daemon.get(`/services/full-${full.ids.length}`)).status).toBe(404);
    expect((await daemon.get('/services/again')).status).toBe(404);
  });

  test('containers run on', async () => {
    expect(await daemon.dockerOk(['ps', '-q', '--no-trunc'])).toBe(steady);
    expect(await daemon.dockerOk(['exec', steady, 'echo', 'alive'])).toBe('alive');
  });

  test('an import and a container are refused with the reason', async () => {
    const archive = await mkdtemp(join(tmpdir(), 'ruche-e2e-archive-'));
    try {
      await succeed('sh', [
        '-c',
        `head -c 3000000 /dev/urandom > ${archive}/blob; tar -C ${archive} -cf ${archive}/a.tar blob`,
      ]);
      const imported = await daemon.docker(['import', '-', 'large:1'], {
        input: await readFile(join(archive, 'a.tar')),
      });
      expect(imported.status).not.toBe(0);
      expect(imported.stderr).toMatch(/no space left/i);
    } finally {
      await rm(archive, { recursive: true });
    }
    expect(await daemon.dockerOk(['images', '-q', 'large:1'])).toBe('');
    const created = await daemon.docker(['create', 'busybox']);
    expect(created.status).not.toBe(0);
    expect(created.stderr).toMatch(/no space left/i);
  });

  test('after space was freed the same daemon writes again', async () => {
    await free();
    const created = await daemon.call('POST', '/services/create', large('after'));
    expect(created.body).toMatchObject({ ID: expect.any(String) });
    await daemon.dockerOk(['service', 'create', '-q', '--detach', '--name', 'later', 'busybox', ...untilStopped()]);
    await until('the task runs', async () => /^Running/m.test(await taskErrors('later')));
    expect(daemon.output).not.toContain('"level":60');
  });

  test('a daemon that is killed on the full disk starts again with all that was acknowledged', async () => {
    await fill();
    const more = await createUntilRefused('killed');
    const before = await serviceIds();
    await daemon.kill();
    await truncate(ballast(), 0);
    await daemon.launch();
    await until('the manager is back', async () => (await daemon.get('/services')).status === 200);
    expect(await serviceIds()).toEqual(before);
    for (const id of more.ids) expect(before).toContain(id);
  });

  test('a task that finds no room says so and runs once there is some', async () => {
    await free();
    await fill();
    // What the log set aside takes the service; the agent and the container find nothing.
    await daemon.dockerOk(['service', 'create', '-q', '--detach', '--name', 'squeezed', 'busybox', ...untilStopped()]);
    await until('the task says why', async () => /no space left/i.test(await taskErrors('squeezed')));
    await free();
    await until('the task runs', async () => /^Running/m.test(await taskErrors('squeezed')), 40_000);
  });
});
