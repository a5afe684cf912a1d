import { assert, type Cancel, type Clock, type Instant, Unavailable } from '../base/index.ts';
import {
  encodeTransaction,
  joinEntry,
  MAX_TRANSACTION_BYTES,
  type Outcome,
  sizeInEntry,
  type Transaction,
  type View,
} from '../store/index.ts';
import type { ReplicatedLog } from './consensus.ts';
import type { StoreMachine } from './log/store-machine.ts';

/** Who proposes. Each kind waits in a lane of its own and gets its turn in every entry, so that none can keep the others out. */
export type Lane = 'request' | 'control' | 'status';

const lanes: readonly Lane[] = ['request', 'control', 'status'];

/** Transactions that may wait in one lane: about a second's worth. More are refused with `queue-full`. */
export const MAX_LANE_TRANSACTIONS = 10_000;

/** Bytes that may wait in one lane: 20 of the largest entries. */
export const MAX_LANE_BYTES = 32_000_000;

/** Changes of one entry: decoding and applying 500 takes 5 ms (bench `store`), and nothing else runs meanwhile. */
export const MAX_ENTRY_CHANGES = 500;

/** How long an entry may take to commit, ms, before its proposers are told that its outcome is unknown. Swarm's limit of an action. */
export const PROPOSE_TIMEOUT_MS = 20_000;

export interface ProposerOptions {
  readonly log: ReplicatedLog;
  readonly machine: StoreMachine;
  readonly view: View;
  readonly clock: Clock;
  /** Store time for the next entry. */
  readonly storeNow: () => Instant;
}

interface Item {
  readonly bytes: Uint8Array;
  readonly changes: number;
  readonly resolve: (outcome: Outcome) => void;
  readonly reject: (error: unknown) => void;
  /** Settled already: by the caller's signal or a timeout. */
  isDone: boolean;
  /** Leaves the caller's signal. */
  detach: Cancel | undefined;
}

interface Queue {
  readonly items: Item[];
  bytes: number;
}

/**
 * The one way to change the store. Transactions that arrive while an entry is on its way share the next one. A promise resolves with
 * what became of the transaction, applied or the precondition that failed; it rejects with an `Unavailable` when it is not in the log
 * (`queue-full`, `log-disk-full`, `manager-stopping`, …), or with `outcome-unknown` when it may be: then it must not be repeated.
 */
