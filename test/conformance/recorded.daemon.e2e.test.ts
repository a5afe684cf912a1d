import { describe, expect, test } from 'vitest';
import { type EngineKind, engineKinds, makeBed } from '../e2e/harness/engines.ts';
import { asExpected, builtGroups, checkAnswers } from './check.ts';
import { daemonDifferences } from './differences-daemon.ts';

// All groups on both: they build on each other, and as most of the time is waiting for monitor periods to end, both engines wait at once.
describe.concurrent('every family that is built answers as recorded', () => {
  test.each(engineKinds)('the daemon on the %s engine', { timeout: 240_000 }, verdictOn);
});

async function verdictOn(engine: EngineKind): Promise<void> {
  const bed = await makeBed(engine);
  try {
    expect(await checkAnswers(bed.daemon.socket, builtGroups, daemonDifferences)).toEqual(asExpected);
  } finally {
    await bed.dispose();
  }
}
