import { Unavailable } from '../base/index.ts';
import type { Outcome, Store, Transaction } from '../store/index.ts';
import type { HardState, LogRecord, Recovered, WriteAheadLog } from '../wal/index.ts';
import type { ManagerLog } from './turns.ts';

/** For tests: a write-ahead log in memory that does as it is told, and a log that remembers. */

/** What the next appends come to: durable at once, not before `release`, no room, or a broken disk. */
export type DiskMood = 'good' | 'slow' | 'full' | 'broken';

export class MemoryWal implements WriteAheadLog {
  mood: DiskMood = 'good';
  /** Records of each append, in order. */
  readonly appends: number[] = [];
  snapshots = 0;
  isClosed = false;
  #records: LogRecord[] = [];
  #hardState: HardState | undefined;
  #snapshot: { index: number; term: number; chunks: Uint8Array[] } | undefined;
  #held: (() => void)[] = [];

  get lastIndex(): number {
    return this.#records.at(-1)?.index ?? this.#snapshot?.index ?? 0;
  }

  async append(records: readonly LogRecord[], hardState?: HardState): Promise<void> {
    const { mood } = this;
    if (mood === 'full') throw new Unavailable('log-disk-full');
    this.appends.push(records.length);
    if (mood === 'slow') await new Promise<void>((resolve) => this.#held.push(resolve));
    // Read again: the disk may have broken while the append was under way.
    if (this.#isBroken()) throw new Unavailable('log-failed', { operation: 'sync' });
    for (const record of records) {
      if (record.index !== this.lastIndex + 1) throw new Error(`gap at ${record.index} after ${this.lastIndex}`);
      this.#records.push(record);
    }
    this.#hardState = hardState ?? this.#hardState;
  }

  /** Ends the appends that are under way, well unless the disk is broken by now. */
  release(): void {
    for (const resolve of this.#held.splice(0)) resolve();
  }

  async writeSnapshot(
    mark: { readonly index: number; readonly term: number },
    chunks: AsyncIterable<Uint8Array>,
    keepAfter: number,
  ): Promise<void> {
    const written: Uint8Array[] = [];
    for await (const chunk of chunks) written.push(chunk);
    if (this.mood === 'full') throw new Unavailable('log-disk-full');
    if (this.#isBroken()) throw new Unavailable('log-failed', { operation: 'snapshot' });
    this.#snapshot = { ...mark, chunks: written };
    this.#records = this.#records.filter(({ index }) => index > keepAfter);
    this.snapshots++;
  }

  async close(): Promise<void> {
    this.isClosed = true;
  }

  /** What a daemon finds that starts on this disk. */
  recovered(): Recovered {
    const snapshot = this.#snapshot;
    return {
      hardState: this.#hardState,
      snapshot: snapshot && { ...snapshot, chunks: () => each(snapshot.chunks) },
      records: this.#records.filter(({ index }) => index > (snapshot?.index ?? 0)),
      cutBytes: 0,
    };
  }

  #isBroken(): boolean {
    return this.mood === 'broken';
  }
}

async function* each(chunks: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* chunks;
}

/** A proposer without a log: one entry for each call, applied at once, when `release` is called, or refused. */
export class DirectProposer {
  mood: 'good' | 'held' | 'refused' = 'good';
  /** Transactions of each entry, in order. */
  readonly entries: number[] = [];
  readonly #store: Store;
  #held: (() => void)[] = [];

  constructor(store: Store) {
    this.#store = store;
  }

  async submit(transaction: Transaction): Promise<Outcome> {
    const [result] = await this.submitAll([transaction]);
    if (result?.status === 'fulfilled') return result.value;
    throw result?.reason;
  }

  async submitAll(transactions: readonly Transaction[]): Promise<PromiseSettledResult<Outcome>[]> {
    if (this.mood === 'refused')
      return transactions.map(() => ({ status: 'rejected', reason: new Unavailable('log-disk-full') }));
    if (this.mood === 'held') await new Promise<void>((resolve) => this.#held.push(resolve));
    const store = this.#store;
    if (transactions.length > 0) this.entries.push(transactions.length);
    const { outcomes } = store.apply(store.index + 1, {
      version: 1,
      epoch: 1,
      storeTime: store.storeTime,
      transactions,
    });
    return outcomes.map((value) => ({ status: 'fulfilled', value }));
  }

  release(): void {
    for (const resolve of this.#held.splice(0)) resolve();
  }
}

/** Remembers what was noted, as `level event`. */
export class MemoryLog implements ManagerLog {
  readonly events: string[] = [];
  readonly facts: Readonly<Record<string, unknown>>[] = [];

  info(facts: Readonly<Record<string, unknown>>, event: string): void {
    this.#note('info', facts, event);
  }

  warn(facts: Readonly<Record<string, unknown>>, event: string): void {
    this.#note('warn', facts, event);
  }

  error(facts: Readonly<Record<string, unknown>>, event: string): void {
    this.#note('error', facts, event);
  }

  #note(level: string, facts: Readonly<Record<string, unknown>>, event: string): void {
    this.events.push(`${level} ${event}`);
    this.facts.push(facts);
  }
}

/** Lets everything that waits in this and some following turns of the event loop happen. Moves no clock. */
export async function settle(turns = 5): Promise<void> {
  for (let turn = 0; turn < turns; turn++) await new Promise<void>((resolve) => setImmediate(resolve));
}
