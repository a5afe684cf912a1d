import { expect, test } from 'vitest';
import { summarise } from './statistics.ts';

const name = { bench: 'b', case: 'c', unit: 'ms' } as const;

test('a result says minimum, median, 99th percentile and maximum', () => {
  const samples = Array.from({ length: 200 }, (_, i) => i + 1).reverse();
  expect(summarise(name, samples)).toEqual({ ...name, n: 200, min: 1, median: 100.5, p99: 198, max: 200 });
});

test('the ratio is the median of the pairs’ ratios, not the ratio of the medians', () => {
  expect(summarise(name, [10, 30, 100], [10, 10, 100])).toMatchObject({ floor: 10, ratio: 1 });
});
