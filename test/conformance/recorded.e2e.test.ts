import { expect, test } from 'vitest';
import { differences } from './differences.ts';
import { startApi } from './harness/start-api.ts';
import { judge } from './judge.ts';
import { play } from './player.ts';

/** All groups of the recording but those whose families are not built at all: secrets, configs, networks, two nodes. */
const groups = [
  'noswarm',
  'protocol',
  'init',
  'swarm',
  'nodes',
  'service-create',
  'service-list',
  'service-update',
  'tasks',
  'service-delete',
  'events',
  'leave',
];

/** States that only networks, ports and jobs bring about. */
const skippedWaits = ['docker_gwbridge', 'ports allocated', 'VIPs gone', 'port allocated', 'job done', '1 of web run'];

test('every family that is built answers as recorded', { timeout: 180_000 }, async () => {
  const { socket, faults, stop } = await startApi();
  try {
    const run = await play({ socket, groups, waitLimitMs: 12_000, skippedWaits, timeoutMs: 170_000 });
    expect(run.played.length).toBeGreaterThan(700);
    expect(judge(run, differences, groups)).toEqual({ unexpected: [], agreeAfterAll: [], unused: [] });
    expect(faults).toEqual([]);
  } finally {
    await stop();
  }
});
