import type { Instant } from '../base/index.ts';
import type { DesiredState, TaskStatus } from '../model/index.ts';
import type { ContainerFacts } from './task-facts.ts';

/** Work on the engine. A machine has at most one step under way. `look` finds out what a failed step left behind. */
export type StepKind = 'pull' | 'create' | 'start' | 'stop' | 'remove' | 'look';

/** What a machine learns. */
export type TaskEvent =
  | { readonly kind: 'desired'; readonly state: DesiredState }
  /** No longer assigned: stop, remove the container, forget. */
  | { readonly kind: 'unassigned' }
  /** The engine was asked which containers there are. Nothing is done before the first such answer. */
  | { readonly kind: 'listed'; readonly container: ContainerFacts | undefined; readonly isAfterReboot: boolean }
  /** Something happened to the container and it was looked at; `undefined` = it is gone. */
  | { readonly kind: 'seen'; readonly container: ContainerFacts | undefined }
  | { readonly kind: 'done'; readonly token: number; readonly container: ContainerFacts | undefined }
  /** `temporary`: the same may succeed later. */
  | { readonly kind: 'failed'; readonly token: number; readonly text: string; readonly temporary: boolean }
  /** The engine does not answer; `text` for people. */
  | { readonly kind: 'engineLost'; readonly text: string }
  /** A manager can be told what happened. */
  | { readonly kind: 'managerReached' }
  /** Time has come for what `nextDeadline` named. */
  | { readonly kind: 'wake' };

/** What a machine asks for, in order. */
export type TaskEffect =
  | { readonly kind: 'run'; readonly step: StepKind; readonly token: number }
  /** Give the step up; it still ends with `done` or `failed`. */
  | { readonly kind: 'cancel'; readonly token: number }
  | { readonly kind: 'report'; readonly status: TaskStatus }
  /** The container has ended: its network namespace may go. */
  | { readonly kind: 'releaseNetwork' }
  /** Nothing of the task is left. */
  | { readonly kind: 'forget' };

/** What a machine knows of its task's template. */
export interface TaskPolicy {
  /** Set with a health check: how long STARTING may last before the engine should have judged. */
  readonly healthTimeoutMs?: number;
  /** Without any manager, run it again after a reboot. */
  readonly restartsAlone: boolean;
}

/** One task on its node: value, replaced by every event. */
export interface TaskMachine {
  readonly policy: TaskPolicy;
  readonly status: TaskStatus;
  readonly desired: DesiredState;
  readonly isRemoved: boolean;
  /** The engine has told what there is. */
  readonly isListed: boolean;
  readonly hasImage: boolean;
  readonly container: ContainerFacts | undefined;
  /** A step failed or was given up halfway: what it did is not known. */
  readonly isUnsure: boolean;
  readonly step: { readonly kind: StepKind; readonly token: number; readonly isCancelled: boolean } | undefined;
  readonly nextToken: number;
  /** Failures of the wanted step in a row. */
  readonly failures: number;
  /** Failures to stop that the engine itself spoke out; lead to removal by force. */
  readonly stopRefusals: number;
  readonly retryAt: Instant | undefined;
  /** What the task waits for; shown as `Err` until it goes on. */
  readonly note: string | undefined;
  /** Why the task can't go on at all. */
  readonly fatal: string | undefined;
  /** Why the container is being stopped though the task is still wanted. */
  readonly stopCause: string | undefined;
  readonly healthBy: Instant | undefined;
  /** The container ended because the machine went down, as far as one can tell. */
  readonly diedWithMachine: boolean;
  /** Set while a task that died with the machine waits for a manager, or is started again without one. */
  readonly alone: { readonly phase: 'waiting'; readonly until: Instant } | { readonly phase: 'starting' } | undefined;
}
