import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { access, cp, mkdir, mkdtemp, open, readdir, readFile, rm, rmdir, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Client } from 'undici';

const run = promisify(execFile);

const START_TIMEOUT_MS = 30_000;
/** It stops its containers first, each with a grace of 10 s, all at once. */
const STOP_TIMEOUT_MS = 25_000;
const PROBE_EVERY_MS = 20;

/** Debian's dockerd. */
export const DOCKERD = '/usr/sbin/dockerd';
export const hasDockerd = existsSync(DOCKERD) && process.getuid?.() === 0;

/** A Docker Engine of its own for a test: own network namespace without a way out, own state, own containerd, own cgroups. */
export interface Dockerd {
  /** Path of its unix socket. */
  readonly socket: string;
  /** For tests that need files beside the engine's; removed with it. */
  readonly directory: string;
  readonly pid: number;
  /** Kills the daemon alone with SIGKILL, as a crash would; its containers run on. */
  crash(): Promise<void>;
  /** Starts it again on the same state. */
  restart(): Promise<void>;
  /** Halts it and lets it go on: an engine that hangs. */
  signal(signal: 'SIGSTOP' | 'SIGCONT'): void;
  /** Ends daemon and containers and removes all that they left; may be called twice. */
  stop(): Promise<void>;
}

/** Starts an engine and gives it `busybox:latest`, made of Debian's busybox-static. `name` is short and unique on this machine. */
export async function startDockerd(name = 'e2e'): Promise<Dockerd> {
  const directory = await mkdtemp(join(tmpdir(), `ruche-docker-${name}-`));
  const dockerd = new OwnDockerd(directory, `ruche-docker-${name}-${directory.slice(-6)}`);
  try {
    await dockerd.begin();
    return dockerd;
  } catch (error) {
    const log = await readFile(join(directory, 'dockerd.log'), 'utf8').catch(() => '');
    await dockerd.stop();
    throw new Error(`dockerd did not start: ${String(error)}\n${log.slice(-4000)}`);
  }
}

class OwnDockerd implements Dockerd {
  readonly socket: string;
  readonly directory: string;
  readonly #namespace: string;
  #process: ChildProcess | undefined;
  #stopped: Promise<void> | undefined;

  constructor(directory: string, namespace: string) {
    this.directory = directory;
    this.socket = join(directory, 'docker.sock');
    this.#namespace = namespace;
  }

  get pid(): number {
    const pid = this.#process?.pid;
    if (pid === undefined) throw new Error('dockerd does not run');
    return pid;
  }

