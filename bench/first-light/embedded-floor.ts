import { randomBytes } from 'node:crypto';
import { type FSWatcher, watch } from 'node:fs';
import { mkdir, readdir, readFile, readlink, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Launcher } from '../../src/engine/embedded/host/launcher.ts';
import type { Floor } from './api-cases.ts';
import { ControlGroups, endBundles } from './bundles.ts';
import { inParallel } from './pool.ts';
import { stopSignal } from './workload.ts';

/** Containers made, and ended, at once, where two processors do most a second; see docs/benchmarks.md. */
const BEST_CREATES = 4;
const BEST_REMOVALS = 4;

/** Making a container takes 30 ms; many at once on a loaded machine some seconds. */
const START_TIMEOUT_MS = 60_000;
const MOUNT_AND_MONITOR = 'mount -t overlay overlay -o "$1" merged && shift && exec "$@"';
/** A killed process ends within milliseconds. */
const END_TIMEOUT_MS = 20_000;
const LOG_BYTES = '10485760';

interface Parallelism {
  readonly creates: number;
  readonly removals: number;
}

/** A container of the engine, from which those of the floor are copied. */
interface Pattern {
  readonly id: string;
  readonly bundle: string;
  readonly config: string;
  readonly layers: readonly string[];
  readonly files: ReadonlyMap<string, string>;
}

interface Made {
  readonly id: string;
  readonly bundle: string;
  readonly pid: number;
}

/**
 * The workload's containers, made by hand: the same files, overlay mount, `config.json`, monitor and runc as the embedded engine's,
 * a network namespace with loopback up made by runc, and nothing that is remembered, synced, watched or decided.
 */
export class EmbeddedFloor implements Floor {
  readonly #directory: string;
  readonly #pattern: Pattern;
  readonly #groups: ControlGroups;
  readonly #parallelism: Parallelism;
  readonly #watcher: FSWatcher;
  /** Programs are started by a small process: a fork of this one would cost what no container needs. */
  readonly #launcher: Launcher;
  readonly #onExit = new Map<string, () => void>();
  #made: readonly Made[] = [];

