import { AssertionFailed, type Cancel, type Clock, type Instant, messageOf, type Random } from '../base/index.ts';
import type { Loop, LoopContext, Quarantined } from '../control/index.ts';
import type { Changed, Commit, Outcome, Transaction, View } from '../store/index.ts';
import { idOf } from '../store/index.ts';
import type { Proposer } from './proposer.ts';
import type { ManagerLog, NextTurn } from './turns.ts';

/** Rest of a loop after it threw, ms: doubled from the first to the second while it goes on throwing. */
const FIRST_REST_MS = 1_000;
const LONGEST_REST_MS = 60_000;

/** Rest, ms, after proposals could not be written (disk full, no leader): the disk is not asked again at once. */
const REFUSED_REST_MS = 1_000;

/** Acts in a row that decide nothing and ask to be called at once; a loop that does so longer is taken for stuck, and rests. */
const MAX_IDLE_ACTS = 1_000;

/** Changes whose encoding is a step of its own, after the act that decided them: 200 take 1 to 2 ms. */
const LARGE_CHANGES = 200;

/** Longest sleep, ms: store time may run faster than the clock while it slews, so a deadline is looked at again. */
const LONGEST_SLEEP_MS = 60_000;

export interface LoopRunnerOptions {
  readonly loop: Loop;
  readonly view: View;
  readonly proposer: Pick<Proposer, 'submitAll'>;
  readonly clock: Clock;
  readonly random: Random;
  readonly storeNow: () => Instant;
  readonly nextTurn: NextTurn;
  readonly log: ManagerLog;
  /** Told of each object that gets a rest, for metrics. */
  readonly onQuarantined?: (report: Quarantined) => void;
}

/**
 * Runs one control loop while this manager leads. Commits mark; the loop acts once for all commits of a turn, and again only when
 * everything that it proposed has an outcome. A loop that throws rests, then begins anew from the store; the others go on.
 */
export class LoopRunner {
  readonly #options: LoopRunnerOptions;
  readonly #context: Omit<LoopContext, 'now'>;
  #isRunning = false;
  /** Raised by every start and stop: what was begun under an older one ends without effect. */
  #generation = 0;
  #isActing = false;
  #isMarked = false;
  #restUntil: Instant = 0;
  #restMs = FIRST_REST_MS;
  #needsStart = true;
  #idleActs = 0;
  #alarm: Cancel | undefined;

  constructor(options: LoopRunnerOptions) {
    this.#options = options;
    this.#context = { random: options.random, quarantined: (report) => this.#noteQuarantined(report) };
  }

  /** A leadership begins. */
  start(): void {
    this.stop();
    this.#isRunning = true;
    this.#needsStart = true;
    this.#restUntil = 0;
    this.#restMs = FIRST_REST_MS;
    this.#wake();
  }

  stop(): void {
    this.#isRunning = false;
    this.#generation++;
    this.#isActing = false;
    this.#sleep(undefined);
  }

