import type { Clock, Instant } from '../../../../base/index.ts';
import type { PullProgress } from '../../../port/engine.ts';

/** A terminal shows no more; a large layer would otherwise send thousands of lines. */
const MIN_INTERVAL_MS = 100;

export type Report = (progress: PullProgress) => void;

/** Progress of one layer in Docker's words: quick counts are thinned out, the last one always comes. */
export class LayerProgress {
  readonly #id: string;
  readonly #report: Report;
  readonly #clock: Clock;
  #next: Instant = Number.NEGATIVE_INFINITY;

  constructor(id: string, report: Report, clock: Clock) {
    this.#id = id;
    this.#report = report;
    this.#clock = clock;
  }

  say(status: string): void {
    this.#report({ id: this.#id, status, progressDetail: {} });
  }

  count(status: string, current: number, total: number): void {
    const now = this.#clock.now();
    if (now < this.#next && current < total) return;
    this.#next = now + MIN_INTERVAL_MS;
    this.#report({ id: this.#id, status, progressDetail: { current, total } });
  }
}
