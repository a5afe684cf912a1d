import { assert } from './errors/index.ts';

/** Milliseconds. On a shell's clock since the Unix epoch; in the store, store time (see the store's doc). Never compared across machines. */
export type Instant = number;

/** Takes a wake-up back; calling it twice, or after the wake-up, does nothing. */
export type Cancel = () => void;

/** The only source of time. The daemon passes the machine's, tests and the simulator a `ManualClock`. */
export interface Clock {
  now(): Instant;
  /** Calls `wake` once, `delayMs` from now, never within this call. */
  after(delayMs: number, wake: () => void): Cancel;
}

interface Alarm {
  readonly at: Instant;
  readonly order: number;
  readonly wake: () => void;
}

/** Time that stands still until a test or the simulator moves it. */
export class ManualClock implements Clock {
  #now: Instant;
  #order = 0;
  #alarms: Alarm[] = [];

  constructor(start: Instant = 0) {
    this.#now = start;
  }

  now(): Instant {
    return this.#now;
  }

  after(delayMs: number, wake: () => void): Cancel {
    const alarm = { at: this.#now + Math.max(0, delayMs), order: this.#order++, wake };
    this.#alarms.push(alarm);
    return () => {
      this.#alarms = this.#alarms.filter((other) => other !== alarm);
    };
  }

  /** When the next alarm is due, if any is set. */
  nextAlarm(): Instant | undefined {
    return this.#earliest()?.at;
  }

  /** Moves time forward, waking every alarm on the way in order of its time, then of its setting. */
  advance(byMs: number): void {
    assert(byMs >= 0, 'time goes forward only', { byMs });
    const end = this.#now + byMs;
    for (let alarm = this.#earliest(); alarm !== undefined && alarm.at <= end; alarm = this.#earliest()) {
      this.#alarms.splice(this.#alarms.indexOf(alarm), 1);
      this.#now = Math.max(this.#now, alarm.at);
      alarm.wake();
    }
    this.#now = end;
  }

  #earliest(): Alarm | undefined {
    let first: Alarm | undefined;
    for (const alarm of this.#alarms) {
      if (first === undefined || alarm.at < first.at || (alarm.at === first.at && alarm.order < first.order))
        first = alarm;
    }
    return first;
  }
}
