import type { ContainerId } from '../../model/index.ts';
import type { ContainerInspect } from './container.ts';
import type { Engine } from './engine.ts';
import type { ExecEngine, ProcessStream } from './exec.ts';

/** One message of `GET /events` about a container. */
export interface EngineMessage {
  readonly Type: 'container';
  readonly Action: string;
  readonly Actor: { readonly ID: string; readonly Attributes: Readonly<Record<string, string>> };
  readonly scope: 'local';
  /** Seconds. */
  readonly time: number;
  readonly timeNano: bigint;
  readonly status: string;
  readonly id: string;
  readonly from: string;
}

/** `filters` of the Engine API, decoded: names to lists of values. */
export type ContainerFilters = Readonly<Record<string, readonly string[]>>;

export interface ContainerListOptions {
  /** Also those that do not run. */
  readonly all: boolean;
  readonly limit?: number;
  readonly size?: boolean;
  readonly filters: ContainerFilters;
}

export type WaitCondition = 'not-running' | 'next-exit' | 'removed';

export interface AttachOptions {
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
  /** Begin with what the log has. */
  readonly logs: boolean;
  /** Go on with what comes. */
  readonly stream: boolean;
}

/** What the Engine API's container endpoints need beyond `Engine`, for engines of our own. */
export interface LocalEngine extends Engine, ExecEngine {
  /** Items of `GET /containers/json`, youngest first. */
  listContainerSummaries(options: ContainerListOptions): readonly Readonly<Record<string, unknown>>[];
  /** The id of a container by id, unique prefix or name; refuses as the Engine API does when there is none. */
  findContainer(idOrName: string): ContainerId;
  /** `signal` by name or number. Refuses when the container does not run. */
  killContainer(id: ContainerId, signal: string): Promise<void>;
  /** Resolves with the exit code once the condition holds. */
  waitContainer(id: ContainerId, condition: WaitCondition, signal: AbortSignal): Promise<number>;
  attachContainer(id: ContainerId, options: AttachOptions, signal: AbortSignal): Promise<ProcessStream>;
  resizeContainer(id: ContainerId, rows: number, columns: number): Promise<void>;
  /** The whole document of `GET /containers/{id}/json`. */
  inspectContainer(idOrName: string, signal: AbortSignal): Promise<ContainerInspect | undefined>;
  /** One sample of `GET /containers/{id}/stats?one-shot=1`. */
  containerStats(id: ContainerId): Promise<Readonly<Record<string, unknown>>>;
  /** Events in the Engine API's shape from now on; returns how to take it back. */
  subscribe(listener: (message: EngineMessage) => void): () => void;
}
