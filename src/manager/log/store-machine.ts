import type { Outcome, Store } from '../../store/index.ts';
import { decodeEntry, snapshotSlices } from '../../store/index.ts';
import type { CommittedEntry, SnapshotMark, StateMachine } from '../consensus.ts';
import type { NextTurn } from '../turns.ts';

/** Entries whose outcomes are kept for their proposers, who ask in the turn after apply. */
const KEPT_OUTCOMES = 64;

/** The store as the log drives it. Every manager applies what it decoded, the proposer too, so that all hold the same. */
export class StoreMachine implements StateMachine {
  readonly #store: Store;
  readonly #nextTurn: NextTurn;
  readonly #outcomes = new Map<number, readonly Outcome[]>();
  #term = 0;

  constructor(store: Store, nextTurn: NextTurn) {
    this.#store = store;
    this.#nextTurn = nextTurn;
  }

  async restore(mark: SnapshotMark, chunks: AsyncIterable<Uint8Array>): Promise<void> {
    await this.#store.restore(inTurns(chunks, this.#nextTurn));
    this.#term = mark.term;
    this.#outcomes.clear();
  }

  apply(entries: readonly CommittedEntry[]): void {
    for (const { index, term, bytes } of entries) {
      const { outcomes } = this.#store.apply(index, decodeEntry(bytes));
      this.#term = term;
      this.#outcomes.set(index, outcomes);
      // Indexes rise by one at least: what is this far behind was asked for long ago, or has no proposer here.
      if (this.#outcomes.size > KEPT_OUTCOMES) {
        for (const oldest of this.#outcomes.keys()) {
          this.#outcomes.delete(oldest);
          break;
        }
      }
    }
  }

  snapshot(): { readonly mark: SnapshotMark; readonly chunks: AsyncIterable<Uint8Array> } {
    const held = this.#store.hold();
    return { mark: { index: held.index, term: this.#term }, chunks: inTurns(snapshotSlices(held), this.#nextTurn) };
  }

  /** The outcomes of the entry at `index`, once, to its proposer. */
  takeOutcomes(index: number): readonly Outcome[] | undefined {
    const outcomes = this.#outcomes.get(index);
    this.#outcomes.delete(index);
    return outcomes;
  }
}

/** Lets the event loop turn between two items: each takes a few ms to make or to take in. */
async function* inTurns<T>(items: Iterable<T> | AsyncIterable<T>, turn: NextTurn): AsyncGenerator<T> {
  for await (const item of items) {
    yield item;
    await turn();
  }
}
