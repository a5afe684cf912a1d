import { isTerminal, type Node, restartPolicy, type Service, type Task } from '../../model/index.ts';
import type { Transaction, View } from '../../store/index.ts';
import type { LoopContext } from '../loop.ts';
import {
  createTask,
  desire,
  type Hold,
  holdFor,
  holdOver,
  isLive,
  newestOf,
  placeOf,
  put,
  replaceTask,
  specUnchanged,
  stopTask,
  tasksOfPlace,
  taskUnchanged,
} from '../tasks/index.ts';
import { type Decision, settled } from '../worklist.ts';
import { mayRunGlobal } from './global-node.ts';
import { specOf, wantsRestart } from './policy.ts';

/** Least delay after the second rejection in a row, ms: a person does not notice it, the log does. */
const REJECTED_AGAIN_DELAY_MS = 1_000;

/**
 * What becomes of one task that is wanted: replaced when it ended or its node is gone, down or drained; started when its hold is
 * over. The order to stop the old one and its replacement are one transaction, so that a slot is never left empty or doubled.
 */
export function decideRestart(view: View, task: Task, context: LoopContext): Decision {
  const service = view.get('service', task.ServiceID);
  if (service === undefined || !isLive(task)) return settled;
  const node = task.NodeID === undefined ? undefined : view.get('node', task.NodeID);
  const ended = isTerminal(task.Status.State);
  const lostNode = task.NodeID !== undefined && isLost(node);
  if (!ended && !lostNode) return startHeld(view, task, context);
  if (placeOf(task).kind === 'node' && !mayRunGlobal(service, node))
    return { transactions: stopTask(task, 'shutdown') };
  // A replacement that failed while it was held is followed no sooner than it would have started: no tight loop of bad pulls.
  const heldUntil = task.DesiredState === 'ready' ? task.Internal.StartAt : undefined;
  if (ended && heldUntil !== undefined && context.now < heldUntil) return { transactions: [], again: heldUntil };
  if (!wantsRestart(view, service, task)) return { transactions: stopTask(task, 'shutdown') };
  return { transactions: [replace(view, service, task, node, context)] };
}

/** Swarm's invalid node: deleted, down or drained. */
export function isLost(node: Node | undefined): boolean {
  return node === undefined || node.Status.State === 'down' || node.Spec.Availability === 'drain';
}

function replace(view: View, service: Service, task: Task, node: Node | undefined, context: LoopContext): Transaction {
  const drained = node?.Spec.Availability === 'drain';
  const delayMs = drained ? 0 : Math.max(restartPolicy(specOf(view, service, task)).delayMs, breathMs(view, task));
  const hold = notBefore(holdFor(view, task, context.now, delayMs), task, context);
  return {
    preconditions: [taskUnchanged(task), specUnchanged(service)],
    changes: [put(desire(task, 'shutdown')), createTask(service, { place: placeOf(task), hold }, context)],
  };
}

/** Without a delay of its own, a slot whose task was turned down twice in a row would fill the log at the speed of its node. */
function breathMs(view: View, task: Task): number {
  if (task.Status.State !== 'rejected') return 0;
  const before = newestOf(tasksOfPlace(view, task.ServiceID, placeOf(task)).filter(({ ID }) => ID !== task.ID));
  return before?.Status.State === 'rejected' ? REJECTED_AGAIN_DELAY_MS : 0;
}

/** A held task's delay goes on in its replacement. */
function notBefore(hold: Hold | undefined, task: Task, { now }: LoopContext): Hold | undefined {
  const startAt = task.DesiredState === 'ready' ? task.Internal.StartAt : undefined;
  if (startAt === undefined || startAt <= Math.max(now, hold?.startAt ?? now)) return hold;
  return { ...hold, startAt };
}

function startHeld(view: View, task: Task, { now }: LoopContext): Decision {
  if (task.DesiredState !== 'ready') return settled;
  const over = holdOver(view, task, now);
  if (!over.due) return { transactions: [], again: over.until };
  return { transactions: [replaceTask(task, desire(task, 'running'))] };
}
