import { createHash } from 'node:crypto';
import { chmod, copyFile, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { run, until } from './harness/command.ts';
import { Daemon } from './harness/daemon.ts';

const SERVICES = 12;

let daemon: Daemon;
let swarm: string;
beforeAll(async () => {
  daemon = await Daemon.start({ engine: 'embedded' });
  swarm = join(daemon.directory, 'state', 'swarm');
  await daemon.dockerOk(['swarm', 'init', '--advertise-addr', '127.0.0.1']);
  for (let i = 0; i < SERVICES; i++) expect((await create(`s${i}`)).status).toBe(201);
});
afterAll(() => daemon?.dispose());

const create = (name: string) =>
  daemon.call('POST', '/services/create', {
    Name: name,
    TaskTemplate: { ContainerSpec: { Image: 'busybox:latest' } },
    Mode: { Replicated: { Replicas: 0 } },
  });

/** The newest segment of the log that holds something. */
async function segment(): Promise<string> {
  const names = (await readdir(join(swarm, 'log'))).filter((name) => /^log-\d+$/.test(name)).sort();
  return join(swarm, 'log', names.at(-1) ?? '');
}

/** Of every file of the swarm's state. */
async function fingerprint(): Promise<string> {
  const hash = createHash('sha256');
  const entries = await readdir(swarm, { recursive: true, withFileTypes: true });
  for (const entry of entries.filter((one) => one.isFile()).sort((a, b) => (a.name < b.name ? -1 : 1))) {
    hash.update(entry.name).update(await readFile(join(entry.parentPath, entry.name)));
  }
  return hash.digest('hex');
}

const membership = async (): Promise<{ LocalNodeState: string; Error: string }> =>
  ((await daemon.get('/info')).body as { Swarm: { LocalNodeState: string; Error: string } }).Swarm;

const names = async (): Promise<string[]> => {
  const services = await until('the manager serves', async () => {
    const { status, body } = await daemon.get('/services');
    return status === 200 && (body as Array<{ Spec: { Name: string } }>);
  });
  return services.map(({ Spec }) => Spec.Name).sort();
};

describe('a state directory that was damaged', () => {
  let all: string[];
  beforeEach(async () => {
    all = await names();
    await daemon.kill();
  });

  /** Starts on the damaged state: it must be said, used for nothing, and left as it is. */
  async function refuses(words: RegExp): Promise<void> {
    const before = await fingerprint();
    await daemon.launch();
    const told = await membership();
    expect(told.LocalNodeState).toBe('error');
    expect(told.Error).toMatch(words);
    expect((await create('refused')).status).toBe(503);
    expect((await daemon.docker(['swarm', 'init'])).status).not.toBe(0);
    await daemon.stop();
    expect(await fingerprint()).toBe(before);
  }

  test('a byte that was flipped in the middle of the log is found, and nothing is changed', async () => {
    const file = await segment();
    await copyFile(file, `${daemon.directory}/good`);
    const bytes = await readFile(file);
    const middle = Math.floor(endOf(bytes) / 2);
    bytes.writeUInt8(bytes.readUInt8(middle) ^ 0x10, middle);
    await writeFile(file, bytes);
    await refuses(/state is damaged: .*at byte \d+.*Restore the state directory/s);
    await copyFile(`${daemon.directory}/good`, file);
    await daemon.launch();
    expect(await names()).toEqual(all);
  });

  test('a last batch that was torn is cut, and all before it is there', async () => {
    const file = await segment();
    const bytes = await readFile(file);
    const end = endOf(bytes);
    bytes.fill(0, end - 20, end);
    await writeFile(file, bytes);
    await daemon.launch();
    // What was torn off is whatever was written last: at most one entry.
    expect((await names()).length).toBeGreaterThanOrEqual(all.length - 1);
    expect((await create('after-tear')).status).toBe(201);
  });

  test('a key file that others may read is refused by name', async () => {
    const key = join(swarm, 'node.key');
    await chmod(key, 0o644);
    await refuses(/node\.key.*chmod 600/s);
    await chmod(key, 0o600);
    await daemon.launch();
    expect(await names()).toEqual(all);
  });

  test('a member file that was emptied does not make the state vanish', async () => {
    const file = join(swarm, 'member.json');
    const good = await readFile(file);
    await writeFile(file, '');
    await refuses(/member\.json/);
    await writeFile(file, good);
    await daemon.launch();
    expect(await names()).toEqual(all);
  });
});

test('a second daemon on the same state ends with words; the first serves on', async () => {
  const flags = ['--config', join(daemon.directory, 'ruche.json'), '--engine', 'embedded'];
  const paths = ['--state', join(daemon.directory, 'state'), '--run', join(daemon.directory, 'run-2')];
  const args = ['dist/ruche.mjs', 'daemon', ...flags, ...paths, '--socket', join(daemon.directory, 'second.sock')];
  const second = await run(process.execPath, args);
  expect(second.status).not.toBe(0);
  expect(second.stderr).toMatch(new RegExp(`\\b${daemon.pid}\\b`));
  expect(second.stderr).not.toMatch(/^\s+at /m);
  expect((await create('beside')).status).toBe(201);
});

test('an init that was cut half way leaves no member, and init works', async () => {
  await daemon.dockerOk(['swarm', 'leave', '--force']);
  await daemon.kill();
  await mkdir(join(swarm, 'log'), { recursive: true });
  await writeFile(join(swarm, 'node.key'), '{"version":1');
  await daemon.launch();
  expect((await membership()).LocalNodeState).toBe('inactive');
  await daemon.dockerOk(['swarm', 'init', '--advertise-addr', '127.0.0.1']);
  expect(await names()).toEqual([]);
  await rm(join(daemon.directory, 'good'), { force: true });
});

/** Offset behind the last byte that is not zero. */
function endOf(bytes: Uint8Array): number {
  return bytes.findLastIndex((byte) => byte !== 0) + 1;
}
