import type { Instant, Random } from '../base/index.ts';
import type { Commit, Transaction, View } from '../store/index.ts';

/** What a loop may use besides the view: store time and ids. */
export interface LoopContext {
  /** Store time now, ms: at least that of the last applied entry. */
  readonly now: Instant;
  /** For new ids. */
  readonly random: Random;
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
   * Decides about what was marked and what is due. Returned transactions carry preconditions on what they were decided on; one
   * that conflicts is dropped and its objects are marked again by the commit that got in between.
   */
  act(view: View, context: LoopContext): readonly Transaction[];
  /** Store time at which `act` has something to do without any commit. */
  nextDeadline(): Instant | undefined;
}
