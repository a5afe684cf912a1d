import { expect, test } from 'vitest';
import { alternate } from './bench.ts';
import { summarise } from './statistics.ts';

const name = { bench: 'b', case: 'c', unit: 'ms' } as const;

test('a result says minimum, median, 99th percentile and maximum', () => {
  const samples = Array.from({ length: 200 }, (_, i) => i + 1).reverse();
  expect(summarise(name, samples)).toEqual({ ...name, n: 200, min: 1, median: 100.5, p99: 198, max: 200 });
});

test('the ratio is the median of the pairs’ ratios, not the ratio of the medians', () => {
  expect(summarise(name, [10, 30, 100], [10, 10, 100])).toMatchObject({ floor: 10, ratio: 1 });
});

test('case and floor alternate, and the first round is not counted', async () => {
  const calls: string[] = [];
  const measure = async () => calls.push('case');
  const floor = async () => calls.push('floor');
  const { samples } = await alternate(3, { measure, floor }, new AbortController().signal);
  expect(samples).toHaveLength(3);
  expect(calls).toEqual(['case', 'floor', 'floor', 'case', 'case', 'floor', 'floor', 'case']);
});
