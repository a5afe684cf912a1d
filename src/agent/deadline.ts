import { type Clock, Unavailable } from '../base/index.ts';

/** Pauses between tries, ms: doubles plus the first, chosen at random below it by the caller (reference 8.1). */
export function nextBackoffMs(backoffMs: number, firstMs: number, longestMs: number): number {
  return Math.min(longestMs, 2 * backoffMs + firstMs);
}

/**
 * Runs `work` and ends with it, or with `Unavailable('deadline-passed')` after `timeoutMs`, or with `step-cancelled` when `signal`
 * aborts; in the last two cases `work` is told by its signal and not waited for.
 */
export function withDeadline<T>(
  clock: Clock,
  limit: { readonly what: string; readonly timeoutMs: number; readonly signal: AbortSignal },
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const { what, timeoutMs, signal } = limit;
  const inner = new AbortController();
  return new Promise<T>((resolve, reject) => {
    const cancelTimer = clock.after(timeoutMs, () => giveUp(new Unavailable('deadline-passed', { what, timeoutMs })));
    const onAbort = () => giveUp(new Unavailable('step-cancelled', { what, cause: signal.reason }));
    const settle = () => {
      cancelTimer();
      signal.removeEventListener('abort', onAbort);
    };
    const giveUp = (error: Unavailable) => {
      settle();
      reject(error);
      inner.abort(error);
    };
    if (signal.aborted) {
      onAbort();
      return;
    }
    signal.addEventListener('abort', onAbort, { once: true });
    const begin = async () => work(inner.signal);
    begin().then(resolve, reject).finally(settle);
  });
}

/** Resolves after `delayMs`, or as soon as `signal` aborts. */
export function pause(clock: Clock, delayMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) {
      resolve();
      return;
    }
    const end = () => {
      cancel();
      signal.removeEventListener('abort', end);
      resolve();
    };
    const cancel = clock.after(delayMs, end);
    signal.addEventListener('abort', end, { once: true });
  });
}
