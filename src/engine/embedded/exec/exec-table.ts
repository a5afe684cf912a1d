import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Refusal } from '../../../base/index.ts';
import type { ContainerId } from '../../../model/index.ts';
import type { ExecCreate, ExecId, ExecInspect, ExecStream } from '../../port/exec.ts';
import { readAccounts } from '../containers/accounts.ts';
import type { Container } from '../containers/container.ts';
import { workingDirectory } from '../containers/create.ts';
import type { EngineContext } from '../context.ts';
import { killNow, readIfThere } from '../host/process.ts';
import { processRights } from '../security/plan.ts';
import { buildProcess } from '../spec/build.ts';
import { mergeEnvironment } from '../spec/environment.ts';
import { encodeOci } from '../spec/oci.ts';
import { resolveUser } from '../spec/user.ts';
import { ExecSession } from './session.ts';

/** Execs that are remembered; of ended ones the oldest go first. Health checks make many. */
const MAX_REMEMBERED = 1000;

interface Exec {
  readonly id: ExecId;
  readonly container: Container;
  readonly create: ExecCreate;
  session?: ExecSession;
  isStarted: boolean;
  pid: number;
  exitCode: number | null;
}

/** Processes that run in containers beside their first. They live with the daemon: what a crash left is ended at the next start. */
export class ExecTable {
  readonly #context: EngineContext;
  readonly #directory: string;
  readonly #execs = new Map<ExecId, Exec>();

  constructor(context: EngineContext) {
    this.#context = context;
    this.#directory = join(context.runDirectory, 'exec');
  }