  /** Every commit, in the turn that applied it. */
  noteCommit(commit: Commit): void {
    if (!this.#isRunning || this.#needsStart) return;
    this.#guard(() => this.#options.loop.mark(commit));
    this.#wake();
  }

  #wake(): void {
    if (!this.#isRunning) return;
    this.#isMarked = true;
    if (this.#isActing) return;
    this.#isActing = true;
    const generation = this.#generation;
    // In a later turn: what is applied in this one is all marked before it acts, and applying and acting are two steps.
    this.#options.nextTurn().then(() => this.#actWhileMarked(generation));
  }

  async #actWhileMarked(generation: number): Promise<void> {
    while (generation === this.#generation && this.#isMarked && !this.#isResting()) {
      this.#isMarked = false;
      const transactions = this.#act();
      if (transactions.length === 0 || isLarge(transactions)) await this.#options.nextTurn();
      if (generation !== this.#generation) return;
      if (transactions.length > 0) await this.#propose(transactions, generation);
      if (generation !== this.#generation) return;
      if (!this.#isMarked) this.#followDeadline(transactions.length > 0);
    }
    if (generation !== this.#generation) return;
    this.#isActing = false;
    if (this.#isResting()) this.#sleep(this.#restUntil - this.#options.clock.now());
  }

  #act(): readonly Transaction[] {
    const { loop, view, storeNow } = this.#options;
    let transactions: readonly Transaction[] = [];
    this.#guard(() => {
      if (this.#needsStart) loop.start(view);
      this.#needsStart = false;
      transactions = loop.act(view, { ...this.#context, now: storeNow() });
      this.#restMs = FIRST_REST_MS;
    });
    return transactions;
  }

  async #propose(transactions: readonly Transaction[], generation: number): Promise<void> {
    const results = await this.#options.proposer.submitAll(transactions, 'control');
    if (generation !== this.#generation) return;
    const dropped = transactions.filter((_, at) => !isApplied(results[at]));
    if (dropped.length > 0) this.#markAgain(dropped);
    const refused = results.find((result) => result.status === 'rejected');
    if (refused === undefined) return;
    this.#options.log.warn({ loop: this.#options.loop.name, error: messageOf(refused.reason) }, 'changes not written');
    this.#rest(REFUSED_REST_MS);
  }

  /** Tells the loop that what it expected did not come: the objects are as the store has them. */
  #markAgain(dropped: readonly Transaction[]): void {
    const { loop, view } = this.#options;
    const changes = dropped.flatMap((transaction) => takenBack(transaction, view));
    this.#guard(() => loop.mark({ index: view.index, storeTime: view.storeTime, changes }));
    this.#isMarked = true;
  }

  /** Looks when the loop wants to act without a commit. */
  #followDeadline(decided: boolean): void {
    if (this.#needsStart) return;
    let deadline: Instant | undefined;
    this.#guard(() => {
      deadline = this.#options.loop.nextDeadline();
    });
    if (this.#needsStart) return;
    if (deadline === undefined) {
      this.#idleActs = 0;
      this.#sleep(undefined);
      return;
    }
    const inMs = deadline - this.#options.storeNow();
    if (inMs > 0) {
      this.#idleActs = 0;
      this.#sleep(inMs);
      return;
    }
    this.#isMarked = true;
    this.#idleActs = decided ? 0 : this.#idleActs + 1;
    if (this.#idleActs < MAX_IDLE_ACTS) return;
    this.#idleActs = 0;
    this.#options.log.error({ loop: this.#options.loop.name }, 'loop asks to act and decides nothing');
    this.#rest(FIRST_REST_MS);
  }

  #sleep(ms: number | undefined): void {
    this.#alarm?.();
    this.#alarm = undefined;
    if (ms === undefined || !this.#isRunning) return;
    this.#alarm = this.#options.clock.after(Math.min(Math.max(0, ms), LONGEST_SLEEP_MS), () => this.#wake());
  }

  #isResting(): boolean {
    return this.#options.clock.now() < this.#restUntil;
  }

  #rest(ms: number): void {
    this.#isMarked = true;
    this.#restUntil = this.#options.clock.now() + ms;
  }

  /** A loop keeps a bug to its object by itself; one that throws all the same lost its state, and is begun anew after a rest. */
  #guard(run: () => void): void {
    try {
      run();
    } catch (error) {
      const facts = error instanceof AssertionFailed ? error.facts : {};
      const { loop, log } = this.#options;
      log.error({ ...facts, loop: loop.name, error: messageOf(error), restMs: this.#restMs }, 'loop failed');
      this.#needsStart = true;
      this.#rest(this.#restMs);
      this.#restMs = Math.min(this.#restMs * 2, LONGEST_REST_MS);
    }
  }

  #noteQuarantined(report: Quarantined): void {
    const { loop, key, error, until } = report;
    const facts = error instanceof AssertionFailed ? error.facts : {};
    this.#options.log.error({ ...facts, loop, key, until, error: messageOf(error) }, 'object quarantined');
    this.#options.onQuarantined?.(report);
  }
}

function isLarge(transactions: readonly Transaction[]): boolean {
  let changes = 0;
  for (const transaction of transactions) changes += transaction.changes.length;
  return changes > LARGE_CHANGES;
}

function isApplied(result: PromiseSettledResult<Outcome> | undefined): boolean {
  return result?.status === 'fulfilled' && result.value.applied;
}

/** From what a transaction would have made to what is there. */
function takenBack(transaction: Transaction, view: View): Changed[] {
  return transaction.changes.flatMap((change) => {
    const id = change.kind === 'put' ? idOf(change.object) : change.id;
    const after = view.get(change.table, id);
    if (change.kind === 'remove' && after === undefined) return [];
    const before = change.kind === 'put' ? { before: change.object } : {};
    // Table and objects come from one change, so they fit each other.
    return [{ table: change.table, id, ...before, ...(after === undefined ? {} : { after }) } as Changed];
  });
}
