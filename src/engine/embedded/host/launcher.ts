import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { Unavailable } from '../../../base/index.ts';
import { type CommandResult, DEFAULT_TIMEOUT_MS, TOOL_ENVIRONMENT } from './command.ts';
import { findByArgument, killNow } from './process.ts';

/** What a launcher may take beyond a program's own time before it counts as hanging. */
const SLACK_MS = 5_000;

/** A program that goes on by itself and says on its descriptor 3, in one line, how its beginning went. */
export interface Supervised {
  readonly file: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /** Takes its standard error. */
  readonly errorPath: string;
  /** Files that its process id is written to, in order, before it gets the byte on descriptor 4 that lets it go. */
  readonly groups: readonly string[];
  /** Its standing when memory runs out; its own when absent. */
  readonly oomScore?: string;
}

interface Order {
  readonly id: number;
  readonly timeoutMs: number;
  readonly file: string;
  readonly args: readonly string[];
  readonly supervised?: Supervised;
}

type Answer =
  | { readonly id: number; readonly code: number; readonly stdout: string; readonly stderr: string }
  | { readonly id: number; readonly failure: string };

interface Waiting {
  readonly tool: string;
  readonly resolve: (result: CommandResult) => void;
  readonly reject: (error: Error) => void;
  readonly timer: NodeJS.Timeout;
}

/**
 * All that the launcher process runs. It is handed over as text, so that it starts without the daemon's modules and stays small:
 * nothing but its own parameters and Node's modules may be used in it.
 */
function serve(): void {
  const { spawn: start } = process.getBuiltinModule('node:child_process');
  const { closeSync, openSync } = process.getBuiltinModule('node:fs');
  const { writeFile } = process.getBuiltinModule('node:fs/promises');
  const { text } = process.getBuiltinModule('node:stream/consumers');
  const { env } = process;

  async function run({ file, args, timeoutMs }: Order) {
    const child = start(file, args, { stdio: ['ignore', 'pipe', 'pipe'], timeout: timeoutMs, killSignal: 'SIGKILL' });
    const ended = new Promise<number>((resolve, reject) => {
      child.on('error', reject);
      child.on('close', (code) => resolve(code ?? -1));
    });
    const [code, stdout, stderr] = await Promise.all([ended, text(child.stdout), text(child.stderr)]);
    if (child.killed) throw new Error('it did not end in time');
    return { code, stdout, stderr };
  }

  async function supervise({ file, args, cwd, errorPath, groups, oomScore, ...rest }: Supervised, timeoutMs: number) {
    const errors = openSync(errorPath, 'w', 0o600);
    const child = start(file, args, {
      // Nothing but these descriptors reaches it: Node opens all of its own close-on-exec.
      stdio: ['ignore', 'ignore', errors, 'pipe', 'pipe'],
      env: { ...env, ...rest.env },
      cwd,
      detached: true,
    });
    closeSync(errors);
    const timer = setTimeout(() => child.kill('SIGKILL'), timeoutMs);
    const [, , , sync, go] = child.stdio;
    try {
      await new Promise((resolve, reject) => child.once('spawn', resolve).once('error', reject));
      if (sync === null || sync === undefined || !('read' in sync)) throw new Error('no pipe to hear from it');
      if (go === null || go === undefined || !('end' in go)) throw new Error('no pipe to let it go');
      // One that died early shows in the end of its other pipe.
      go.on('error', () => go.destroy());
      for (const path of groups) await writeFile(path, String(child.pid));
      if (oomScore !== undefined) await writeFile(`/proc/${child.pid}/oom_score_adj`, oomScore);
      go.end('\n');
      let line = '';
      for await (const chunk of sync) {
        line += chunk;
        if (line.includes('\n') || line.length > 65_536) break;
      }
      return { code: 0, stdout: line, stderr: '' };
    } catch (cause) {
      child.kill('SIGKILL');
      throw cause;
    } finally {
      clearTimeout(timer);
      for (const stream of [sync, go]) stream?.destroy();
    }
  }

  // A daemon that is gone hears nothing; its channel's end ends this process.
  const answer = (message: Answer) => process.send?.(message, () => undefined);
  process.on('message', (order: Order) => {
    const { id, supervised, timeoutMs } = order;
    (supervised === undefined ? run(order) : supervise(supervised, timeoutMs)).then(
      (result) => answer({ id, ...result }),
      (cause: Error) => answer({ id, failure: cause.message }),
    );
  });
  // The daemon is gone, however it ended; programs that run come to their end by themselves.
  process.on('disconnect', () => process.exit(0));
}

