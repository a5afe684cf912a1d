/** One line of a bench's result. Times in ms, rates in 1/s. */
export interface Result {
  readonly bench: string;
  readonly case: string;
  readonly unit: 'ms' | '1/s' | 'B' | 'objects';
  readonly n: number;
  readonly min: number;
  readonly median: number;
  readonly p99: number;
  readonly max: number;
  /** Median of the physical limit, or of the peer, measured by the same path in turn with the case. */
  readonly floor?: number;
  /** Median of the ratios of each sample to the floor's sample beside it. */
  readonly ratio?: number;
}

/** The value below which `share` of the sorted samples lie (nearest rank). */
export function percentile(samples: readonly number[], share: number): number {
  const sorted = samples.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
}

export function median(samples: readonly number[]): number {
  const sorted = samples.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

/** `floor`, where given, has one sample for each of `samples`, taken in turn with it. */
export function summarise(
  name: { readonly bench: string; readonly case: string; readonly unit: Result['unit'] },
  samples: readonly number[],
  floor?: readonly number[],
): Result {
  const result = {
    ...name,
    n: samples.length,
    min: round(Math.min(...samples)),
    median: round(median(samples)),
    p99: round(percentile(samples, 0.99)),
    max: round(Math.max(...samples)),
  };
  if (floor === undefined) return result;
  const ratios = samples.map((sample, i) => sample / (floor[i] ?? Number.NaN));
  return { ...result, floor: round(median(floor)), ratio: round(median(ratios)) };
}

function round(value: number): number {
  return Number(value.toPrecision(4));
}
