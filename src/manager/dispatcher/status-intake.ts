import { type Clock, type Instant, messageOf, Refusal, Unavailable } from '../../base/index.ts';
import {
  compareStates,
  equalCanonical,
  type NodeId,
  type Task,
  type TaskId,
  type TaskStatus,
} from '../../model/index.ts';
import type { Outcome, Transaction, View } from '../../store/index.ts';
import type { Proposer } from '../proposer.ts';
import type { ManagerLog } from '../turns.ts';
import type { Session } from './session.ts';

/** Statuses of one batch. A node with as many tasks would take minutes to start them all anyway. */
export const MAX_BATCH_STATUSES = 5_000;

/** Batches of one session that may wait for their acknowledgement. */
export const MAX_WAITING_BATCHES = 16;

/** Rest, ms, after statuses could not be written (disk full, no leader). */
const REFUSED_REST_MS = 1_000;

export interface StatusBatch {
  readonly session: Session;
  readonly batch: number;
  readonly statuses: ReadonlyArray<{ readonly taskId: TaskId; readonly status: TaskStatus }>;
}

export interface StatusIntakeOptions {
  readonly view: View;
  readonly proposer: Pick<Proposer, 'submitAll'>;
  readonly clock: Clock;
  readonly storeNow: () => Instant;
  readonly log: ManagerLog;
}

interface Report {
  readonly taskId: TaskId;
  readonly nodeId: NodeId;
  readonly status: TaskStatus;
}

/**
 * Brings what agents report into the store. All batches that arrived since the last proposal go into one; a batch is acknowledged
 * when everything in it is committed, or is of no use: of another node, of a task that is gone, or older than what the store has.
 */
export class StatusIntake {
  readonly #options: StatusIntakeOptions;
  readonly #waitingOf = new Map<Session, number>();
  #batches: StatusBatch[] = [];
  #isWriting = false;
  #isStopped = false;

  constructor(options: StatusIntakeOptions) {
    this.#options = options;
  }

  start(): void {
    this.#isStopped = false;
  }

  stop(): void {
    this.#isStopped = true;
    this.#batches = [];
    this.#waitingOf.clear();
  }

  /** Takes a batch. False when the session sends more than it may: it must end. */
  add(batch: StatusBatch): boolean {
    const waiting = this.#waitingOf.get(batch.session) ?? 0;
    if (waiting >= MAX_WAITING_BATCHES || batch.statuses.length > MAX_BATCH_STATUSES) return false;
    this.#waitingOf.set(batch.session, waiting + 1);
    this.#batches.push(batch);
    if (!this.#isWriting) {
      this.#isWriting = true;
      // In a later microtask: what arrives in the same turn goes into the same proposal.
      Promise.resolve().then(() => this.#writeAll());
    }
    return true;
  }

  async #writeAll(): Promise<void> {
    while (this.#batches.length > 0 && !this.#isStopped) {
      const batches = this.#batches.splice(0);
      let reports = merged(batches);
      while (reports.length > 0 && !this.#isStopped) reports = await this.#write(reports);
      if (!this.#isStopped) for (const batch of batches) this.#acknowledge(batch);
    }
    this.#isWriting = false;
  }

  #acknowledge({ session, batch }: StatusBatch): void {
    const waiting = (this.#waitingOf.get(session) ?? 1) - 1;
    if (waiting > 0) this.#waitingOf.set(session, waiting);
    else this.#waitingOf.delete(session);
    session.send({ kind: 'statusesAck', batch });
  }

  /** One proposal; returns the reports that are to be tried again. */
  async #write(reports: readonly Report[]): Promise<Report[]> {
    const { view, proposer, storeNow, log } = this.#options;
    const now = storeNow();
    const tried: Report[] = [];
    const transactions: Transaction[] = [];
    for (const report of reports) {
      const transaction = transactionFor(view, report, now);
      if (transaction === undefined) continue;
      tried.push(report);
      transactions.push(transaction);
    }
    if (transactions.length === 0) return [];
    const results = await proposer.submitAll(transactions, 'status');
    const refused = results.find((result) => result.status === 'rejected' && result.reason instanceof Unavailable);
    if (refused?.status === 'rejected' && !this.#isStopped) {
      log.warn({ reports: tried.length, error: messageOf(refused.reason) }, 'task statuses not written');
      await this.#rest();
    }
    return tried.filter((report, at) => this.#isToRetry(results[at], report));
  }

  #isToRetry(result: PromiseSettledResult<Outcome> | undefined, { taskId }: Report): boolean {
    if (result === undefined) return true;
    if (result.status === 'fulfilled') return !result.value.applied;
    if (result.reason instanceof Refusal && !(result.reason instanceof Unavailable)) {
      // It will never fit; the batch must not wait for it for ever.
      this.#options.log.error({ taskId, error: messageOf(result.reason) }, 'task status dropped');
      return false;
    }
    return true;
  }

  #rest(): Promise<void> {
    return new Promise((resolve) => {
      this.#options.clock.after(REFUSED_REST_MS, resolve);
    });
  }
}

/** One report a task: of several, the last of the furthest state. */
function merged(batches: readonly StatusBatch[]): Report[] {
  const reports = new Map<string, Report>();
  for (const { session, statuses } of batches) {
    for (const { taskId, status } of statuses) {
      const key = `${session.nodeId}/${taskId}`;
      const known = reports.get(key);
      if (known !== undefined && compareStates(status.State, known.status.State) < 0) continue;
      reports.set(key, { taskId, nodeId: session.nodeId, status });
    }
  }
  return [...reports.values()];
}

function transactionFor(view: View, { taskId, nodeId, status }: Report, now: Instant): Transaction | undefined {
  const task = view.get('task', taskId);
  if (task === undefined || task.NodeID !== nodeId || !isNews(task, status)) return undefined;
  // News of the state that it is in already (a later message, a health report) must not make it look younger.
  const AppliedAt = status.State === task.Status.State ? task.Internal.AppliedAt : now;
  const object: Task = { ...task, Status: status, Internal: { ...task.Internal, AppliedAt } };
  return {
    preconditions: [{ kind: 'revision', table: 'task', id: taskId, revision: task.Internal.Revision }],
    changes: [{ kind: 'put', table: 'task', object }],
  };
}

/** An observed state never goes down; `remove` and `orphaned` are not an agent's to say. */
function isNews(task: Task, status: TaskStatus): boolean {
  if (status.State === 'remove' || status.State === 'orphaned') return false;
  return compareStates(status.State, task.Status.State) >= 0 && !equalCanonical(status, task.Status);
}
