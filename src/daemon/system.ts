import { randomBytes, randomInt } from 'node:crypto';
import type { Clock, Random } from '../base/index.ts';

/** Node's longest timer; longer delays would fire at once. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** The machine's clock: milliseconds since the Unix epoch, never going back within this process. */
export function systemClock(): Clock {
  const offset = Date.now() - performance.now();
  return {
    now: () => Math.round(offset + performance.now()),
    after: (delayMs, wake) => {
      let timer: NodeJS.Timeout;
      const arm = (leftMs: number): void => {
        timer = setTimeout(
          () => (leftMs > MAX_TIMER_MS ? arm(leftMs - MAX_TIMER_MS) : wake()),
          Math.min(leftMs, MAX_TIMER_MS),
        );
      };
      arm(Math.max(0, delayMs));
      return () => clearTimeout(timer);
    },
  };
}

/** The system's random source, fit for keys. */
export const systemRandom: Random = {
  below: (below) => randomInt(below),
  bytes: (length) => randomBytes(length),
};
