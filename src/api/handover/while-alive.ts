import { messageOf, Unavailable } from '../../base/index.ts';
import type { EngineConnection } from '../../engine/docker/index.ts';

/** How an engine that hangs is told from one that works long: a pull, a wait or a commit may take hours. */
export interface Probing {
  /** An answer that has not begun after this time has the engine asked whether it lives, again and again. */
  readonly everyMs: number;
  /** It says so at once, also while it works. */
  readonly timeoutMs: number;
}

export const defaultProbing: Probing = { everyMs: 15_000, timeoutMs: 10_000 };

/**
 * Waits for `work` as long as the engine lives; one that stops answering ends it with `Unavailable`. The signal that `work` gets
 * also ends with the caller's, and goes on to do so once `work` is done: what it opened may stream on.
 */
export async function whileAlive<T>(
  connection: EngineConnection,
  probing: Probing,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const dead = new AbortController();
  const done = new AbortController();
  const watching = watchOver(connection, probing, done.signal, (error) => dead.abort(error));
  try {
    return await work(AbortSignal.any([dead.signal, signal]));
  } catch (error) {
    throw dead.signal.aborted ? dead.signal.reason : error;
  } finally {
    done.abort();
    await watching;
  }
}

/** Asks again and again until `done`, or until there is no answer. Never rejects. */
async function watchOver(
  connection: EngineConnection,
  { everyMs, timeoutMs }: Probing,
  done: AbortSignal,
  isDead: (error: unknown) => void,
): Promise<void> {
  while (await pause(everyMs, done)) {
    try {
      await connection.ping(timeoutMs, done);
    } catch (error) {
      const why = `it hangs (${messageOf(error)})`;
      if (!done.aborted)
        isDead(new Unavailable('engine-unreachable', { address: connection.address, why, cause: error }));
      return;
    }
  }
}

/** Resolves with true after the time, with false as soon as `done`. */
function pause(delayMs: number, done: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      done.removeEventListener('abort', end);
      resolve(!done.aborted);
    };
    const timer = setTimeout(end, delayMs);
    if (done.aborted) end();
    else done.addEventListener('abort', end);
  });
}
