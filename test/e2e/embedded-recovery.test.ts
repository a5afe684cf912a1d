import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { SeededRandom } from '../../src/base/index.ts';
import type { EmbeddedEngine } from '../../src/engine/embedded/index.ts';
import type { ContainerId } from '../../src/model/index.ts';
import {
  busyboxImages,
  type EngineDirectories,
  logged,
  makeDirectories,
  openEngine,
  outputOf,
  removeDirectories,
  soon,
  startLong,
} from './harness/embedded.ts';

/** Moments at which the daemon is killed: from its first step to well within its work. */
const KILLS = 40;
const KILL_WITHIN_MS = 400;

let directories: EngineDirectories;
let engine: EmbeddedEngine | undefined;
beforeEach(() => {
  directories = makeDirectories();
  busyboxImages(directories.root);
});
afterEach(async () => {
  if (engine !== undefined) {
    for (const { Id } of engine.listContainerSummaries({ all: true, filters: {} }) as ReadonlyArray<{ Id: string }>)
      await engine.removeContainer(engine.findContainer(Id), soon());
    await engine.close();
  }
  engine = undefined;
  expectNothingLeft(directories);
  removeDirectories(directories);
});

/** Processes, mounts, control groups and runc's state of these directories: none may be left. */
function expectNothingLeft({ root, cgroupParent }: EngineDirectories): void {
  expect(processesOf(root), 'processes').toEqual([]);
  expect(
    readFileSync('/proc/self/mountinfo', 'utf8')
      .split('\n')
      .filter((line) => line.includes(root)),
    'mounts',
  ).toEqual([]);
  const hierarchies = ['', ...readdirSync('/sys/fs/cgroup')].map((name) => join('/sys/fs/cgroup', name));
  for (const name of [cgroupParent, `${cgroupParent}-monitors`])
    expect(
      hierarchies.map((path) => join(path, name)).filter((path) => existsSync(path)),
      'control groups',
    ).toEqual([]);
  for (const path of ['run/runc', 'run/exec', 'state/containers', 'state/exit'])
    expect(existsSync(join(root, path)) ? readdirSync(join(root, path)) : [], path).toEqual([]);
}

function processesOf(root: string): string[] {
  const found: string[] = [];
  for (const pid of readdirSync('/proc')) {
    if (!/^\d+$/.test(pid) || Number(pid) === process.pid) continue;
    try {
      const line = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
      const groups = readFileSync(`/proc/${pid}/cgroup`, 'utf8');
      const isZombie = /^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
      if (!isZombie && (line.includes(root) || groups.includes(`/${root.slice(root.lastIndexOf('/') + 1)}`)))
        found.push(`${pid} ${line}`);
    } catch (cause) {
      if (!(cause instanceof Error && 'code' in cause && (cause.code === 'ENOENT' || cause.code === 'ESRCH')))
        throw cause;
    }
  }
  return found;
}

interface Child {
  readonly process: ChildProcess;
  readonly lines: string[];
  readonly opened: Promise<void>;
}

function startChild(prefix: string): Child {
  const script = new URL('./harness/embedded-child.ts', import.meta.url).pathname;
  const child = spawn(process.execPath, [script, directories.root, directories.cgroupParent, prefix], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines: string[] = [];
  let rest = '';
  const opened = new Promise<void>((resolve, reject) => {
    child.once('exit', () => reject(new Error('the daemon ended before it was open')));
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      const whole = (rest + text).split('\n');
      rest = whole.pop() ?? '';
      lines.push(...whole);
      if (lines.length > 0) resolve();
    });
  });
  opened.catch(() => undefined); // A daemon that is killed while it opens is wanted too.
  return { process: child, lines, opened };
}

async function killChild(child: Child): Promise<void> {
  const gone = new Promise((resolve) => child.process.once('close', resolve));
  child.process.kill('SIGKILL');
  await gone;
}

test('killed at any moment: nothing acknowledged is lost, nothing half-made stays, every exit code is true', async () => {
  const random = new SeededRandom(Number(process.env.SEED ?? Date.now() % 100_000));
  const acknowledged = new Map<string, { step: string; id: string }>();
  const removing = new Set<string>();
  for (let kill = 0; kill < KILLS; kill++) {
    const child = startChild(`k${kill}`);
    if (kill % 4 !== 0) await child.opened;
    await new Promise((resolve) => setTimeout(resolve, random.below(KILL_WITHIN_MS)));
    await killChild(child);
    for (const line of child.lines) {
      const [step = '', name = '', id = ''] = line.split(' ');
      if (step === 'open') continue;
      acknowledged.set(name, { step, id });
      if (step === 'ended') removing.add(name);
      if (step === 'removed') acknowledged.delete(name);
    }
  }
  engine = await openEngine(directories);
  for (const [name, { step, id }] of acknowledged) {
    const inspect = await engine.inspectContainer(name, soon());
    if (inspect === undefined) {
      expect(removing.has(name), `${name} was ${step} and is gone`).toBe(true);
      continue;
    }
    expect(inspect.Id).toBe(id);
    if (step === 'created') continue;
    const code = await engine.waitContainer(inspect.Id, 'not-running', soon());
    expect(code, name).toBe(Number(inspect.Config.Labels?.code));
    expect((await outputOf(engine, inspect.Id)).stdout).toBe(`${name}\n`);
  }
  expect(acknowledged.size).toBeGreaterThan(KILLS / 2);
  const states = (engine.listContainerSummaries({ all: true, filters: {} }) as ReadonlyArray<{ State: string }>).map(
    ({ State }) => State,
  );
  expect(states.filter((state) => state !== 'exited' && state !== 'created')).toEqual([]);
}, 180_000);

