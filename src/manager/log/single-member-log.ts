import { assert, type Cancel, Refusal, Unavailable } from '../../base/index.ts';
import type { LogRecord, Recovered, WriteAheadLog } from '../../wal/index.ts';
import type { CommittedEntry, Leadership, ReplicatedLog, StateMachine } from '../consensus.ts';
import type { ManagerLog, NextTurn } from '../turns.ts';
import { SnapshotKeeper } from './snapshot-keeper.ts';

/**
 * Entries that may wait for the append under way; they share the next one, and 8 of the largest fit a frame of the log. The proposer
 * above has one on its way at a time.
 */
export const MAX_WAITING_ENTRIES = 8;

/** Bytes of records applied between two turns of the event loop while recovering: about 10 ms. */
const RECOVERY_SLICE_BYTES = 250_000;

/** What the only member of a cluster votes for. */
const OWN_VOTE = 'self';

export interface SingleMemberLogOptions {
  readonly wal: WriteAheadLog;
  readonly recovered: Recovered;
  readonly machine: StateMachine;
  /** Entries between two snapshots, as the cluster's settings say now. */
  readonly snapshotInterval: () => number;
  /** Bytes of entries after which a snapshot is made sooner; `SNAPSHOT_BYTES` unless a test wants fewer. */
  readonly snapshotBytes?: number;
  /** Called once, when the log or the state can't be trusted any more: the daemon must end. */
  readonly onFatal: (error: Error) => void;
  readonly nextTurn: NextTurn;
  readonly log: ManagerLog;
}

/** What the log keeps of its options: all but what was found on the disk, which may be 64 MB. */
export type LastingOptions = Omit<SingleMemberLogOptions, 'recovered'>;

/** Entries that the newest snapshot does not hold yet. */
export interface Backlog {
  readonly entries: number;
  readonly bytes: number;
}

interface Proposal {
  readonly bytes: Uint8Array;
  readonly resolve: (entry: CommittedEntry) => void;
  readonly reject: (error: Error) => void;
}

/**
 * Recovers the state from the disk and opens the log: the snapshot is restored, what follows it applied, and a new term begun, so
 * that nothing computed before the restart passes for new.
 */
export async function openSingleMemberLog(options: SingleMemberLogOptions): Promise<SingleMemberLog> {
  const { recovered, ...lasting } = options;
  const { wal, machine, nextTurn } = lasting;
  const { snapshot, records, hardState } = recovered;
  if (snapshot !== undefined) await machine.restore(snapshot, snapshot.chunks());
  let sinceTurn = 0;
  for (const record of records) {
    machine.apply([record]);
    sinceTurn += record.bytes.length;
    if (sinceTurn < RECOVERY_SLICE_BYTES) continue;
    sinceTurn = 0;
    await nextTurn();
  }
  const last = records.at(-1) ?? snapshot;
  const term = Math.max(hardState?.term ?? 0, last?.term ?? 0) + 1;
  await wal.append([], { term, vote: OWN_VOTE, commit: last?.index ?? 0 });
  const backlog = { entries: records.length, bytes: records.reduce((sum, record) => sum + record.bytes.length, 0) };
  return new SingleMemberLog(lasting, { term, lastIndex: last?.index ?? 0, backlog });
}

/** The replicated log of one member: what its disk has synced is committed. One append is under way at a time; the rest shares the next. */
export class SingleMemberLog implements ReplicatedLog {
  readonly #options: LastingOptions;
  readonly #term: number;
  readonly #snapshots: SnapshotKeeper;
  readonly #listeners = new Set<(leadership: Leadership) => void>();
  #lastIndex: number;
  #waiting: Proposal[] = [];
  #writing: Promise<void> | undefined;
  #isClosed = false;
  #failure: Error | undefined;

