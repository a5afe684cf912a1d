import { type ChildProcess, spawn } from 'node:child_process';
import { type FSWatcher, watch } from 'node:fs';
import { join } from 'node:path';
import { Refusal, Unavailable } from '../../../base/index.ts';
import type { ExecStream, OutputFrame } from '../../port/exec.ts';
import { runCommand, TOOL_ENVIRONMENT } from '../host/command.ts';
import { identify, killNow, type ProcessIdentity, readIfThere } from '../host/process.ts';
import { runcMessage } from '../runtime/runc.ts';
import { mergeOutput, splitFirstLine } from './output.ts';

const SIGNAL_BASE = 128;
const SIGKILL = 9;

export interface SessionOptions {
  /** Own directory of this exec: `process.json` is there. */
  readonly directory: string;
  readonly runcPath: string;
  readonly runcRoot: string;
  readonly containerId: string;
  readonly tty: boolean;
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
  /** Height and width. */
  readonly size?: readonly [number, number];
}

const quote = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

/**
 * One process in a running container: `runc exec` with pipes or, for a terminal, below script(1), which owns a pseudo-terminal that
 * Node can't make. 16 ms CPU to start, with the container's filter, capabilities and groups.
 *
 * It ends when its output does: a child that the process leaves in the background with its pipes holds the end back.
 */
