import { Refusal } from '../base/index.ts';
import type { Outcome, Transaction, View } from '../store/index.ts';
import type { ManagerPort, SwarmControl } from './ports.ts';

/** A write that lost against another one is decided again on the new state this often before the client is told. */
const MAX_ATTEMPTS = 10;

/** The cluster's state, or the reason why this node can't show it (behaviour reference 2.2). */
export function managerOf(swarm: SwarmControl): ManagerPort {
  const manager = swarm.manager();
  if (manager !== undefined) return manager;
  const membership = swarm.membership();
  switch (membership.kind) {
    case 'inactive':
      throw new Refusal('not-a-manager');
    case 'locked':
      throw new Refusal('swarm-locked');
    case 'pending':
      throw new Refusal('manager-not-ready');
    case 'error':
      throw new Refusal(membership.certificatesExpired === true ? 'swarm-certificates-expired' : 'not-a-manager');
    case 'active':
      throw new Refusal(membership.role === 'worker' ? 'worker-not-manager' : 'manager-not-ready');
  }
}

/** A view that holds everything committed before the call. */
export async function freshView(swarm: SwarmControl, signal: AbortSignal): Promise<View> {
  const manager = managerOf(swarm);
  await manager.readBarrier(signal);
  return manager.view();
}

/**
 * Commits what `build` makes of the view. A lost `version` precondition is the client's stale version (Swarm's `update out of
 * sequence`); any other is decided again on what is there now, where `build` finds the true reason or none.
 */
export async function commit(
  swarm: SwarmControl,
  signal: AbortSignal,
  what: string,
  build: (view: View) => Transaction,
): Promise<Extract<Outcome, { applied: true }>> {
  const manager = managerOf(swarm);
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
    const outcome = await manager.update(build, signal);
    if (outcome.applied) return outcome;
    if (outcome.failed.kind === 'version') throw new Refusal('update-out-of-sequence');
  }
  throw new Refusal('changed-meanwhile', { object: what });
}
