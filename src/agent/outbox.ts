import type { TaskId, TaskStatus } from '../model/index.ts';

export interface OutboxEntry {
  readonly taskId: TaskId;
  readonly status: TaskStatus;
}

/**
 * Statuses that no manager has acknowledged yet: the last one of each task, at least once. Grows with the tasks of the node, not
 * with what happens to them.
 */
export class StatusOutbox {
  readonly #pending = new Map<TaskId, TaskStatus>();
  #onFilled: () => void = () => undefined;

  /** Called, within `put`, when there is something to send. */
  onFilled(listener: () => void): void {
    this.#onFilled = listener;
  }

  put(taskId: TaskId, status: TaskStatus): void {
    // Taken out first: the order is that of the last change, so that no task waits behind one that changes all the time.
    this.#pending.delete(taskId);
    this.#pending.set(taskId, status);
    this.#onFilled();
  }

  /** Up to `limit` of them, the longest waiting first. They stay until acknowledged. */
  first(limit: number): readonly OutboxEntry[] {
    const entries: OutboxEntry[] = [];
    for (const [taskId, status] of this.#pending) {
      if (entries.length >= limit) break;
      entries.push({ taskId, status });
    }
    return entries;
  }

  /** These are in the store. A task that has changed since stays. */
  acknowledge(entries: readonly OutboxEntry[]): void {
    for (const { taskId, status } of entries) if (this.#pending.get(taskId) === status) this.#pending.delete(taskId);
  }

  isPending(taskId: TaskId): boolean {
    return this.#pending.has(taskId);
  }

  /** The managers have forgotten the task. */
  forget(taskId: TaskId): void {
    this.#pending.delete(taskId);
  }
}
