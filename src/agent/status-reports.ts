import { messageOf } from '../base/index.ts';
import { isTerminal, type TaskId, type TaskStatus } from '../model/index.ts';
import type { StatusOutbox } from './outbox.ts';
import type { AgentLog } from './ports.ts';

export interface StatusReportsOptions {
  readonly outbox: StatusOutbox;
  readonly log: AgentLog;
  /** Resolves when the agent's record, with the statuses as they are now, is durable. */
  readonly save: () => Promise<void>;
  /** The record has changed; nobody waits for it. */
  readonly touch: () => void;
  readonly isHeld: (taskId: TaskId) => boolean;
}

/** Decides when a status may be told: an end once it is durable, the rest at once. */
export class StatusReports {
  readonly #options: StatusReportsOptions;
  /**
   * Statuses of tasks from an earlier process, until the engine was asked: that process may have told more than it had written, and
   * a manager should not hear of a lower state again.
   */
  #heldBack: Map<TaskId, TaskStatus> | undefined = new Map();

  /** Ended tasks whose end is on its way to the disk: not acknowledged, though not in the outbox yet. */
  readonly #beingSaved = new Set<TaskId>();

  constructor(options: StatusReportsOptions) {
    this.#options = options;
  }

  /** `isRestored`: the task is known from an earlier process. */
  report(taskId: TaskId, status: TaskStatus, isRestored: boolean): void {
    const { log, outbox, save, touch } = this.#options;
    if (!isTerminal(status.State)) {
      if (isRestored && this.#heldBack !== undefined) this.#heldBack.set(taskId, status);
      else outbox.put(taskId, status);
      touch();
      return;
    }
    this.#heldBack?.delete(taskId);
    // An end that a manager has heard of must not be undone by a crash of this process: durable first.
    this.#beingSaved.add(taskId);
    const send = () => {
      this.#beingSaved.delete(taskId);
      this.#put(taskId, status);
    };
    save().then(send, (error: unknown) => {
      // A full disk must not keep the cluster from replacing what has ended.
      log.error({ taskId, reason: messageOf(error) }, 'agent state not written');
      send();
    });
  }

  /** A remembered status that no manager has acknowledged. */
  hold(taskId: TaskId, status: TaskStatus): void {
    this.#heldBack?.set(taskId, status);
  }

  /** The engine was asked, or does not answer: what was held back is told. */
  release(): void {
    const heldBack = this.#heldBack;
    this.#heldBack = undefined;
    for (const [taskId, status] of heldBack ?? []) this.#put(taskId, status);
  }

  isPending(taskId: TaskId): boolean {
    const isWaiting = this.#beingSaved.has(taskId) || this.#heldBack?.has(taskId) === true;
    return isWaiting || this.#options.outbox.isPending(taskId);
  }

  /** The managers have forgotten the task. */
  forget(taskId: TaskId): void {
    this.#heldBack?.delete(taskId);
    this.#options.outbox.forget(taskId);
  }

  #put(taskId: TaskId, status: TaskStatus): void {
    if (this.#options.isHeld(taskId)) this.#options.outbox.put(taskId, status);
  }
}