  constructor(options: LastingOptions, start: { term: number; lastIndex: number; backlog: Backlog }) {
    this.#options = options;
    this.#term = start.term;
    this.#lastIndex = start.lastIndex;
    this.#snapshots = new SnapshotKeeper(options, start.backlog, (error) => this.#fail(error));
  }

  propose(bytes: Uint8Array): Promise<CommittedEntry> {
    const refusal = this.#refusal();
    if (refusal !== undefined) return Promise.reject(refusal);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ bytes, resolve, reject });
      this.#writing ??= this.#writeAll();
    });
  }

  /** What is committed is applied in the same step, so that there is nothing to wait for. */
  readBarrier(): Promise<void> {
    return this.#failure === undefined ? Promise.resolve() : Promise.reject(this.#failure);
  }

  leadership(): Leadership {
    const isLeader = !this.#isClosed && this.#failure === undefined;
    return { role: isLeader ? 'leader' : 'follower', term: this.#term };
  }

  onLeadership(listener: (leadership: Leadership) => void): Cancel {
    const own = (leadership: Leadership) => listener(leadership);
    this.#listeners.add(own);
    return () => {
      this.#listeners.delete(own);
    };
  }

  async close(): Promise<void> {
    if (!this.#isClosed) {
      this.#isClosed = true;
      this.#tellLeadership();
    }
    await this.#writing;
    await this.#snapshots.settled();
    await this.#options.wal.close();
  }

  #refusal(): Error | undefined {
    if (this.#failure !== undefined) return this.#failure;
    if (this.#isClosed) return new Unavailable('manager-stopping');
    if (this.#waiting.length < MAX_WAITING_ENTRIES) return undefined;
    return new Unavailable('queue-full', { what: 'the log', limit: MAX_WAITING_ENTRIES });
  }

  async #writeAll(): Promise<void> {
    while (this.#waiting.length > 0 && this.#failure === undefined) await this.#writeBatch(this.#waiting.splice(0));
    this.#writing = undefined;
  }

  async #writeBatch(batch: readonly Proposal[]): Promise<void> {
    const records = batch.map(
      ({ bytes }, at): LogRecord => ({ index: this.#lastIndex + 1 + at, term: this.#term, bytes }),
    );
    try {
      await this.#options.wal.append(records);
    } catch (error) {
      this.#rejectBatch(batch, error);
      return;
    }
    if (this.#failure !== undefined) {
      reject(batch, new Unavailable('outcome-unknown', { cause: this.#failure }));
      return;
    }
    try {
      this.#options.machine.apply(records);
    } catch (error) {
      // The entries are on the disk, and this daemon can't say what they come to.
      this.#fail(error instanceof Error ? error : new Error(String(error)));
      reject(batch, new Unavailable('outcome-unknown', { cause: error }));
      return;
    }
    this.#lastIndex += records.length;
    for (const [at, proposal] of batch.entries()) {
      const record = records[at];
      assert(record !== undefined, 'each proposal has its record');
      proposal.resolve(record);
    }
    this.#snapshots.noteApplied(records);
  }

  /** A disk without room wrote nothing, and the same indexes are used again. After any other failure nobody knows. */
  #rejectBatch(batch: readonly Proposal[], error: unknown): void {
    if (error instanceof Refusal && (error.code === 'log-disk-full' || error.code === 'log-entry-too-large')) {
      reject(batch, error);
      return;
    }
    reject(batch, new Unavailable('outcome-unknown', { cause: error }));
    this.#fail(error instanceof Error ? error : new Error(String(error)));
  }

  #fail(error: Error): void {
    if (this.#failure !== undefined) return;
    this.#failure = error;
    reject(this.#waiting.splice(0), new Unavailable('manager-stopping', { cause: error }));
    this.#tellLeadership();
    this.#options.onFatal(error);
  }

  #tellLeadership(): void {
    for (const listener of this.#listeners) listener(this.leadership());
  }
}

function reject(batch: readonly Proposal[], error: Error): void {
  for (const proposal of batch) proposal.reject(error);
}
