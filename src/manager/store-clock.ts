import type { Cancel, Clock, Instant } from '../base/index.ts';

/** How often a leader reads its clock, ms. What passes between two readings beyond `MAX_STEP_MS` is caught up slowly. */
const SAMPLE_MS = 1_000;

/** Longest time, ms, that one reading moves store time: more means that the machine slept or its clock was set. */
const MAX_STEP_MS = 5_000;

/** Store time runs at most this much faster or slower than the clock while it slews: heartbeats have three periods to arrive in. */
const SLEW = 0.5;

/** Largest gap, ms, that a new leader closes at once: 30 days. A longer one is more likely a wrong clock, and is slewed. */
const MAX_START_JUMP_MS = 30 * 24 * 3_600_000;

/**
 * Store time as the leader proposes it. It never goes back, goes on under a new leader, and slews towards the leader's clock. A
 * leadership begins by catching up with the clock, since nobody counted while there was no leader; from then on no step of the clock
 * makes deadlines pass early.
 */
export class StoreClock {
  readonly #clock: Clock;
  /** Store time of the last applied entry. */
  readonly #applied: () => Instant;
  #time: Instant = 0;
  #readAt: Instant = 0;
  #cancel: Cancel | undefined;

  constructor(clock: Clock, applied: () => Instant) {
    this.#clock = clock;
    this.#applied = applied;
  }

  start(): void {
    this.stop();
    const applied = this.#applied();
    const clock = this.#clock.now();
    const jumps = applied === 0 || clock - applied <= MAX_START_JUMP_MS;
    this.#time = jumps ? Math.max(applied, clock) : applied;
    this.#readAt = clock;
    this.#sample();
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  /** Store time now, ms; at least that of the last applied entry. */
  now(): Instant {
    const clock = this.#clock.now();
    const elapsed = Math.min(Math.max(0, clock - this.#readAt), MAX_STEP_MS);
    this.#readAt = clock;
    const behind = clock - (this.#time + elapsed);
    const slew = Math.max(-elapsed * SLEW, Math.min(elapsed * SLEW, behind));
    this.#time = Math.max(this.#time + elapsed + slew, this.#applied());
    return this.#time;
  }

  #sample(): void {
    this.now();
    this.#cancel = this.#clock.after(SAMPLE_MS, () => this.#sample());
  }
}