export class ExecSession {
  /** Resolves with the process once it runs; rejects with runc's text when it can't. */
  readonly started: Promise<ProcessIdentity>;
  readonly exitCode: Promise<number>;
  readonly #options: SessionOptions;
  readonly #child: ChildProcess;
  readonly #terminal: Promise<string | undefined>;
  readonly #output: AsyncIterable<OutputFrame>;
  #watcher: FSWatcher | undefined;
  #hasEnded = false;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.#child = options.tty ? this.#spawnWithTerminal() : this.#spawnWithPipes();
    const ended = Promise.withResolvers<number>();
    this.#child.once('exit', (code, signal) => {
      this.#hasEnded = true;
      ended.resolve(code ?? SIGNAL_BASE + (signal === 'SIGKILL' ? SIGKILL : 0));
    });
    this.#child.once('error', () => ended.resolve(SIGNAL_BASE));
    this.#child.stdin?.on('error', () => this.#child.stdin?.destroy());
    this.started = this.#awaitStart(ended.promise);
    this.started.catch(() => undefined); // Both are asked for by who needs them.
    this.exitCode = this.#judge(ended.promise);
    const frames = mergeOutput(
      [
        { stream: 'stdout' as const, readable: this.#child.stdout },
        { stream: 'stderr' as const, readable: this.#child.stderr },
      ].flatMap(({ stream, readable }) => (readable === null ? [] : [{ stream, readable }])),
    );
    if (options.tty) {
      const split = splitFirstLine(frames);
      this.#terminal = split.line;
      this.#output = split.rest;
    } else {
      this.#terminal = Promise.resolve(undefined);
      this.#output = frames;
    }
  }

  /** The client's side. */
  stream(): ExecStream {
    return {
      output: this.#output,
      exitCode: this.exitCode,
      write: (bytes) => this.#write(bytes),
      endInput: () => this.#endInput(),
      resize: (rows, columns) => this.resize(rows, columns),
      close: () => void this.kill(),
    };
  }

  /** Reads the output away, for a process that nobody listens to. */
  async discardOutput(): Promise<void> {
    for await (const { bytes } of this.#output) if (bytes.length === 0) continue;
  }

  async resize(rows: number, columns: number): Promise<void> {
    const path = await this.#terminal;
    if (path === undefined || this.#hasEnded) return;
    const { code, stderr } = await runCommand('stty', ['-F', path, 'rows', String(rows), 'cols', String(columns)]);
    if (code !== 0 && !this.#hasEnded)
      throw new Unavailable('engine-tool-failed', { tool: 'stty', why: stderr.trim() });
  }

  /** Ends the process: of `runc exec` alone the process inside would run on. */
  async kill(): Promise<void> {
    this.#child.stdin?.end();
    if (this.#hasEnded) return;
    // Asked after runc has told who it is: a process whose runc was killed before would stay.
    const identity = await this.started.catch(() => undefined);
    if (identity !== undefined && (await identify(identity.pid))?.startTicks === identity.startTicks)
      killNow(identity.pid);
    // Children that the process left with its pipes would hold runc for ever.
    this.#child.kill('SIGKILL');
    this.#child.stdout?.resume();
    this.#child.stderr?.resume();
  }

  #runcArguments(): string[] {
    const { directory, runcRoot, containerId } = this.#options;
    return [
      ...['--root', runcRoot, '--log', join(directory, 'log'), 'exec', ...(this.#options.tty ? ['--tty'] : [])],
      ...['--pid-file', join(directory, 'pid'), '--process', join(directory, 'process.json'), containerId],
    ];
  }

  #spawnWithPipes(): ChildProcess {
    const { stdin, stdout, stderr, runcPath } = this.#options;
    const pipe = (wanted: boolean): 'pipe' | 'ignore' => (wanted ? 'pipe' : 'ignore');
    const stdio = [pipe(stdin), pipe(stdout), pipe(stderr)];
    return spawn(runcPath, this.#runcArguments(), { stdio, env: TOOL_ENVIRONMENT });
  }

  /**
   * The outer terminal is raw and silent before anything is typed, since runc passes everything on to the inner one. Its name comes
   * as the first line of the output.
   */
  #spawnWithTerminal(): ChildProcess {
    const { size, runcPath } = this.#options;
    const [rows, columns] = size ?? [0, 0];
    const sizing = rows > 0 && columns > 0 ? ` rows ${rows} cols ${columns}` : '';
    const line = `stty raw -echo${sizing}; tty; exec ${[runcPath, ...this.#runcArguments()].map(quote).join(' ')}`;
    return spawn('script', ['--quiet', '--return', '--flush', '--command', line, '/dev/null'], {
      stdio: [this.#options.stdin ? 'pipe' : 'ignore', 'pipe', 'ignore'],
      env: { ...TOOL_ENVIRONMENT, SHELL: '/bin/sh', TERM: 'xterm' },
    });
  }

  /** A terminal has no end of file of its own, and script(1) would take one as its own end, losing output and exit code. */
  #endInput(): void {
    if (!this.#options.tty) this.#child.stdin?.end();
  }

  async #write(bytes: Uint8Array): Promise<void> {
    await this.#terminal; // Typed before the terminal is raw, it would be echoed twice.
    const { stdin } = this.#child;
    if (stdin === null || stdin.destroyed || this.#hasEnded) throw new Unavailable('exec-input-closed');
    await new Promise<void>((resolve, reject) => {
      stdin.write(bytes, (cause) => (cause ? reject(new Unavailable('exec-input-closed', { cause })) : resolve()));
    });
  }

  async #awaitStart(ended: Promise<number>): Promise<ProcessIdentity> {
    const { directory } = this.#options;
    const changed = Promise.withResolvers<void>();
    this.#watcher = watch(directory, (_event, name) => {
      if (name === 'pid') changed.resolve();
    });
    this.#watcher.on('error', () => changed.resolve());
    try {
      await Promise.race([changed.promise, ended]);
      const pid = Number(await readIfThere(join(directory, 'pid')));
      if (pid > 0) return (await identify(pid)) ?? { pid, startTicks: '' };
      await ended;
      const late = Number(await readIfThere(join(directory, 'pid')));
      if (late > 0) return { pid: late, startTicks: '' };
      throw new Refusal('exec-failed', { why: await this.#failure() });
    } finally {
      this.#watcher.close();
    }
  }

  async #failure(): Promise<string> {
    return runcMessage((await readIfThere(join(this.#options.directory, 'log'))) ?? '').replace(/^exec failed: /, '');
  }

  /** runc's own failures are 255 whatever they were; shells and Docker tell "not found" from "not executable". */
  async #judge(ended: Promise<number>): Promise<number> {
    const code = await ended;
    const failure = await this.started.then(
      () => undefined,
      (cause: unknown) => String(cause),
    );
    if (failure === undefined) return code;
    return /not found|no such file/i.test(failure) ? 127 : 126;
  }
}
