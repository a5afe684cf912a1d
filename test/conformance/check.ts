import type { Difference } from './difference.ts';
import { differences } from './differences.ts';
import { judge, type Verdict } from './judge.ts';
import { play } from './player.ts';

/** The groups that wait for nothing to happen: three quarters of the calls in a second. */
export const fastGroups = ['noswarm', 'protocol', 'init', 'swarm', 'nodes', 'service-create', 'service-list'] as const;

/** All groups of the recording but those whose families are not built at all: secrets, configs, networks, two nodes. */
export const builtGroups = [...fastGroups, 'service-update', 'tasks', 'service-delete', 'events', 'leave'] as const;

/** States that only networks, ports and jobs bring about. */
const skippedWaits = [
  'docker_gwbridge',
  'ports allocated',
  'update with network completed',
  'VIPs gone',
  'port allocated',
  'job done',
  '1 of web run',
];

/** A monitor period of five seconds and a roll-out fit into this; nothing that is built takes longer. */
const WAIT_LIMIT_MS = 12_000;

const RUN_LIMIT_MS = 170_000;

export const asExpected: Verdict = { unexpected: [], agreeAfterAll: [], unused: [] };

/**
 * Plays groups against a socket, which must be that of a node in no swarm, and says what is not as expected; `more` are differences
 * of this server alone. Rejects when the player fails or fewer calls were played than the groups have.
 */
export async function checkAnswers(
  socket: string,
  groups: readonly string[],
  more: readonly Difference[] = [],
): Promise<Verdict> {
  const run = await play({ socket, groups, waitLimitMs: WAIT_LIMIT_MS, skippedWaits, timeoutMs: RUN_LIMIT_MS });
  const played = new Set(run.played.map((call) => call.group));
  const missing = groups.filter((group) => !played.has(group));
  if (missing.length > 0) throw new Error(`the player played nothing of ${missing.join(', ')}`);
  return judge(run, [...differences, ...more], groups);
}
