import { describe, expect, test } from 'vitest';
import { afterProbe, firstHealth, type HealthPlan, healthPlan, nextDelay, type ProbeResult } from './health.ts';

const SECOND_NS = 1_000_000_000;
const plan: HealthPlan = {
  command: ['c'],
  intervalMs: 10_000,
  timeoutMs: 1,
  startPeriodMs: 1,
  startIntervalMs: 2_000,
  retries: 2,
};
const result = (ExitCode: number): ProbeResult => ({ Start: '', End: '', ExitCode, Output: '' });

test("the plan: own fields before the image's before Docker's; NONE switches it off", () => {
  const image = { Healthcheck: { Test: ['CMD-SHELL', 'true'], Interval: 7 * SECOND_NS, Retries: 9 } };
  expect(healthPlan({ Image: 'i' }, {})).toBeUndefined();
  expect(healthPlan({ Image: 'i', Healthcheck: { Test: ['NONE'] } }, image)).toBeUndefined();
  expect(healthPlan({ Image: 'i', Healthcheck: { Interval: 2 * SECOND_NS } }, image)).toEqual({
    command: ['/bin/sh', '-c', 'true'],
    intervalMs: 2_000,
    timeoutMs: 30_000,
    startPeriodMs: 0,
    startIntervalMs: 5_000,
    retries: 9,
  });
  expect(healthPlan({ Image: 'i', Healthcheck: { Test: ['CMD', 'a', 'b'] } }, image)?.command).toEqual(['a', 'b']);
});

describe('after a check', () => {
  test('so many failures in a row make it unhealthy, one success healthy again', () => {
    const first = afterProbe(firstHealth, result(1), plan, false);
    expect(first).toMatchObject({ Status: 'starting', FailingStreak: 1 });
    const second = afterProbe(first, result(1), plan, false);
    expect(second).toMatchObject({ Status: 'unhealthy', FailingStreak: 2 });
    expect(afterProbe(second, result(0), plan, false)).toMatchObject({ Status: 'healthy', FailingStreak: 0 });
  });

  test('in the start period failures do not count until it was healthy once', () => {
    const still = afterProbe(firstHealth, result(1), plan, true);
    expect(still).toMatchObject({ Status: 'starting', FailingStreak: 0 });
    expect(afterProbe(afterProbe(still, result(0), plan, true), result(1), plan, true)).toMatchObject({
      Status: 'healthy',
      FailingStreak: 1,
    });
  });

  test('the last five results are kept', () => {
    const codes = [1, 2, 3, 4, 5, 6, 7];
    const health = codes.reduce((before, code) => afterProbe(before, result(code), plan, false), firstHealth);
    expect(health.Log.map(({ ExitCode }) => ExitCode)).toEqual([3, 4, 5, 6, 7]);
  });
});

test('checks are closer together while it starts', () => {
  expect(nextDelay(firstHealth, plan, true)).toBe(2_000);
  expect(nextDelay(firstHealth, plan, false)).toBe(10_000);
  expect(nextDelay({ ...firstHealth, Status: 'healthy' }, plan, true)).toBe(10_000);
});
