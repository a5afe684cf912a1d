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

/**
 * Measures a case and its floor in turn, after one round of each that is not counted; which of the two goes first alternates, so
 * that neither has the warmer machine.
 */
export async function alternate(
  rounds: number,
  pair: { readonly measure: () => Promise<number>; readonly floor: () => Promise<number> },
  signal: AbortSignal,
): Promise<{ readonly samples: number[]; readonly floor: number[] }> {
  const samples: number[] = [];
  const floor: number[] = [];
  for (let round = -1; round < rounds && !signal.aborted; round++) {
    const floorFirst = round % 2 === 0;
    const early = floorFirst ? await pair.floor() : undefined;
    const sample = await pair.measure();
    const limit = early ?? (await pair.floor());
    if (round >= 0) {
      samples.push(sample);
      floor.push(limit);
    }
  }
  return { samples, floor };
}