  async begin(): Promise<void> {
    // It refuses to start without the file that it is told of.
    await writeFile(join(this.directory, 'daemon.json'), '{}');
    // Without a default route look-ups fail at once instead of hanging.
    await run('ip', ['netns', 'add', this.#namespace]);
    await run('ip', ['-n', this.#namespace, 'link', 'set', 'lo', 'up']);
    await this.restart();
    await importBusybox(this.socket, join(this.directory, 'busybox'));
  }

  async restart(): Promise<void> {
    const log = await open(join(this.directory, 'dockerd.log'), 'a');
    // `ip netns exec` would hide the cgroups from it.
    const inNamespace = [`--net=/run/netns/${this.#namespace}`, DOCKERD, ...this.#arguments()];
    this.#process = spawn('nsenter', inNamespace, { stdio: ['ignore', log.fd, log.fd], detached: true });
    await log.close();
    await this.#untilServing();
  }

  async crash(): Promise<void> {
    await endProcess(this.#process, 'SIGKILL');
    this.#process = undefined;
    // Its containerd dies with it; where nobody reaps that, its stale pid file would make the next one wait for it.
    const containerdPid = join(this.directory, 'run/containerd/containerd.pid');
    killIfThere(Number(await readFile(containerdPid, 'utf8')));
    await rm(containerdPid, { force: true });
    await rm(join(this.directory, 'docker.pid'), { force: true });
  }

  signal(signal: 'SIGSTOP' | 'SIGCONT'): void {
    process.kill(this.pid, signal);
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#clean();
    return this.#stopped;
  }

  #arguments(): string[] {
    const at = (name: string) => join(this.directory, name);
    return [
      ...['--data-root', at('data'), '--exec-root', at('run'), '--pidfile', at('docker.pid')],
      ...['--host', `unix://${this.socket}`, '--config-file', at('daemon.json')],
      ...['--cgroup-parent', `/${this.#namespace}`, '--log-level', 'warn'],
    ];
  }

  async #untilServing(): Promise<void> {
    const deadline = Date.now() + START_TIMEOUT_MS;
    for (;;) {
      if (this.#process?.exitCode !== null) throw new Error(`dockerd ended with code ${this.#process?.exitCode}`);
      if (await isServing(this.socket)) return;
      if (Date.now() > deadline) throw new Error(`dockerd did not serve within ${START_TIMEOUT_MS} ms`);
      await delay(PROBE_EVERY_MS);
    }
  }

  async #clean(): Promise<void> {
    if (this.#process?.exitCode === null) this.signal('SIGCONT');
    // The daemon would give each of them its grace.
    for (const pid of await processesOf(this.directory, this.#namespace, 'containers')) killIfThere(pid);
    await endProcess(this.#process, 'SIGTERM');
    // After a crash containers, their shims and containerd are still there: all were started below our directory.
    for (const pid of await processesOf(this.directory, this.#namespace)) killIfThere(pid);
    await untilGone(() => processesOf(this.directory, this.#namespace));
    await unmountBelow(this.directory);
    await removeCgroups(this.#namespace);
    await rm(this.directory, { recursive: true, force: true, maxRetries: 5 });
    await run('ip', ['netns', 'delete', this.#namespace]).catch(ignoreMissing);
  }
}

async function isServing(socket: string): Promise<boolean> {
  try {
    await access(socket);
    const client = new Client('http://docker', { socketPath: socket });
    const { statusCode, body } = await client.request({ method: 'GET', path: '/_ping' });
    await body.dump();
    await client.close();
    return statusCode === 200;
  } catch {
    // Not there yet, or not ready: the caller asks again until its deadline.
    return false;
  }
}

async function endProcess(child: ChildProcess | undefined, signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
  if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.kill(signal);
  const late = new AbortController();
  const timer = delay(STOP_TIMEOUT_MS, undefined, { signal: late.signal }).then(
    () => child.kill('SIGKILL'),
    () => false,
  );
  await ended;
  late.abort();
  await timer;
}

/** Processes that belong to this engine: those whose command line names its directory and those in its cgroups. */
async function processesOf(directory: string, cgroup: string, which: 'all' | 'containers' = 'all'): Promise<number[]> {
  const found: number[] = [];
  for (const name of await readdir('/proc')) {
    if (!/^[0-9]+$/.test(name) || Number(name) === process.pid) continue;
    const command = await readFile(`/proc/${name}/cmdline`, 'utf8').catch(() => '');
    const groups = await readFile(`/proc/${name}/cgroup`, 'utf8').catch(() => '');
    const isDaemon =
      command.includes(`${directory}/`) && /^[^\0]*(dockerd|containerd|containerd-shim[^\0]*)\0/.test(command);
    if ((isDaemon && which === 'all') || groups.includes(`/${cgroup}/`)) found.push(Number(name));
  }
  return found;
}

function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

async function untilGone(list: () => Promise<readonly number[]>): Promise<void> {
  const deadline = Date.now() + STOP_TIMEOUT_MS;
  for (let left = await list(); left.length > 0; left = await list()) {
    if (Date.now() > deadline) throw new Error(`processes ${left.join(', ')} do not end`);
    await delay(PROBE_EVERY_MS);
  }
}

async function unmountBelow(directory: string): Promise<void> {
  const mounts = (await readFile('/proc/self/mounts', 'utf8'))
    .split('\n')
    .map((line) => line.split(' ')[1] ?? '')
    .filter((path) => path.startsWith(`${directory}/`));
  for (const path of mounts.reverse()) await run('umount', ['--lazy', path]);
}

async function removeCgroups(name: string): Promise<void> {
  for (const hierarchy of await readdir('/sys/fs/cgroup').catch(() => [])) {
    const top = join('/sys/fs/cgroup', hierarchy, name);
    if (existsSync(top)) await removeTree(top);
  }
  const unified = join('/sys/fs/cgroup', name);
  if (existsSync(unified)) await removeTree(unified);
}

/** Cgroups are removed from the leaves up; their files are not files. */
async function removeTree(path: string): Promise<void> {
  for (const entry of await readdir(path, { withFileTypes: true })) {
    if (entry.isDirectory()) await removeTree(join(path, entry.name));
  }
  await rmdir(path);
}

function ignoreMissing(error: unknown): void {
  if (!String(error).includes('No such file')) throw error;
}

/** `docker import` of a root with busybox and its links; the CLI is needed anyway by whoever has a dockerd. */
async function importBusybox(socket: string, directory: string): Promise<void> {
  const root = join(directory, 'root');
  const folders = [
    'bin',
    'sbin',
    'usr/bin',
    'usr/sbin',
    'etc',
    'tmp',
    'root',
    'proc',
    'sys',
    'dev',
    'var',
    'run',
    'home',
  ];
  for (const folder of folders) await mkdir(join(root, folder), { recursive: true });
  await cp('/bin/busybox', join(root, 'bin/busybox'));
  const { stdout } = await run('/bin/busybox', ['--list']);
  const applets = stdout.split('\n').filter((applet) => applet !== '' && applet !== 'busybox');
  await Promise.all(applets.map((applet) => symlink('busybox', join(root, 'bin', applet))));
  await writeFile(
    join(root, 'etc/passwd'),
    'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/home:/bin/false\n',
  );
  await writeFile(join(root, 'etc/group'), 'root:x:0:\nnogroup:x:65534:\n');
  const archive = join(directory, 'root.tar');
  await run('tar', ['-C', root, '-cf', archive, '.']);
  const changes = ['-c', 'ENV PATH=/bin:/sbin:/usr/bin', '-c', 'CMD ["sh"]'];
  await run('docker', ['-H', `unix://${socket}`, 'import', ...changes, archive, 'busybox:latest']);
}
