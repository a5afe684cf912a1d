import type { ContainerId, NodeDescription, PullCredentials } from '../../model/index.ts';
import type {
  ContainerCreate,
  ContainerEvent,
  ContainerInspect,
  ContainerLogOptions,
  ContainerLogRecord,
} from './container.ts';

/** Progress of a pull, one line of the Engine API's progress stream. */
export interface PullProgress {
  readonly id?: string;
  readonly status: string;
  readonly progressDetail?: { readonly current?: number; readonly total?: number };
}

export interface PullOptions {
  readonly credentials?: PullCredentials;
  readonly onProgress?: (progress: PullProgress) => void;
  readonly signal: AbortSignal;
}

/**
 * A container engine as the agent drives it. Calls are idempotent where the Engine API's are (starting a running container,
 * stopping a stopped one). Errors: `Refusal` when the engine says that it can't be done (with its own text), `Unavailable` when
 * it did not answer. Every call ends with its `signal`.
 */
export interface Engine {
  readonly kind: 'docker' | 'embedded' | 'simulated';
  /** How many containers it starts best at once; more are queued by the agent. */
  readonly startParallelism: number;
  /** The machine and engine as node descriptions show them; the daemon fills TLSInfo. */
  describe(signal: AbortSignal): Promise<NodeDescription>;
  /** Whether the image is here, by name, digest or id; its id and digests if so. */
  findImage(reference: string, signal: AbortSignal): Promise<EngineImage | undefined>;
  pullImage(reference: string, options: PullOptions): Promise<EngineImage>;
  /** Makes the container without starting it. `name` is unique; a taken one is `Refusal('container-name-taken')`. */
  createContainer(name: string, create: ContainerCreate, options: CreateOptions): Promise<ContainerId>;
  startContainer(id: ContainerId, signal: AbortSignal): Promise<void>;
  /** Sends the container's stop signal, after `graceMs` SIGKILL; resolves when it has ended. */
  stopContainer(id: ContainerId, graceMs: number, signal: AbortSignal): Promise<void>;
  /** Removes it with its anonymous volumes, killing it first; resolves also when it is gone already. */
  removeContainer(id: ContainerId, signal: AbortSignal): Promise<void>;
  /** `undefined` when there is none. `idOrName` as the Engine API takes it. */
  inspectContainer(idOrName: string, signal: AbortSignal): Promise<ContainerInspect | undefined>;
  /** All containers, running or not, with this label: `key` or `key=value`, as the Engine API filters. */
  listContainers(label: string, signal: AbortSignal): Promise<readonly ContainerInspect[]>;
  /**
   * Events from now on. Yields `'listening'` first, once nothing that happens later can be missed, so that a list read after it
   * completes the picture; throws `Unavailable` when the engine goes away.
   */
  watch(signal: AbortSignal): AsyncIterable<'listening' | ContainerEvent>;
  logs(id: ContainerId, options: ContainerLogOptions, signal: AbortSignal): AsyncIterable<ContainerLogRecord>;
  close(): Promise<void>;
}

export interface CreateOptions {
  /** Path of the network namespace that the container joins; engines that can't take one say so in `takesNetworkNamespace`. */
  readonly networkNamespace?: string;
  readonly signal: AbortSignal;
}

export interface EngineImage {
  /** `sha256:…` of the configuration. */
  readonly id: string;
  readonly repoDigests: readonly string[];
  readonly stopSignal?: string;
}
