import { expect, test } from 'vitest';
import type { Difference } from './difference.ts';
import { judge } from './judge.ts';

const listed: Difference = { group: 'g', calls: ['call'], ours: ['status: expected 200 got 501'], reason: 'not built' };
const playedWith = (...mismatches: string[]) => ({
  played: [{ group: 'g', name: 'call', mismatches }],
  waitsTimedOut: [],
});

test('a listed difference is expected, any other is not', () => {
  expect(judge(playedWith('status: expected 200 got 501'), [listed], ['g']).unexpected).toEqual([]);
  expect(judge(playedWith('status: expected 200 got 500'), [listed], ['g']).unexpected).toEqual([
    'g: call\n    status: expected 200 got 500',
  ]);
});

test('a call that agrees though a difference is listed makes the list out of date, unless the machine decides', () => {
  expect(judge(playedWith(), [listed], ['g']).agreeAfterAll).toEqual(['g: call']);
  expect(judge(playedWith(), [{ ...listed, mayAgree: true }], ['g']).agreeAfterAll).toEqual([]);
});

test('a difference that no call of the played groups showed is unused', () => {
  const run = { played: [], waitsTimedOut: [] };
  expect(judge(run, [listed], ['g']).unused).toEqual(['g: call']);
  expect(judge(run, [listed], ['other']).unused).toEqual([]);
});
