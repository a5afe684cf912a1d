import type { ContainerId } from '../../model/index.ts';

/** A process to run in a running container, in the shape of `POST /containers/{id}/exec`. */
export interface ExecCreate {
  readonly Cmd: readonly string[];
  readonly AttachStdin?: boolean;
  readonly AttachStdout?: boolean;
  readonly AttachStderr?: boolean;
  readonly Tty?: boolean;
  readonly Env?: readonly string[];
  readonly User?: string;
  readonly WorkingDir?: string;
  readonly Privileged?: boolean;
  readonly DetachKeys?: string;
  /** Height and width of the terminal. */
  readonly ConsoleSize?: readonly [number, number];
}

/** 64 hex digits. */
export type ExecId = string & { readonly brand: 'ExecId' };

/** A piece of output; with a terminal everything is `stdout`. */
export interface OutputFrame {
  readonly stream: 'stdout' | 'stderr';
  readonly bytes: Uint8Array;
}

/**
 * A process that a client talks to. The output is pulled: a client that does not read makes the process wait, as a pipe does.
 * `close` is owed in every case.
 */
export interface ProcessStream {
  /** Resolves when the process's pipe has taken it; rejects when the process reads no more. */
  write(bytes: Uint8Array): Promise<void>;
  /** Half-close: the process reads end of file; its output goes on. No effect on a terminal, whose end of input is typed. */
  endInput(): void;
  /** Ends with the process's output (of both streams). To be iterated once. */
  readonly output: AsyncIterable<OutputFrame>;
  /** Rows and columns of its terminal; no effect without one. */
  resize(rows: number, columns: number): Promise<void>;
  /** The client has gone. An exec's process is killed with it, an attached container runs on. */
  close(): void;
}

export interface ExecStream extends ProcessStream {
  /** Of the process, once it has ended; 128 + signal's number when a signal ended it. */
  readonly exitCode: Promise<number>;
}

/** `GET /exec/{id}/json`. */
export interface ExecInspect {
  readonly ID: ExecId;
  readonly Running: boolean;
  /** null while it has not ended. */
  readonly ExitCode: number | null;
  readonly ProcessConfig: {
    readonly tty: boolean;
    readonly entrypoint: string;
    readonly arguments: readonly string[];
    readonly privileged: boolean;
    readonly user?: string;
  };
  readonly OpenStdin: boolean;
  readonly OpenStderr: boolean;
  readonly OpenStdout: boolean;
  readonly CanRemove: boolean;
  readonly ContainerID: ContainerId;
  readonly DetachKeys: string;
  readonly Pid: number;
}

/** What `docker exec` needs of an engine. */
export interface ExecEngine {
  createExec(container: ContainerId, create: ExecCreate, signal: AbortSignal): Promise<ExecId>;
  /** Runs it with a client on its streams. Each can be started once. */
  startExec(id: ExecId, signal: AbortSignal): Promise<ExecStream>;
  /** Runs it without one; resolves when it has been started. */
  startExecDetached(id: ExecId, signal: AbortSignal): Promise<void>;
  inspectExec(id: ExecId): ExecInspect | undefined;
  resizeExec(id: ExecId, rows: number, columns: number): Promise<void>;
}
