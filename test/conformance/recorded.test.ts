import { expect, test } from 'vitest';
import { differences } from './differences.ts';
import { startApi } from './harness/start-api.ts';
import { judge } from './judge.ts';
import { play } from './player.ts';

const groups = ['noswarm', 'protocol'];

test('a node in no swarm answers as recorded', { timeout: 30_000 }, async () => {
  const { socket, faults, stop } = await startApi();
  try {
    const run = await play({ socket, groups, waitLimitMs: 1_000, timeoutMs: 25_000 });
    expect(run.played.length).toBeGreaterThan(70);
    expect(judge(run, differences, groups)).toEqual({ unexpected: [], agreeAfterAll: [], unused: [] });
    expect(faults).toEqual([]);
  } finally {
    await stop();
  }
});
