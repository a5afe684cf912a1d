import type { DesiredState, NodeDescription, NodeId, Task, TaskId, TaskStatus, TaskTemplate } from '../model/index.ts';

/** Where in the cluster's history something was computed. An agent refuses what is older than what it obeyed. */
export interface Fence {
  readonly epoch: number;
  readonly term: number;
  readonly index: number;
}

/** A task as its node needs it: without the server's secrets but for what this node must know to run it. */
export interface AssignedTask {
  readonly ID: TaskId;
  readonly ServiceID: Task['ServiceID'];
  readonly Slot: number;
  readonly NodeID: NodeId;
  readonly SpecVersion: number;
  readonly DesiredState: DesiredState;
  /** The status as the store had it; the agent's own is canonical once it has one. */
  readonly Status: TaskStatus;
  readonly NetworksAttachments?: Task['NetworksAttachments'];
  readonly GenericResources?: Task['GenericResources'];
}

/** What a node should run. A `complete` set replaces all; an `incremental` one builds on the fence it names. */
export interface Assignments {
  readonly kind: 'complete' | 'incremental';
  readonly fence: Fence;
  /**
   * For an increment: the fence of the set that it changes; an agent at another one asks for a complete set. Equal to `fence` in all
   * but the last part of a change that is too large for one message.
   */
  readonly appliesTo?: Fence;
  readonly tasks: readonly AssignedTask[];
  /** Tasks no longer assigned: stop, remove the container, forget. */
  readonly removedTasks: readonly TaskId[];
  /** Templates that the tasks above name and the agent was not sent yet in this session. */
  readonly templates: readonly TaskTemplate[];
  readonly removedTemplates: readonly string[];
}

/** What an agent may say. Everything after `openSession` carries the session's id. */
export type AgentMessage =
  | {
      readonly kind: 'openSession';
      readonly version: 1;
      readonly nodeId: NodeId;
      readonly description: NodeDescription;
      readonly bootId: string;
      /** Set when the agent goes on with assignments it holds. */
      readonly holds?: Fence;
    }
  | { readonly kind: 'heartbeat'; readonly sessionId: string }
  | { readonly kind: 'description'; readonly sessionId: string; readonly description: NodeDescription }
  /** The assignments up to this fence are applied: acknowledged, not merely received. */
  | { readonly kind: 'applied'; readonly sessionId: string; readonly fence: Fence }
  | { readonly kind: 'needComplete'; readonly sessionId: string }
  | {
      readonly kind: 'statuses';
      readonly sessionId: string;
      /** Counts batches of this session, from 1; acknowledged by number. */
      readonly batch: number;
      readonly statuses: ReadonlyArray<{ readonly taskId: TaskId; readonly status: TaskStatus }>;
    };

/** What a manager may say to an agent. */
export type ManagerMessage =
  | { readonly kind: 'session'; readonly version: 1; readonly sessionId: string; readonly heartbeatPeriodMs: number }
  | { readonly kind: 'heartbeatAck'; readonly heartbeatPeriodMs: number }
  | { readonly kind: 'assignments'; readonly assignments: Assignments }
  /** The batch is in the store; the agent may forget it. */
  | { readonly kind: 'statusesAck'; readonly batch: number }
  /** The session is over; `reason` is for people. The agent opens a new one, unless it was removed. */
  | { readonly kind: 'sessionEnded'; readonly reason: string; readonly removed: boolean };