test('what ended while no daemon ran has its true code, time, memory verdict and output', async () => {
  engine = await openEngine(directories);
  const Mounts = [{ Type: 'bind', Source: join(directories.root, 'signal'), Target: '/signal' }] as const;
  mkdirSync(join(directories.root, 'signal'));
  const ends = await startLong(engine, {
    HostConfig: { Mounts },
    Cmd: ['sh', '-c', 'echo early; until test -e /signal/go; do sleep 0.02; done; echo late; exit 42'],
  });
  const oom = await startLong(engine, {
    Cmd: ['sh', '-c', 'until test -e /signal/go; do sleep 0.02; done; head -c 60m /dev/zero | tail'],
    HostConfig: { Memory: 16_777_216, MemorySwap: 16_777_216, Mounts },
  });
  const lives = await startLong(engine);
  const pidBefore = (await engine.inspectContainer(lives, soon()))?.State.Pid;
  await engine.close();
  writeFileSync(join(directories.root, 'signal/go'), '');
  const exits = [ends, oom].map((id) => join(directories.root, 'state/exit', id));
  while (!exits.every((path) => existsSync(path))) await new Promise((resolve) => setTimeout(resolve, 10));
  const endedBy = Date.now();
  await new Promise((resolve) => setTimeout(resolve, 300));
  engine = await openEngine(directories);
  const state = (await engine.inspectContainer(ends, soon()))?.State;
  expect(state).toMatchObject({ Status: 'exited', ExitCode: 42, OOMKilled: false });
  expect(Date.parse(state?.FinishedAt ?? '')).toBeLessThanOrEqual(endedBy);
  expect((await outputOf(engine, ends)).stdout).toBe('early\nlate\n');
  expect((await engine.inspectContainer(oom, soon()))?.State.OOMKilled).toBe(true);
  expect((await engine.inspectContainer(lives, soon()))?.State).toMatchObject({ Running: true, Pid: pidBefore });
  await engine.stopContainer(lives, 0, soon());
  expect((await engine.inspectContainer(lives, soon()))?.State.ExitCode).toBe(137);
});

test('a monitor that was killed: 255 with the reason, its container ended', async () => {
  engine = await openEngine(directories);
  const [here, away] = [await startLong(engine), await startLong(engine)];
  const monitorOf = (id: ContainerId): number =>
    Number(readFileSync(join(directories.root, 'state/containers', id, 'conmon.pid'), 'utf8'));
  process.kill(monitorOf(here), 'SIGKILL');
  expect(await engine.waitContainer(here, 'not-running', soon())).toBe(255);
  await engine.close();
  const monitor = monitorOf(away);
  process.kill(monitor, 'SIGKILL');
  while (processesOf(directories.root).some((line) => line.startsWith(`${monitor} `)))
    await new Promise((resolve) => setTimeout(resolve, 5));
  engine = await openEngine(directories);
  for (const id of [here, away])
    expect((await engine.inspectContainer(id, soon()))?.State).toMatchObject({
      Status: 'exited',
      ExitCode: 255,
      Error: expect.stringContaining('monitor was killed'),
    });
});

test('after a restart of the machine nothing runs, whatever process numbers say', async () => {
  engine = await openEngine(directories);
  const id = await startLong(engine);
  await engine.close();
  // What the record would hold had the machine been restarted since: another boot id; runc's state is from before.
  const record = join(directories.root, 'state/containers', id, 'container.json');
  const text = readFileSync(record, 'utf8');
  writeFileSync(record, text.replace(/"bootId":"[^"]+"/, '"bootId":"00000000-0000-0000-0000-000000000000"'));
  engine = await openEngine(directories);
  const state = (await engine.inspectContainer(id, soon()))?.State;
  expect(state).toMatchObject({
    Status: 'exited',
    ExitCode: 255,
    Error: expect.stringContaining('machine was restarted'),
  });
  await engine.startContainer(id, soon());
  expect((await engine.inspectContainer(id, soon()))?.State.Running).toBe(true);
});

test('what is assigned to nobody is cleaned: directories without a record, exit files, anonymous volumes', async () => {
  engine = await openEngine(directories);
  await engine.close();
  const stray = 'f'.repeat(64);
  execFileSync('mkdir', ['-p', join(directories.root, 'state/containers', stray, 'upper')]);
  writeFileSync(join(directories.root, 'state/exit', stray), '0');
  engine = await openEngine(directories);
  expect(readdirSync(join(directories.root, 'state/containers'))).toEqual([]);
  expect(readdirSync(join(directories.root, 'state/exit'))).toEqual([]);
  expect(logged.filter(({ level }) => level === 'error')).toEqual([]);
});