  /** Ends what an earlier daemon left: nobody holds its pipes any more. */
  async recover(): Promise<void> {
    await mkdir(this.#directory, { recursive: true, mode: 0o700 });
    for (const name of await readdir(this.#directory)) {
      const pid = Number(await readIfThere(join(this.#directory, name, 'pid')));
      const container = name.slice(0, 64);
      // The number may belong to somebody else by now: only a process in the container's group is meant.
      if (pid > 0 && (await readIfThere(`/proc/${pid}/cgroup`))?.includes(container)) killNow(pid);
      await rm(join(this.#directory, name), { recursive: true, force: true });
    }
  }

  create(container: Container, create: ExecCreate): ExecId {
    if (create.Cmd.length === 0) throw new Refusal('exec-no-command');
    if (create.Privileged) throw new Refusal('container-field-not-built', { field: 'Privileged', value: true });
    if (!container.isRunning) throw new Refusal('container-not-running', { id: container.record.id });
    this.#forgetOld();
    const id = Buffer.from(this.#context.random.bytes(32)).toString('hex') as ExecId;
    this.#execs.set(id, { id, container, create, isStarted: false, pid: 0, exitCode: null });
    this.#context.events.emit(container.record, `exec_create: ${create.Cmd.join(' ')}`, { execID: id });
    return id;
  }

  /** Runs it with a client on its streams. What runc refuses comes as the client's output and exit code 126 or 127. */
  async start(id: ExecId, signal: AbortSignal): Promise<ExecStream> {
    signal.throwIfAborted();
    return (await this.#run(id, false)).stream();
  }

  /** Runs it without a client; rejects with runc's text when it can't be run. */
  async startDetached(id: ExecId, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const session = await this.#run(id, true);
    session.discardOutput().catch((cause: unknown) => this.#context.log.warn({ exec: id, cause }, 'exec output'));
    await session.started;
  }

  inspect(id: ExecId): ExecInspect | undefined {
    const exec = this.#execs.get(id);
    if (exec === undefined) return undefined;
    const { create } = exec;
    return {
      ID: id,
      Running: exec.isStarted && exec.exitCode === null,
      ExitCode: exec.exitCode,
      ProcessConfig: {
        tty: create.Tty === true,
        entrypoint: create.Cmd[0] ?? '',
        arguments: create.Cmd.slice(1),
        privileged: false,
        ...(create.User ? { user: create.User } : {}),
      },
      OpenStdin: create.AttachStdin === true,
      OpenStderr: create.AttachStderr === true,
      OpenStdout: create.AttachStdout === true,
      CanRemove: exec.exitCode !== null,
      ContainerID: exec.container.record.id,
      DetachKeys: create.DetachKeys ?? '',
      Pid: exec.pid,
    };
  }

  async resize(id: ExecId, rows: number, columns: number): Promise<void> {
    const exec = this.#require(id);
    if (exec.session === undefined) throw new Refusal('container-not-running', { id: exec.container.record.id });
    await exec.session.resize(rows, columns);
  }

  /** Ids of the container's execs that run. */
  runningIn(container: ContainerId): ExecId[] {
    return [...this.#execs.values()]
      .filter((exec) => exec.container.record.id === container && exec.isStarted && exec.exitCode === null)
      .map((exec) => exec.id);
  }

  async close(): Promise<void> {
    await Promise.all([...this.#execs.values()].map((exec) => exec.session?.kill()));
  }

  #require(id: ExecId): Exec {
    const exec = this.#execs.get(id);
    if (exec === undefined) throw new Refusal('exec-unknown', { id });
    return exec;
  }

  async #run(id: ExecId, isDetached: boolean): Promise<ExecSession> {
    const exec = this.#require(id);
    const { container, create } = exec;
    if (exec.isStarted) throw new Refusal('exec-started-already', { id });
    if (!container.isRunning) throw new Refusal('container-not-running', { id: container.record.id });
    exec.isStarted = true;
    const directory = join(this.#directory, `${container.record.id}-${id.slice(0, 16)}`);
    try {
      await mkdir(directory, { mode: 0o700 });
      await writeFile(join(directory, 'process.json'), await this.#processDocument(exec));
    } catch (cause) {
      exec.exitCode = 126;
      throw cause;
    }
    const { runc } = this.#context;
    const session = new ExecSession({
      directory,
      runcPath: runc.path,
      runcRoot: runc.root,
      containerId: container.record.id,
      tty: create.Tty === true,
      stdin: create.AttachStdin === true && !isDetached,
      stdout: create.AttachStdout === true && !isDetached,
      stderr: create.AttachStderr === true && !isDetached,
      ...(create.ConsoleSize === undefined ? {} : { size: create.ConsoleSize }),
    });
    exec.session = session;
    this.#follow(exec, session, directory);
    return session;
  }

  #follow(exec: Exec, session: ExecSession, directory: string): void {
    const { record } = exec.container;
    const told = { execID: exec.id };
    const onStart = (process: { readonly pid: number }): void => {
      exec.pid = process.pid;
      this.#context.events.emit(record, `exec_start: ${exec.create.Cmd.join(' ')}`, told);
    };
    // A failure to start is told by `exitCode`, which is never rejected.
    session.started.then(onStart, () => undefined);
    session.exitCode
      .then(async (code) => {
        exec.exitCode = code;
        exec.pid = 0;
        this.#context.events.emit(record, 'exec_die', { ...told, exitCode: String(code) });
        await rm(directory, { recursive: true, force: true });
      })
      .catch((cause: unknown) => this.#context.log.warn({ exec: exec.id, cause }, 'exec end'));
  }

  async #processDocument({ container, create }: Exec): Promise<string> {
    const { record, bundle } = container;
    const groups = record.create.HostConfig?.GroupAdd ?? [];
    const user = create.User
      ? resolveUser(create.User, groups, await readAccounts([join(bundle, 'upper'), ...record.image.layers]))
      : record.user;
    const tty = create.Tty === true;
    const own = { hostname: record.hostname, tty, home: user.home };
    const process = buildProcess({
      ...processRights(this.#context.host, record.create),
      args: create.Cmd,
      env: mergeEnvironment(own, record.image.config.Env ?? [], record.create.Env ?? [], create.Env ?? []),
      cwd: create.WorkingDir || workingDirectory(record.create, record.image.config),
      tty,
      user,
    });
    const [height, width] = create.ConsoleSize ?? [0, 0];
    return encodeOci(height > 0 && width > 0 ? { ...process, consoleSize: { height, width } } : process);
  }

  #forgetOld(): void {
    for (const [id, exec] of this.#execs) {
      if (this.#execs.size < MAX_REMEMBERED) return;
      if (exec.exitCode !== null || !exec.isStarted) this.#execs.delete(id);
    }
  }
}
