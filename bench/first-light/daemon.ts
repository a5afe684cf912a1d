import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { endBundles } from './bundles.ts';
import { Client } from './client.ts';

const REPOSITORY = join(import.meta.dirname, '../..');
/** Opening all that a new daemon needs takes half a second; a loaded machine does it within this. */
const START_TIMEOUT_MS = 30_000;
/** It stops within a second; what takes longer hangs and is killed. */
const STOP_TIMEOUT_MS = 15_000;

/** Times by which the event loop was late, ms. */
export interface LoopDelay {
  readonly n: number;
  readonly min: number;
  readonly median: number;
  readonly p99: number;
  readonly max: number;
}

/** A daemon of ours in directories of its own, from the bundle where there is one. */
export class Daemon {
  readonly directory: string;
  readonly #child: ChildProcess;
  #output = '';

  private constructor(directory: string, child: ChildProcess) {
    this.directory = directory;
    this.#child = child;
    for (const stream of [child.stdout, child.stderr])
      stream?.on('data', (chunk: Buffer) => {
        this.#output += chunk;
      });
  }

  /** Resolves when it answers. What was started is ended also when it does not. */
  static async start(engine: 'embedded' | 'docker', dockerSocket?: string): Promise<Daemon> {
    const directory = await mkdtemp(join(tmpdir(), `ruche-bench-${engine}-`));
    const at = (name: string) => join(directory, name);
    const configuration = {
      group: 'root',
      engine,
      socket: at('ruche.sock'),
      stateDirectory: at('state'),
      runDirectory: at('run'),
      ...(dockerSocket !== undefined && { dockerSocket }),
    };
    await writeFile(at('ruche.json'), JSON.stringify(configuration));
    const bundle = join(REPOSITORY, 'dist/ruche.mjs');
    const program = existsSync(bundle) ? bundle : join(REPOSITORY, 'src/cli/main.ts');
    // In a process group of its own: an interrupt from the terminal must reach the bench first.
    const child = spawn(process.execPath, [program, 'daemon', '--config', at('ruche.json')], {
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    const daemon = new Daemon(directory, child);
    try {
      await daemon.#answers();
      return daemon;
    } catch (error) {
      await daemon.dispose();
      throw error;
    }
  }

  get socket(): string {
    return join(this.directory, 'ruche.sock');
  }

  /** Where the embedded engine keeps the bundles of its containers. */
  get bundles(): string {
    return join(this.directory, 'state/engine/containers');
  }

  /** Stops it as an init system would; what it said of its event loop, unless it ended otherwise. */
  async stop(): Promise<LoopDelay | undefined> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      const ended = once(this.#child, 'close');
      const timer = setTimeout(() => this.#child.kill('SIGKILL'), STOP_TIMEOUT_MS);
      this.#child.kill('SIGTERM');
      await ended;
      clearTimeout(timer);
    }
    const line = this.#output.split('\n').find((text) => text.includes('"event loop delay ms"'));
    if (line === undefined) return undefined;
    const { n, min, p50, p99, max } = JSON.parse(line) as Omit<LoopDelay, 'median'> & { readonly p50: number }; // our own log line
    return { n, min, median: p50, p99, max };
  }

  /** Ends it with all containers that are still there, and removes its directories. May be called twice. */
  async dispose(): Promise<void> {
    await this.stop();
    await endBundles(this.bundles, join(this.directory, 'run/engine/runc'));
    await rm(this.directory, { recursive: true, force: true });
  }

  async #answers(): Promise<void> {
    const client = new Client(this.socket);
    const isUp = async () => {
      if (this.#child.exitCode !== null) throw new Error(`the daemon ended: ${this.#output}`);
      if (!existsSync(this.socket)) return false;
      return (await client.status('GET', '/_ping').catch(() => 0)) === 200;
    };
    try {
      await client.until('the daemon answers', isUp, START_TIMEOUT_MS);
    } finally {
      client.close();
    }
  }
}
