import type { NodeId, Task } from '../../model/index.ts';
import { isLive } from '../tasks/index.ts';

export interface OccupiedSlot {
  readonly slot: number;
  readonly tasks: readonly Task[];
}

interface Ranked {
  readonly slot: OccupiedSlot;
  readonly running: boolean;
  /** Where the slot's one live task is; none while it is not placed, or being replaced. */
  readonly nodeId: NodeId | undefined;
}

/**
 * The slots to give up so that `wanted` remain, in Swarm's order: what is not placed or being replaced, then from the nodes with
 * most copies, there what is not running first, then the highest numbers. So one replica a node stays as long as possible.
 */
export function surplusSlots(occupied: readonly OccupiedSlot[], wanted: number): readonly OccupiedSlot[] {
  if (occupied.length <= wanted) return [];
  const ranked = occupied.map(rank).sort((a, b) => Number(b.running) - Number(a.running) || a.slot.slot - b.slot.slot);
  const seen = new Map<NodeId, number>();
  return ranked
    .map(({ slot, nodeId }) => ({ slot, order: nodeId === undefined ? Number.POSITIVE_INFINITY : count(seen, nodeId) }))
    .sort((a, b) => (a.order === b.order ? 0 : a.order - b.order))
    .slice(wanted)
    .map(({ slot }) => slot);
}

function rank(slot: OccupiedSlot): Ranked {
  const live = slot.tasks.filter(isLive);
  const [only, ...more] = live;
  return {
    slot,
    running: live.some((task) => task.Status.State === 'running'),
    nodeId: more.length === 0 ? only?.NodeID : undefined,
  };
}

function count(seen: Map<NodeId, number>, nodeId: NodeId): number {
  const order = (seen.get(nodeId) ?? 0) + 1;
  seen.set(nodeId, order);
  return order;
}
