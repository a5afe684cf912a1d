import type { ManagerPort } from '../../../src/api/index.ts';
import type { Cancel, Clock, Random } from '../../../src/base/index.ts';
import { createLoops } from '../../../src/control/index.ts';
import type { NodeId } from '../../../src/model/index.ts';
import { type Commit, type Outcome, Store, type Transaction, type View } from '../../../src/store/index.ts';
import { nodeStep } from './scripted-node.ts';

/** A real log holds some entries before the first object, so that version 1 is nobody's, as the recording expects. */
const FIRST_INDEX = 10;

/** The real store and the leader's real loops over a log in memory, with one scripted node. */
export class MemoryManager implements ManagerPort {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #self: NodeId;
  readonly #store = new Store();
  readonly #loops = createLoops();
  readonly #listeners = new Set<(commit: Commit) => void>();
  #isStopped = false;
  #isStepDue = false;
  #cancelAlarm: Cancel = () => undefined;

  constructor(clock: Clock, random: Random, self: NodeId) {
    this.#clock = clock;
    this.#random = random;
    this.#self = self;
  }

  view(): View {
    return this.#store;
  }

  async readBarrier(): Promise<void> {
    // One member that applies what it proposes within the same turn: everything committed is here.
  }

  async update(build: (view: View) => Transaction): Promise<Outcome> {
    const [outcome] = this.#apply([build(this.view())]);
    if (outcome === undefined) throw new Error('the store told no outcome');
    return outcome;
  }

  watch(listener: (commit: Commit) => void): Cancel {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  leader(): NodeId {
    return this.#self;
  }

  /** Begins to run the loops and the node. */
  lead(): void {
    for (const loop of this.#loops) loop.start(this.view());
    this.#stepSoon();
  }

  stop(): void {
    this.#isStopped = true;
    this.#cancelAlarm();
  }

  #apply(transactions: readonly Transaction[]): readonly Outcome[] {
    const entry = { version: 1 as const, epoch: 1, storeTime: this.#clock.now(), transactions };
    const { commit, outcomes } = this.#store.apply(Math.max(FIRST_INDEX, this.view().index + 1), entry);
    for (const loop of this.#loops) loop.mark(commit);
    for (const listener of this.#listeners) listener(commit);
    this.#stepSoon();
    return outcomes;
  }

  #stepSoon(): void {
    if (this.#isStepDue || this.#isStopped) return;
    this.#isStepDue = true;
    setImmediate(() => {
      this.#isStepDue = false;
      if (!this.#isStopped) this.#step();
    });
  }

  #step(): void {
    const now = this.#clock.now();
    for (const loop of this.#loops) {
      const transactions = loop.act(this.view(), { now, random: this.#random });
      if (transactions.length > 0) this.#apply(transactions);
    }
    const reported = nodeStep(this.view(), this.#self, now);
    if (reported !== undefined) this.#apply([reported]);
    this.#cancelAlarm();
    const due = Math.min(...this.#loops.map((loop) => loop.nextDeadline() ?? Number.POSITIVE_INFINITY));
    if (Number.isFinite(due)) this.#cancelAlarm = this.#clock.after(due - now, () => this.#stepSoon());
  }
}
