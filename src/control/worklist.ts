import type { Instant } from '../base/index.ts';
import type { Transaction } from '../store/index.ts';
import { Deadlines } from './deadlines.ts';
import type { LoopContext } from './loop.ts';

/** Changes that one loop decides in one act; the rest waits for the next. Keeps an act of the pipeline below 20 ms (bench `control`). */
export const MAX_CHANGES_PER_ACT = 500;

/** How long an object rests after deciding about it threw, ms: rare enough to keep the log quiet, soon enough for a person to see the mend. */
export const QUARANTINE_MS = 30_000;

/** What was decided about one key. */
export interface Decision {
  readonly transactions: readonly Transaction[];
  /** More is to be decided about the same key in the next act. */
  readonly more?: boolean;
  /** Store time to look at it again. */
  readonly again?: Instant | undefined;
}

/** Nothing to do. */
export const settled: Decision = { transactions: [] };

/**
 * The keys that a loop has to look at: marked ones and due ones, each once. An exception while deciding about a key keeps that key
 * out for a while and touches no other.
 */
export class Worklist<K extends string> {
  readonly #loop: string;
  readonly #marked = new Set<K>();
  readonly #deadlines = new Deadlines<K>();
  readonly #resting = new Map<K, Instant>();

  constructor(loop: string) {
    this.#loop = loop;
  }

  mark(key: K): void {
    this.#marked.add(key);
  }

  clear(): void {
    this.#marked.clear();
    this.#deadlines.clear();
    this.#resting.clear();
  }

  /** Forgets a key for good: its object is gone. */
  forget(key: K): void {
    this.#marked.delete(key);
    this.#deadlines.delete(key);
    this.#resting.delete(key);
  }

  nextDeadline(): Instant | undefined {
    if (this.#marked.size > 0) return Number.NEGATIVE_INFINITY;
    return this.#deadlines.next();
  }

  /** Decides about every key that is marked or due, up to `MAX_CHANGES_PER_ACT` changes, and appends what was decided to `out`. */
  decide(context: LoopContext, out: Transaction[], decide: (key: K) => Decision): void {
    for (const key of this.#deadlines.takeDue(context.now)) this.#marked.add(key);
    let changes = 0;
    const more: K[] = [];
    for (const key of this.#marked) {
      if (changes >= MAX_CHANGES_PER_ACT) break;
      this.#marked.delete(key);
      if (this.#rests(key, context.now)) continue;
      const decision = this.#try(key, context, decide);
      for (const transaction of decision.transactions) {
        changes += transaction.changes.length;
        out.push(transaction);
      }
      if (decision.more === true) more.push(key);
      if (decision.again !== undefined) this.#deadlines.set(key, decision.again);
    }
    for (const key of more) this.#marked.add(key);
  }

  #rests(key: K, now: Instant): boolean {
    const until = this.#resting.get(key);
    if (until === undefined) return false;
    if (now < until) {
      this.#deadlines.set(key, until);
      return true;
    }
    this.#resting.delete(key);
    return false;
  }

  #try(key: K, context: LoopContext, decide: (key: K) => Decision): Decision {
    try {
      return decide(key);
    } catch (error) {
      const until = context.now + QUARANTINE_MS;
      this.#resting.set(key, until);
      context.quarantined?.({ loop: this.#loop, key, error, until });
      return { transactions: [], again: until };
    }
  }
}

/** The earliest of several deadlines. */
export function earliest(...deadlines: readonly (Instant | undefined)[]): Instant | undefined {
  let first: Instant | undefined;
  for (const at of deadlines) if (at !== undefined && (first === undefined || at < first)) first = at;
  return first;
}
