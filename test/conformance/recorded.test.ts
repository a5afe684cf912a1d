import { expect, test } from 'vitest';
import { asExpected, checkAnswers, fastGroups } from './check.ts';
import { startApi } from './harness/start-api.ts';

test('calls that wait for nothing are answered as recorded', { timeout: 40_000 }, async () => {
  const { socket, faults, stop } = await startApi();
  try {
    expect(await checkAnswers(socket, fastGroups)).toEqual(asExpected);
    expect(faults).toEqual([]);
  } finally {
    await stop();
  }
});
