import { expect, test } from 'vitest';
import { asExpected, builtGroups, checkAnswers } from './check.ts';
import { startApi } from './harness/start-api.ts';

test('every family that is built answers as recorded', { timeout: 180_000 }, async () => {
  const { socket, faults, stop } = await startApi();
  try {
    expect(await checkAnswers(socket, builtGroups)).toEqual(asExpected);
    expect(faults).toEqual([]);
  } finally {
    await stop();
  }
});
