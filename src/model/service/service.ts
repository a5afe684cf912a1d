import type { NetworkId, ServiceId, TaskId } from '../ids.ts';
import type { Integer } from '../json/schema.ts';
import type { InternalMeta, Meta, Timestamp } from '../meta.ts';
import type { EndpointSpec, PortConfig, ServiceSpec, TaskSpec } from './service-spec.ts';

export type UpdateState =
  | 'updating'
  | 'paused'
  | 'completed'
  | 'rollback_started'
  | 'rollback_paused'
  | 'rollback_completed';

export interface UpdateStatus {
  readonly State: UpdateState;
  readonly StartedAt: Timestamp;
  readonly CompletedAt?: Timestamp;
  readonly Message: string;
}

export interface Endpoint {
  readonly Spec?: EndpointSpec;
  readonly Ports?: readonly PortConfig[];
  readonly VirtualIPs?: ReadonlyArray<{ readonly NetworkID: NetworkId; readonly Addr: string }>;
}

/** Credentials that a client sent for pulling this service's image: the value of X-Registry-Auth as sent. */
export interface PullCredentials {
  readonly RegistryAuth: string;
}

export interface ServiceInternal extends InternalMeta {
  /** Log index of the accepted spec: with the service's id it names the task template. Equals `Version.Index` at that time. */
  readonly SpecVersion: number;
  /** The template that `PreviousSpec` had, for rollback. */
  readonly PreviousSpecVersion?: number;
  readonly Credentials?: PullCredentials;
  readonly PreviousCredentials?: PullCredentials;
  /** How the roll-out of the current spec fares; a new spec begins a new one. */
  readonly Rollout?: Rollout;
}

/** What a roll-out's next leader must know of it: the failure ratio is counted over both. */
export interface Rollout {
  /** `Version.Index` of the service when its spec was accepted. */
  readonly Version: number;
  /** Slots that were to be changed when it began. */
  readonly Slots: number;
  /** Tasks of this roll-out that ended before or within the monitor period. */
  readonly Failed: readonly TaskId[];
}

export interface Service extends Meta {
  readonly ID: ServiceId;
  readonly Spec: ServiceSpec;
  readonly PreviousSpec?: ServiceSpec;
  readonly Endpoint?: Endpoint;
  readonly UpdateStatus?: UpdateStatus;
  readonly JobStatus?: { readonly JobIteration: { readonly Index: number }; readonly LastExecution?: Timestamp };
  readonly Internal: ServiceInternal;
}

/**
 * What all tasks of one spec version of a service share: immutable, kept while the service or a task refers to it.
 * Key in the store: `templateKey(ServiceID, SpecVersion)`.
 */
export interface TaskTemplate {
  readonly ServiceID: ServiceId;
  readonly SpecVersion: number;
  /** The service's name and labels then, for container labels and names. */
  readonly ServiceName: string;
  readonly ServiceLabels?: Readonly<Record<string, string>>;
  readonly Spec: TaskSpec;
  readonly EndpointSpec?: EndpointSpec;
  readonly Credentials?: PullCredentials;
  readonly Internal: InternalMeta;
}

export type { Integer };