  private constructor(directory: string, pattern: Pattern, groups: ControlGroups, parallelism: Parallelism) {
    this.#directory = directory;
    this.#pattern = pattern;
    this.#groups = groups;
    this.#parallelism = parallelism;
    this.#launcher = new Launcher(`launcher-of=${directory}`);
    this.#watcher = watch(join(directory, 'exit'), (_, name) => {
      if (name !== null) this.#onExit.get(name)?.();
    });
  }

  /** Takes the container in `bundle`, one that the engine has made of the workload, for its pattern. `directory` must not be there. */
  static async open(
    directory: string,
    bundle: string,
    parallelism: Parallelism = { creates: BEST_CREATES, removals: BEST_REMOVALS },
  ): Promise<EmbeddedFloor> {
    for (const name of ['', 'exit', 'runc', 'containers']) await mkdir(join(directory, name));
    const groups = await ControlGroups.make(`ruche-bench-${process.pid}`);
    return new EmbeddedFloor(directory, await readPattern(bundle), groups, parallelism);
  }

  async create(count: number): Promise<void> {
    this.#made = await inParallel(Array.from({ length: count }), this.#parallelism.creates, () => this.#make());
  }

  async remove(): Promise<void> {
    const made = this.#made;
    this.#made = [];
    await inParallel(made, this.#parallelism.removals, (container) => this.#end(container));
  }

  async close(): Promise<void> {
    this.#watcher.close();
    await this.#launcher.close();
    await endBundles(join(this.#directory, 'containers'), join(this.#directory, 'runc'));
    await this.#groups.remove();
    await rm(this.#directory, { recursive: true, force: true });
  }

  async #make(): Promise<Made> {
    const id = randomBytes(32).toString('hex');
    const bundle = join(this.#directory, 'containers', id);
    await mkdir(bundle);
    await Promise.all(['upper', 'work', 'merged', 'files', 'logs'].map((name) => mkdir(join(bundle, name))));
    const { files, config } = this.#pattern;
    const texts = [...files].map(([name, text]) => [join('files', name), text] as const);
    const own = config.replaceAll('PATTERN_BUNDLE', bundle).replaceAll('PATTERN_ID', id);
    await Promise.all(
      [...texts, ['config.json', own] as const].map(([name, text]) => writeFile(join(bundle, name), text)),
    );
    const pid = await this.#monitor(id, bundle);
    await this.#runc('start', id);
    return { id, bundle, pid };
  }

  /** Starts the monitor, which has runc make the container; gives the process id of the container's first process. */
  async #monitor(id: string, bundle: string): Promise<number> {
    const options = `lowerdir=${this.#pattern.layers.join(':')},upperdir=upper,workdir=work`;
    const monitor = [
      ...['/usr/bin/conmon', '--api-version=1', '-c', id, '-u', id, '-n', id, '-r', '/usr/sbin/runc'],
      ...[`--runtime-arg=--root=${join(this.#directory, 'runc')}`, '-b', bundle, '-p', join(bundle, 'pidfile')],
      ...['-P', join(bundle, 'conmon.pid'), '--exit-dir', join(this.#directory, 'exit'), '--persist-dir', bundle],
      ...['--full-attach', '-l', `k8s-file:${join(bundle, 'logs/log')}`, `--log-size-max=${LOG_BYTES}`],
      ...['--log-level', 'error', '--no-new-keyring'],
    ];
    const shell = ['/bin/sh', '-c', MOUNT_AND_MONITOR, 'sh', options, ...monitor];
    const errorPath = join(bundle, 'monitor.err');
    const line = await this.#launcher.supervise(
      {
        file: 'unshare',
        args: ['--mount', '--propagation', 'slave', ...shell],
        cwd: bundle,
        env: { _OCI_SYNCPIPE: '3', _OCI_STARTPIPE: '4' },
        errorPath,
        groups: this.#groups.monitorFiles,
      },
      START_TIMEOUT_MS,
    );
    const { data, message } = JSON.parse(line || '{"data":-1}') as { readonly data: number; readonly message?: string }; // conmon's own
    if (data <= 0) throw new Error(`floor: ${message} ${await readFile(errorPath, 'utf8')}`);
    return data;
  }

  async #runc(command: string, id: string): Promise<void> {
    const { code, stderr } = await this.#launcher.run('runc', ['--root', join(this.#directory, 'runc'), command, id]);
    if (code !== 0) throw new Error(`floor: runc ${command} ${id}: ${code} ${stderr.trim()}`);
  }

  async #end({ id, bundle, pid }: Made): Promise<void> {
    const exited = new Promise<void>((resolve, reject) => {
      const late = () => reject(new Error(`floor: ${id} did not end within ${END_TIMEOUT_MS} ms`));
      const timer = setTimeout(late, END_TIMEOUT_MS);
      this.#onExit.set(id, () => {
        clearTimeout(timer);
        resolve();
      });
    });
    process.kill(pid, stopSignal);
    await exited;
    this.#onExit.delete(id);
    await this.#runc('delete', id);
    await rm(bundle, { recursive: true });
    await rm(join(this.#directory, 'exit', id));
  }
}

async function readPattern(bundle: string): Promise<Pattern> {
  const id = bundle.slice(bundle.lastIndexOf('/') + 1);
  const config = JSON.parse(await readFile(join(bundle, 'config.json'), 'utf8'));
  // The engine joins a namespace that was made before; runc makes it in the same clone call.
  for (const namespace of config.linux.namespaces) delete namespace.path;
  config.linux.cgroupsPath = `/ruche-bench-${process.pid}/PATTERN_ID`;
  const links = await readdir(join(bundle, 'l'));
  const names = await readdir(join(bundle, 'files'));
  const texts = names.map(async (name) => [name, await readFile(join(bundle, 'files', name), 'utf8')] as const);
  const layers = links.sort((a, b) => Number(a) - Number(b)).map((link) => readlink(join(bundle, 'l', link)));
  return {
    id,
    bundle,
    config: JSON.stringify(config).replaceAll(bundle, 'PATTERN_BUNDLE'),
    layers: await Promise.all(layers),
    files: new Map(await Promise.all(texts)),
  };
}
