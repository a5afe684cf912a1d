import type { Instant } from '../../base/index.ts';
import { isTerminal, type Task } from '../../model/index.ts';
import type { View } from '../../store/index.ts';
import type { Hold } from './new-task.ts';
import { isAssigned } from './slot.ts';

/** How long a replacement waits for the task before it to end, ms, as Swarm: then it starts anyway. Counted from the order to stop. */
export const STOP_WAIT_MS = 60_000;

/** Whether something of the task may still run on a node that can tell us of its end. */
export function mayStillRun(view: View, task: Task | undefined): boolean {
  if (task === undefined || isTerminal(task.Status.State) || !isAssigned(task) || task.NodeID === undefined)
    return false;
  const node = view.get('node', task.NodeID);
  return node !== undefined && node.Status.State !== 'down';
}

/**
 * What a replacement of `task` has to wait for, when it may start `delayMs` from now: the end of `task`, or, when that was only
 * held itself, of the one before it.
 */
export function holdFor(view: View, task: Task, now: Instant, delayMs: number): Hold | undefined {
  const before = predecessorOf(view, task);
  if (before === undefined) return delayMs > 0 ? { startAt: now + delayMs } : undefined;
  return { startAt: now + delayMs, startAfter: before.ID, startBy: now + Math.max(delayMs, STOP_WAIT_MS) };
}

function predecessorOf(view: View, task: Task): Task | undefined {
  if (task.DesiredState === 'ready' && task.Internal.StartAfter !== undefined) {
    const before = view.get('task', task.Internal.StartAfter);
    if (mayStillRun(view, before)) return before;
  }
  return mayStillRun(view, task) ? task : undefined;
}

/** When a held task may start: now, at a store time, or at the end of the task it waits for but no later than `until`. */
export type Due = { readonly due: true } | { readonly due: false; readonly until: Instant };

export function holdOver(view: View, task: Task, now: Instant): Due {
  const { StartAt, StartAfter, StartBy } = task.Internal;
  if (StartAt !== undefined && now < StartAt) return { due: false, until: StartAt };
  if (StartAfter === undefined || !mayStillRun(view, view.get('task', StartAfter))) return { due: true };
  const latest = StartBy ?? StartAt ?? now;
  return now < latest ? { due: false, until: latest } : { due: true };
}
