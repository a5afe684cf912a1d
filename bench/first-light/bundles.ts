import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rmdir, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Ends what a bench left in a directory of bundles: containers, monitors, namespaces and control groups. Nothing there is no error. */
export async function endBundles(bundles: string, runcRoot: string): Promise<void> {
  if (!existsSync(bundles)) return;
  const parents = new Set<string>();
  for (const id of await readdir(bundles)) {
    const monitor = Number(await readFile(join(bundles, id, 'conmon.pid'), 'utf8').catch(() => '0'));
    // Kills the container too; one that runc does not know is what is wanted.
    await run('runc', ['--root', runcRoot, 'delete', '--force', id]).catch(() => undefined);
    await endMonitor(monitor, id);
    const config = await readFile(join(bundles, id, 'config.json'), 'utf8').catch(() => '{}');
    const { linux } = JSON.parse(config) as Config; // the OCI runtime specification's
    const namespace = linux?.namespaces?.find(({ type }) => type === 'network')?.path;
    if (namespace !== undefined && existsSync(namespace)) await run('ip', ['netns', 'delete', basename(namespace)]);
    const parent = linux?.cgroupsPath?.split('/')[1];
    if (parent !== undefined) parents.add(parent);
  }
  for (const parent of parents)
    for (const mount of await hierarchies())
      for (const name of [parent, `${parent}-monitors`]) await removeGroup(join(mount, name));
}

interface Config {
  readonly linux?: {
    readonly cgroupsPath?: string;
    readonly namespaces?: ReadonlyArray<{ readonly type: string; readonly path?: string }>;
  };
}

/** A monitor ends by itself after its container; one that does not is ended. */
async function endMonitor(pid: number, id: string): Promise<void> {
  if (pid <= 0) return;
  const line = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
  if (line.includes(id)) process.kill(pid, 'SIGKILL');
}

/** The control groups in which the engine keeps its monitors, here for the floor's. */
export class ControlGroups {
  readonly #name: string;
  readonly #monitors: readonly string[];

  private constructor(name: string, monitors: readonly string[]) {
    this.#name = name;
    this.#monitors = monitors;
  }

  static async make(name: string): Promise<ControlGroups> {
    const mounts = await hierarchies();
    const monitors = mounts.map((mount) => join(mount, `${name}-monitors`));
    for (const [at, directory] of monitors.entries()) {
      await mkdir(directory, { recursive: true });
      // A version 1 cpuset takes no process before it has CPUs and memory nodes.
      for (const file of ['cpuset.cpus', 'cpuset.mems']) {
        const inherited = join(mounts[at] ?? '', file);
        if (mounts.length > 1 && existsSync(inherited))
          await writeFile(join(directory, file), await readFile(inherited, 'utf8'));
      }
    }
    return new ControlGroups(name, monitors);
  }

  /** Take a process whose id is written to them. */
  get monitorFiles(): readonly string[] {
    return this.#monitors.map((directory) => join(directory, 'cgroup.procs'));
  }

  async remove(): Promise<void> {
    for (const mount of await hierarchies())
      for (const name of [this.#name, `${this.#name}-monitors`]) await removeGroup(join(mount, name));
  }
}

/** Where control groups are mounted: one place with version 2, one a controller with version 1, and both on a hybrid machine. */
async function hierarchies(): Promise<readonly string[]> {
  const mounts = (await readFile('/proc/self/mounts', 'utf8')).split('\n').map((line) => line.split(' '));
  return mounts.flatMap(([, path, type]) => (path !== undefined && /^cgroup2?$/.test(type ?? '') ? [path] : []));
}

/** Removes a group with those below it. One that is still in use stays, and so does nothing else of the bench. */
async function removeGroup(path: string): Promise<void> {
  if (!existsSync(path)) return;
  for (const entry of await readdir(path, { withFileTypes: true }))
    if (entry.isDirectory()) await removeGroup(join(path, entry.name));
  await rmdir(path).catch((error: unknown) => {
    if (!String(error).includes('EBUSY')) throw error;
  });
}
