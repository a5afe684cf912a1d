import type { Instant } from '../../base/index.ts';
import type { ContainerId, NetworkId, NodeId, ServiceId, TaskId } from '../ids.ts';
import type { InternalMeta, Meta, Timestamp } from '../meta.ts';
import type { GenericResource, PortConfig } from '../service/service-spec.ts';
import type { DesiredState, TaskState } from './states.ts';

export interface ContainerStatus {
  readonly ContainerID: ContainerId;
  readonly PID?: number;
  readonly ExitCode?: number;
}

export interface TaskStatus {
  /** When the observer saw it, by its own clock. */
  readonly Timestamp: Timestamp;
  readonly State: TaskState;
  /** Why the task is where it is; never empty. */
  readonly Message: string;
  readonly Err?: string;
  readonly ContainerStatus?: ContainerStatus;
  readonly PortStatus?: { readonly Ports?: readonly PortConfig[] };
}

export interface TaskInternal extends InternalMeta {
  /** With ServiceID: the key of the task's template. */
  readonly SpecVersion: number;
  /** Store time when the observed state was reached: later news of the same state leave it. Agents' clocks do not decide. */
  readonly AppliedAt: Instant;
  /** A replacement held at desired `ready`: not started before this store time … */
  readonly StartAt?: Instant;
  /** … nor before this older task of the slot has ended, … */
  readonly StartAfter?: TaskId;
  /** … but no later than this store time. */
  readonly StartBy?: Instant;
  /** Created by a roll-out, not by scaling or a restart: its failure counts for the roll-out of the service's version that it is younger than. */
  readonly ByUpdate?: true;
}

/** One attempt to run a slot's container. Its spec is `templates[ServiceID, Internal.SpecVersion]`. */
export interface Task extends Meta {
  readonly ID: TaskId;
  readonly Name?: string;
  readonly Labels?: Readonly<Record<string, string>>;
  readonly ServiceID: ServiceId;
  /** 1 … n in replicated services; 0 in global ones, whose slot is the node. */
  readonly Slot: number;
  readonly NodeID?: NodeId;
  readonly Status: TaskStatus;
  readonly DesiredState: DesiredState;
  readonly NetworksAttachments?: ReadonlyArray<{ readonly Network: NetworkId; readonly Addresses: readonly string[] }>;
  readonly GenericResources?: readonly GenericResource[];
  readonly JobIteration?: { readonly Index: number };
  readonly Internal: TaskInternal;
}
