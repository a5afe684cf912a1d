import type { Readable, Writable } from 'node:stream';
import type { ContainerCreate, ContainerInspect, ContainerLogOptions, ContainerLogRecord } from '../../engine/index.ts';
import type { Filters } from '../filters.ts';

/** A document of the Engine API, as the engine made it: shown as it is. */
export type Document = Readonly<Record<string, unknown>>;

/** One line of a progress stream (`docker pull`, `docker load`). */
export type ProgressLine = Document;

export interface ExecCreate {
  readonly Cmd: readonly string[];
  readonly Env?: readonly string[];
  readonly User?: string;
  readonly WorkingDir?: string;
  readonly Tty: boolean;
  readonly AttachStdin: boolean;
  readonly AttachStdout: boolean;
  readonly AttachStderr: boolean;
  readonly Privileged: boolean;
}

/** A running process as a client is connected to it. */
export interface ProcessStream {
  /** Its input; ending it is the client's half-close. Absent when the process has none. */
  readonly stdin: Writable | undefined;
  /** What it writes; ends when it has ended and all was read. With a terminal all is `stdout`. */
  readonly output: AsyncIterable<{ readonly stream: 'stdout' | 'stderr'; readonly bytes: Uint8Array }>;
  /** The client went away: lets go of the process as Docker does. */
  close(): void;
}

export interface TerminalSize {
  readonly rows: number;
  readonly columns: number;
}

/** Containers and what runs in them. All `id`s may be names or prefixes. Errors are refusals with Docker's texts. */
export interface LocalContainers {
  list(options: {
    readonly all: boolean;
    readonly limit?: number;
    readonly filters: Filters;
  }): Promise<readonly Document[]>;
  inspect(id: string): Promise<(ContainerInspect & Document) | undefined>;
  create(
    name: string,
    create: ContainerCreate,
    signal: AbortSignal,
  ): Promise<{ readonly Id: string; readonly Warnings: readonly string[] }>;
  start(id: string, signal: AbortSignal): Promise<void>;
  /** `graceMs` and `stopSignal` absent = the container's own. False when it was stopped already. */
  stop(
    id: string,
    options: { readonly graceMs?: number; readonly stopSignal?: string },
    signal: AbortSignal,
  ): Promise<boolean>;
  kill(id: string, signalName: string): Promise<void>;
  remove(
    id: string,
    options: { readonly force: boolean; readonly volumes: boolean },
    signal: AbortSignal,
  ): Promise<void>;
  wait(id: string, condition: 'not-running' | 'next-exit' | 'removed', signal: AbortSignal): Promise<number>;
  logs(id: string, options: ContainerLogOptions, signal: AbortSignal): AsyncIterable<ContainerLogRecord>;
  attach(
    id: string,
    options: { readonly stdin: boolean; readonly logs: boolean },
    signal: AbortSignal,
  ): Promise<ProcessStream>;
  resize(id: string, size: TerminalSize): Promise<void>;
  createExec(id: string, create: ExecCreate): Promise<string>;
  inspectExec(execId: string): Promise<Document | undefined>;
  /** Starts it and leaves it alone. */
  startDetached(execId: string): Promise<void>;
  startExec(
    execId: string,
    options: { readonly tty: boolean; readonly size?: TerminalSize },
    signal: AbortSignal,
  ): Promise<ProcessStream>;
  resizeExec(execId: string, size: TerminalSize): Promise<void>;
}

/** Images. `reference` is a name, digest, id or prefix of one. */
export interface LocalImages {
  list(options: { readonly all: boolean; readonly filters: Filters }): Promise<readonly Document[]>;
  inspect(reference: string): Promise<Document | undefined>;
  history(reference: string): Promise<readonly Document[]>;
  tag(reference: string, target: string): Promise<void>;
  remove(
    reference: string,
    options: { readonly force: boolean; readonly noPrune: boolean },
  ): Promise<readonly Document[]>;
  pull(
    reference: string,
    options: { readonly registryAuth?: string; readonly platform?: string },
    signal: AbortSignal,
  ): AsyncIterable<ProgressLine>;
  import(
    archive: Readable,
    options: {
      readonly reference?: string;
      readonly message?: string;
      readonly changes: readonly string[];
      readonly platform?: string;
    },
    signal: AbortSignal,
  ): AsyncIterable<ProgressLine>;
  load(archive: Readable, options: { readonly quiet: boolean }, signal: AbortSignal): AsyncIterable<ProgressLine>;
  /** What a registry says of an image, for clients that pin digests. */
  distribution(reference: string, registryAuth: string | undefined, signal: AbortSignal): Promise<Document>;
}

/** What the daemon's own engine offers to the docker CLI besides running tasks. */
export interface LocalEngine {
  readonly containers: LocalContainers;
  readonly images: LocalImages;
}