export class Proposer {
  readonly #options: ProposerOptions;
  readonly #queues: Readonly<Record<Lane, Queue>> = {
    request: { items: [], bytes: 0 },
    control: { items: [], bytes: 0 },
    status: { items: [], bytes: 0 },
  };
  #isSending = false;
  #isClosed = false;

  constructor(options: ProposerOptions) {
    this.#options = options;
  }

  /** Builds a transaction on the current view and submits it. What `build` throws comes out unchanged. */
  async update(build: (view: View, now: Instant) => Transaction, signal?: AbortSignal): Promise<Outcome> {
    signal?.throwIfAborted();
    return this.submit(build(this.#options.view, this.#options.storeNow()), 'request', signal);
  }

  /** Rejects with `transaction-too-large` where no entry can hold it. */
  async submit(transaction: Transaction, lane: Lane, signal?: AbortSignal): Promise<Outcome> {
    const queue = this.#queues[lane];
    const bytes = encodeTransaction(transaction);
    const refusal = this.#refusal(queue, bytes.length);
    if (refusal !== undefined) throw refusal;
    return new Promise((resolve, reject) => {
      const item: Item = {
        bytes,
        changes: transaction.changes.length,
        resolve,
        reject,
        isDone: false,
        detach: undefined,
      };
      queue.items.push(item);
      queue.bytes += bytes.length;
      if (signal !== undefined) giveUpOn(signal, item, () => queue.items.includes(item));
      this.#wake();
    });
  }

  /** Several in order, in one entry when they fit; each has its own outcome. */
  submitAll(transactions: readonly Transaction[], lane: Lane): Promise<PromiseSettledResult<Outcome>[]> {
    return Promise.allSettled(transactions.map((transaction) => this.submit(transaction, lane)));
  }

  /** Refuses what comes from now on and what waits; what is on its way gets its outcome. */
  close(): void {
    this.#isClosed = true;
    this.#rejectWaiting(new Unavailable('manager-stopping'));
  }

  #refusal(queue: Queue, bytes: number): Error | undefined {
    if (this.#isClosed) return new Unavailable('manager-stopping');
    if (this.#options.log.leadership().role !== 'leader') return new Unavailable('no-leader');
    if (queue.items.length < MAX_LANE_TRANSACTIONS && queue.bytes + bytes <= MAX_LANE_BYTES) return undefined;
    return new Unavailable('queue-full', { what: 'the cluster state', limit: queue.items.length });
  }

  #wake(): void {
    if (this.#isSending) return;
    this.#isSending = true;
    // In a later microtask: what is submitted in the same turn shares the entry.
    Promise.resolve().then(() => this.#sendAll());
  }

  async #sendAll(): Promise<void> {
    for (let batch = this.#takeBatch(); batch.length > 0; batch = this.#takeBatch()) await this.#send(batch);
    // In the same step as the look that found nothing, so that what is submitted next wakes it again.
    this.#isSending = false;
  }

  async #send(batch: readonly Item[]): Promise<void> {
    const { log, machine, view, storeNow } = this.#options;
    const stopTimer = this.#startTimer(batch);
    try {
      const epoch = view.cluster()?.Internal.Epoch ?? 1;
      const header = { epoch, storeTime: storeNow() };
      const { index } = await log.propose(
        joinEntry(
          header,
          batch.map(({ bytes }) => bytes),
        ),
      );
      const outcomes = machine.takeOutcomes(index);
      for (const [at, item] of batch.entries()) {
        const outcome = outcomes?.[at];
        if (outcome === undefined) settle(item, () => item.reject(new Unavailable('outcome-unknown')));
        else settle(item, () => item.resolve(outcome));
      }
    } catch (error) {
      for (const item of batch) settle(item, () => item.reject(error));
    } finally {
      stopTimer();
    }
  }

  /**
   * A log that does not answer must not hold its callers: what is on its way may still come, what waits never went. Looks again as
   * long as the log hangs, for those who come meanwhile.
   */
  #startTimer(batch: readonly Item[]): Cancel {
    const wait = (): Cancel =>
      this.#options.clock.after(PROPOSE_TIMEOUT_MS, () => {
        for (const item of batch) settle(item, () => item.reject(new Unavailable('outcome-unknown')));
        this.#rejectWaiting(new Unavailable('deadline-passed', { what: 'the change', timeoutMs: PROPOSE_TIMEOUT_MS }));
        cancel = wait();
      });
    let cancel = wait();
    return () => cancel();
  }

  #rejectWaiting(error: Error): void {
    for (const lane of lanes) {
      const queue = this.#queues[lane];
      queue.bytes = 0;
      for (const item of queue.items.splice(0)) settle(item, () => item.reject(error));
    }
  }

  /** The next entry: one transaction of each lane in turn, in the order of each lane, until a limit is reached. */
  #takeBatch(): readonly Item[] {
    const batch: Item[] = [];
    const taken: Record<Lane, number> = { request: 0, control: 0, status: 0 };
    let changes = 0;
    let bytes = 0;
    for (let isFull = false, found = true; found && !isFull; ) {
      found = false;
      for (const lane of lanes) {
        const item = this.#queues[lane].items[taken[lane]];
        if (item === undefined) continue;
        const size = sizeInEntry(item.bytes);
        isFull =
          batch.length > 0 && (bytes + size > MAX_TRANSACTION_BYTES || changes + item.changes > MAX_ENTRY_CHANGES);
        if (isFull) break;
        found = true;
        taken[lane]++;
        if (item.isDone) continue;
        batch.push(item);
        bytes += size;
        changes += item.changes;
      }
    }
    for (const lane of lanes) this.#drop(lane, taken[lane]);
    return batch;
  }

  #drop(lane: Lane, count: number): void {
    if (count === 0) return;
    const queue = this.#queues[lane];
    for (const { bytes } of queue.items.splice(0, count)) queue.bytes -= bytes.length;
    assert(queue.bytes >= 0, 'the bytes of a lane are those of its transactions', { lane });
  }
}

function settle(item: Item, how: () => void): void {
  if (item.isDone) return;
  item.isDone = true;
  item.detach?.();
  how();
}

/** Lets the caller go when its signal fires: nothing was changed while the transaction waits; afterwards nobody can say. */
function giveUpOn(signal: AbortSignal, item: Item, isWaiting: () => boolean): void {
  const onAbort = () => {
    settle(item, () => item.reject(new Unavailable(isWaiting() ? 'request-cancelled' : 'outcome-unknown')));
  };
  if (signal.aborted) {
    onAbort();
    return;
  }
  signal.addEventListener('abort', onAbort, { once: true });
  item.detach = () => signal.removeEventListener('abort', onAbort);
}
