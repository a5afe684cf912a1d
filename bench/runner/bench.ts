import type { Result } from './statistics.ts';

export interface BenchOptions {
  /** Fewer samples; the whole bench stays below 50 s. */
  readonly quick: boolean;
  /** Only the cases that go through the API, against the daemon at this socket, whatever it is. */
  readonly host: string | undefined;
  /** Only cases whose name contains this. */
  readonly only: string | undefined;
  /** What is under way, for the terminal. */
  readonly progress: (text: string) => void;
  /** Aborted by the first interrupt: end the case, clean up, return. */
  readonly signal: AbortSignal;
}

/** A bench: yields each result as it is there. Cleans up what it made, also when it is interrupted or fails. */
export interface Bench {
  readonly name: string;
  readonly about: string;
  run(options: BenchOptions): AsyncIterable<Result>;
}

/** Time of one call, in ms. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
}
