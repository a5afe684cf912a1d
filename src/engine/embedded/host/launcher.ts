import { type ChildProcess, spawn } from 'node:child_process';
import { Unavailable } from '../../../base/index.ts';
import { type CommandResult, DEFAULT_TIMEOUT_MS, TOOL_ENVIRONMENT } from './command.ts';

/** What a launcher may take beyond a program's own time before it counts as hanging. */
const SLACK_MS = 5_000;

interface Order {
  readonly id: number;
  readonly file: string;
  readonly args: readonly string[];
  readonly timeoutMs: number;
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
  const answer = (message: Answer): void => void process.send?.(message);
  process.on('message', ({ id, file, args, timeoutMs }: Order) => {
    const child = start(file, args, { stdio: ['ignore', 'pipe', 'pipe'], timeout: timeoutMs, killSignal: 'SIGKILL' });
    const output = { stdout: '', stderr: '' };
    for (const stream of ['stdout', 'stderr'] as const)
      child[stream].setEncoding('utf8').on('data', (text: string) => {
        if (output[stream].length < 1_048_576) output[stream] += text;
      });
    child.on('error', (cause) => answer({ id, failure: cause.message }));
    child.on('close', (code) => {
      if (child.killed) answer({ id, failure: 'it did not end in time' });
      else answer({ id, code: code ?? -1, ...output });
    });
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
  readonly #waiting = new Map<number, Waiting>();
  #process: ChildProcess | undefined;
  #lastId = 0;

  /** As `runCommand`. Rejects with `Unavailable` when the program can't be started, does not end in time, or nobody can say. */
  run(file: string, args: readonly string[], timeoutMs = DEFAULT_TIMEOUT_MS): Promise<CommandResult> {
    return new Promise((resolve, reject) => {
      const id = ++this.#lastId;
      const process = this.#ready();
      const timer = setTimeout(() => process.kill('SIGKILL'), timeoutMs + SLACK_MS);
      this.#waiting.set(id, { tool: file, resolve, reject, timer });
      const order: Order = { id, file, args, timeoutMs };
      // A launcher that can't be written to has ended or is about to: its end answers all that wait.
      process.send(order, (error) => {
        if (error !== null) process.kill('SIGKILL');
      });
    });
  }

  /** Ends the launcher. What still runs comes to its end unheard. */
  close(): void {
    const process = this.#process;
    this.#process = undefined;
    if (process?.connected === true) process.disconnect();
  }

  #ready(): ChildProcess {
    if (this.#process !== undefined) return this.#process;
    const child = spawn(process.execPath, ['--max-semi-space-size=1', '--eval', `(${serve})()`], {
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