/**
 * Starts short programs through a small process of its own. Starting one from the daemon copies its page tables and marks its
 * memory for copying while nothing else runs there: 2.5 ms at 100 MB, 7.7 ms at 250 MB, against 0.1 ms for an order to the launcher,
 * which costs 13 MB (bench `first-light`). A launcher that ended is replaced by the next order.
 */
export class Launcher {
  readonly #owner: string;
  readonly #waiting = new Map<number, Waiting>();
  #process: ChildProcess | undefined;
  #lastId = 0;

  /** `owner` stands among the arguments of the launcher and names those who follow each other, as `endFormer` says. */
  constructor(owner: string) {
    this.#owner = owner;
  }

  /** Ends launchers of a daemon of the same owner that was killed: orders may still wait there. Before anything is recovered. */
  async endFormer(): Promise<void> {
    for (const pid of await findByArgument(this.#owner)) killNow(pid);
  }

  /** As `runCommand`. Rejects with `Unavailable` when the program can't be started, does not end in time, or nobody can say. */
  run(file: string, args: readonly string[], timeoutMs = DEFAULT_TIMEOUT_MS): Promise<CommandResult> {
    return this.#order({ file, args, timeoutMs });
  }

  /** The line of a program that goes on by itself; empty when it ended without one. Rejects like `run`. */
  async supervise(supervised: Supervised, timeoutMs: number): Promise<string> {
    return (await this.#order({ file: supervised.file, args: [], timeoutMs, supervised })).stdout;
  }

  #order(order: Omit<Order, 'id'>): Promise<CommandResult> {
    return new Promise((resolve, reject) => {
      const id = ++this.#lastId;
      const process = this.#ready();
      const timer = setTimeout(() => process.kill('SIGKILL'), order.timeoutMs + SLACK_MS);
      this.#waiting.set(id, { tool: order.file, resolve, reject, timer });
      // A launcher that can't be written to has ended or is about to: its end answers all that wait.
      process.send({ id, ...order }, (error) => {
        if (error !== null) process.kill('SIGKILL');
      });
    });
  }

  /** Ends the launcher; resolves when it is gone. What still runs comes to its end unheard. */
  async close(): Promise<void> {
    const process = this.#process;
    this.#process = undefined;
    if (process === undefined || process.exitCode !== null || process.signalCode !== null) return;
    process.ref();
    const ended = once(process, 'exit');
    process.kill('SIGKILL');
    await ended;
  }

  #ready(): ChildProcess {
    if (this.#process !== undefined) return this.#process;
    const child = spawn(process.execPath, ['--max-semi-space-size=1', '--eval', `(${serve})()`, this.#owner], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      env: TOOL_ENVIRONMENT,
    });
    // It must not keep a daemon alive that is done; orders under way have their timers for that.
    child.unref();
    child.channel?.unref();
    child.on('message', (answer: Answer) => this.#settle(answer));
    child.on('error', (error) => this.#lose(child, error.message));
    child.on('exit', () => this.#lose(child, 'the launcher of programs ended'));
    this.#process = child;
    return child;
  }

  #settle(answer: Answer): void {
    const waiting = this.#take(answer.id);
    if (waiting === undefined) return;
    if ('failure' in answer)
      waiting.reject(new Unavailable('engine-tool-failed', { tool: waiting.tool, why: answer.failure }));
    else waiting.resolve({ code: answer.code, stdout: answer.stdout, stderr: answer.stderr });
  }

  #lose(child: ChildProcess, why: string): void {
    if (this.#process !== child && this.#process !== undefined) return;
    this.#process = undefined;
    for (const id of [...this.#waiting.keys()]) {
      const waiting = this.#take(id);
      waiting?.reject(new Unavailable('engine-tool-failed', { tool: waiting.tool, why }));
    }
  }

  #take(id: number): Waiting | undefined {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    clearTimeout(waiting?.timer);
    return waiting;
  }
}
