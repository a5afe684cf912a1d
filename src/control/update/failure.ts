import type { Instant } from '../../base/index.ts';
import { instantOf, isTerminal, restartPolicy, type Service, type Task, type TaskId } from '../../model/index.ts';
import type { Changed, Transaction, View } from '../../store/index.ts';
import type { LoopContext } from '../loop.ts';
import { specOf } from '../restart/index.ts';
import { isLive, isOfSpec, slotKeyOf } from '../tasks/index.ts';
import { rolloutPolicy } from './replace-slot.ts';
import type { Rollout } from './rollout.ts';
import { pause, recordFailures, rollBack, withFailures } from './status.ts';

/** A task of a roll-out that ended by itself. */
export interface Ended {
  readonly task: Task;
  /** Store time when it was seen running, as far as the commit tells. */
  readonly runningAt: Instant | undefined;
}

/** What a commit says of the end of a task that a roll-out made and that was still wanted. */
export function endedIn(changed: Changed): Ended | undefined {
  if (changed.table !== 'task') return undefined;
  const { before, after } = changed;
  if (before === undefined || after?.Internal.ByUpdate !== true || !isLive(after)) return undefined;
  if (!isTerminal(after.Status.State) || isTerminal(before.Status.State)) return undefined;
  return { task: after, runningAt: before.Status.State === 'running' ? before.Internal.AppliedAt : undefined };
}

/**
 * Tasks of the current roll-out that ended while nobody led. When they began to run is not in the store any more, so the time from
 * their start counts: it is the longer one, so none is counted that would not have been.
 */
export function endedUnseen(view: View, service: Service): readonly Ended[] {
  const ended: Ended[] = [];
  for (const task of view.tasksOfService(service.ID)) {
    if (task.Internal.ByUpdate !== true || task.DesiredState === 'remove' || !isTerminal(task.Status.State)) continue;
    if (task.Status.State === 'shutdown') continue;
    ended.push({ task, runningAt: task.Internal.StartAt ?? instantOf(task.CreatedAt) });
  }
  return ended;
}

/** Those of them that count as failures: not run at all, or for less than the monitor period. Each counts once. */
export function newFailures(view: View, service: Service, rollout: Rollout, ended: readonly Ended[]): TaskId[] {
  const { monitorMs } = rolloutPolicy(service);
  const counted = new Set(service.Internal.Rollout?.Failed);
  const failures: TaskId[] = [];
  for (const { task, runningAt } of ended) {
    if (!isOfSpec(service, task) || counted.has(task.ID)) continue;
    if (isGoodEnd(view, service, task)) continue;
    const made = rollout.made.get(slotKeyOf(task));
    const since = made?.taskId === task.ID && made.reachedAt !== undefined ? made.reachedAt : runningAt;
    if (since !== undefined && task.Internal.AppliedAt - since > monitorMs) continue;
    counted.add(task.ID);
    failures.push(task.ID);
  }
  return failures;
}

/** A task that runs to completion and did: its policy does not start it again after exit 0. Swarm counts that as a failure. */
function isGoodEnd(view: View, service: Service, task: Task): boolean {
  return task.Status.State === 'complete' && restartPolicy(specOf(view, service, task)).condition !== 'any';
}

/** What the failures lead to: pause, roll-back, or only a note of them while the ratio allows more. */
export function reactTo(service: Service, failures: readonly TaskId[], context: LoopContext): Transaction | undefined {
  const last = failures.at(-1);
  const policy = rolloutPolicy(service);
  if (last === undefined || policy.failureAction === 'continue') return undefined;
  const noted = withFailures(service, failures);
  const { Failed, Slots } = noted.Internal.Rollout ?? { Failed: failures, Slots: failures.length };
  if (Failed.length / Math.max(1, Slots) <= policy.maxFailureRatio) return recordFailures(service, failures);
  const cause = `due to failure or early termination of task ${last}`;
  if (policy.failureAction === 'pause') return pause(noted, `update paused ${cause}`);
  if (service.UpdateStatus?.State === 'rollback_started') return pause(noted, `rollback paused ${cause}`);
  return (
    rollBack(service, `update rolled back ${cause}`, context) ??
    pause(noted, `update paused ${cause}; there is no previous spec to roll back to`)
  );
}
