import type { Node, NodeId, Service, Task } from '../../model/index.ts';
import type { Transaction, View } from '../../store/index.ts';
import type { LoopContext } from '../loop.ts';
import { belongsOn, keepsSlot, mayRunGlobal } from '../restart/index.ts';
import { createTask, holdFor, isLive, newestOf, type Place, specUnchanged, stopTask } from '../tasks/index.ts';
import { isDirty, replaceSlot } from '../update/index.ts';
import { type Decision, MAX_CHANGES_PER_ACT } from '../worklist.ts';

/** One task of a global service on each node that it belongs on. Walks all nodes: called when the service changes. */
export function decideGlobal(view: View, service: Service, context: LoopContext): Decision {
  const byNode = new Map<NodeId, Task[]>();
  for (const task of view.tasksOfService(service.ID)) {
    if (task.NodeID === undefined) continue;
    const tasks = byNode.get(task.NodeID);
    if (tasks === undefined) byNode.set(task.NodeID, [task]);
    else tasks.push(task);
  }
  const transactions: Transaction[] = [];
  for (const node of view.list('node')) {
    if (transactions.length >= MAX_CHANGES_PER_ACT) return { transactions, more: true };
    transactions.push(...decideOnNode(view, service, node, byNode.get(node.ID) ?? [], context));
  }
  return { transactions };
}

/**
 * The same for one node that changed. A node that missed a roll-out, being paused or away, catches up at once; one under way does
 * that itself, one that failed stays where it is.
 */
export function decideGlobalOnNode(
  view: View,
  service: Service,
  node: Node,
  tasks: readonly Task[],
  context: LoopContext,
): readonly Transaction[] {
  const decided = decideOnNode(view, service, node, tasks, context);
  const live = tasks.filter(isLive);
  if (decided.length > 0 || live.length === 0 || rollsOut(service) || !mayRunGlobal(service, node)) return decided;
  if (!live.every((task) => isDirty(view, service, task))) return [];
  // No roll-out watches it, which start-first would need to stop the old one.
  const place: Place = { kind: 'node', nodeId: node.ID };
  return [replaceSlot(view, { service, place, tasks, order: 'stop-first' }, context)];
}

function rollsOut(service: Service): boolean {
  const state = service.UpdateStatus?.State;
  return state !== undefined && state !== 'completed' && state !== 'rollback_completed';
}

/** A paused node keeps what it has and gets nothing new. */
function decideOnNode(
  view: View,
  service: Service,
  node: Node,
  tasks: readonly Task[],
  context: LoopContext,
): readonly Transaction[] {
  const live = tasks.filter(isLive);
  if (!belongsOn(service, node)) return live.flatMap((task) => stopTask(task, 'shutdown'));
  if (live.length > 0 || node.Spec.Availability === 'pause' || keepsSlot(view, service, tasks)) return [];
  const place: Place = { kind: 'node', nodeId: node.ID };
  const last = newestOf(tasks);
  const hold = last === undefined ? undefined : holdFor(view, last, context.now, 0);
  return [
    {
      preconditions: [specUnchanged(service), { kind: 'exists', table: 'node', id: node.ID }],
      changes: [createTask(service, { place, hold }, context)],
    },
  ];
}
