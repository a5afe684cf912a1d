import type { Instant, Random } from '../base/index.ts';
import type { Commit, Transaction, View } from '../store/index.ts';

/** An object that a loop could not decide about: a bug of ours, kept to that object. */
export interface Quarantined {
  readonly loop: string;
  /** What was worked on: a service, slot, task or node. */
  readonly key: string;
  readonly error: unknown;
  /** Store time of the next try. */
  readonly until: Instant;
}

/** What a loop may use besides the view: store time and ids. */
export interface LoopContext {
  /** Store time now, ms: at least that of the last applied entry. */
  readonly now: Instant;
  /** For new ids. */
  readonly random: Random;
  /** Told of each object that a loop gives a rest because deciding about it threw; for log and metrics. */
  readonly quarantined?: (report: Quarantined) => void;
}

/**
 * A control loop of the leader: pure but for its own private state, which it can rebuild from the store. Events mark, commits
 * act: `mark` only notes which objects to look at again; `act` decides. Loops meet in the store, never call each other.
 */
export interface Loop {
  readonly name: string;
  /** Begins a leadership: forget private state and mark what the store holds. */
  start(view: View): void;
  mark(commit: Commit): void;
  /**
   * Decides about what was marked and what is due. Returned transactions carry preconditions on what they were decided on and are
   * meant for one log entry, in order. It is called again only when the outcome of all of them is known and `mark` was given the
   * commits up to there; what was dropped is decided anew then.
   */
  act(view: View, context: LoopContext): readonly Transaction[];
  /** Store time at which `act` has something to do without any commit. */
  nextDeadline(): Instant | undefined;
}
