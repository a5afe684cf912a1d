import { mkdir, readdir, readFile, rmdir, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { killNow, readIfThere } from '../host/process.ts';

export interface CgroupOptions {
  readonly version: 1 | 2;
  readonly mounts: readonly string[];
  /** Name of the group that holds all containers of this engine. */
  readonly parent: string;
}

/** The kernel tells nobody when a killed process has left its group: it is asked, for a second at most. After crashes only. */
const KILL_POLL_MS = 5;
const KILL_TRIES = 200;

function codeOf(cause: unknown): unknown {
  return cause instanceof Error && 'code' in cause ? cause.code : undefined;
}

/**
 * Control groups beside those that runc makes: one that holds the monitors, so that they neither count against the daemon's limits
 * nor end with its service, and the removal of what a crash left.
 */
export class Cgroups {
  readonly #options: CgroupOptions;
  #monitorsReady: Promise<readonly string[]> | undefined;

  constructor(options: CgroupOptions) {
    this.#options = options;
  }

  /** As `linux.cgroupsPath` has it. */
  containerPath(id: string): string {
    return `/${this.#options.parent}/${id}`;
  }

  /** The container's directory in one controller's hierarchy; `undefined` where there is none. */
  directory(id: string, controller: string): string | undefined {
    const { version, mounts, parent } = this.#options;
    const mount = version === 2 ? mounts[0] : mounts.find((path) => basename(path).split(',').includes(controller));
    return mount === undefined ? undefined : join(mount, parent, id);
  }

  /** Files that take a monitor which has not forked yet out of the daemon's groups, once its process id is written to them. */
  async monitorGroups(): Promise<readonly string[]> {
    this.#monitorsReady ??= this.#prepareMonitors();
    return (await this.#monitorsReady).map((directory) => join(directory, 'cgroup.procs'));
  }

  /** Ends what is left of a container's processes and takes its groups away, if runc could not. */
  async removeContainer(id: string): Promise<void> {
    const directories = this.#options.mounts.map((mount) => join(mount, this.#options.parent, id));
    for (let tries = 0; tries < KILL_TRIES; tries++) {
      const pids = (await Promise.all(directories.map(processesIn))).flat();
      for (const pid of new Set(pids)) killNow(pid);
      await Promise.all(directories.map(removeGroup));
      if (!(await Promise.all(directories.map(isThere))).includes(true)) return;
      await delay(KILL_POLL_MS);
    }
  }

  /** Takes away our own groups unless something is still in them. */
  async removeEmptyParents(): Promise<void> {
    const { mounts, parent } = this.#options;
    await Promise.all(
      mounts.flatMap((mount) => [removeGroup(join(mount, parent)), removeGroup(join(mount, `${parent}-monitors`))]),
    );
    this.#monitorsReady = undefined;
  }

  async #prepareMonitors(): Promise<readonly string[]> {
    const { mounts, parent } = this.#options;
    return await Promise.all(
      mounts.map(async (mount) => {
        const directory = join(mount, `${parent}-monitors`);
        await mkdir(directory, { recursive: true });
        // A version 1 cpuset takes no process before it has CPUs and memory nodes.
        for (const file of ['cpuset.cpus', 'cpuset.mems']) {
          const inherited = await readIfThere(join(mount, file));
          if (inherited !== undefined && this.#options.version === 1) await writeFile(join(directory, file), inherited);
        }
        return directory;
      }),
    );
  }
}

async function isThere(directory: string): Promise<boolean> {
  return (await readIfThere(join(directory, 'cgroup.procs'))) !== undefined;
}

async function processesIn(directory: string): Promise<number[]> {
  const text = (await readIfThere(join(directory, 'cgroup.procs'))) ?? '';
  return text
    .split('\n')
    .filter((line) => line !== '' && line !== '0')
    .map(Number);
}

/** Removes a group with the groups below it; one that is gone or still in use is left. */
async function removeGroup(directory: string): Promise<void> {
  try {
    for (const entry of await readdir(directory, { withFileTypes: true })) {
      if (entry.isDirectory()) await removeGroup(join(directory, entry.name));
    }
    await rmdir(directory);
  } catch (cause) {
    if (!['ENOENT', 'EBUSY', 'ENOTEMPTY', 'EACCES'].includes(String(codeOf(cause)))) throw cause;
  }
}

/** The numbers of a `key value` file. */
export async function readCounters(path: string): Promise<Map<string, number>> {
  const text = await readFile(path, 'utf8');
  return new Map(
    text.split('\n').flatMap((line) => {
      const [key, value] = line.split(' ');
      return key === undefined || value === undefined ? [] : [[key, Number(value)] as const];
    }),
  );
}
