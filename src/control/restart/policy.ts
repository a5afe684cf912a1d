import { instantOf, restartPolicy, type Service, type Task, type TaskSpec } from '../../model/index.ts';
import type { View } from '../../store/index.ts';
import { isOfSpec, isYounger, newestOf, placeOf, tasksOfPlace } from '../tasks/index.ts';

/**
 * Whether the policy of the task's own spec asks for another attempt (Swarm's restart supervisor). What counts against
 * `MaxAttempts` is read from the slot's retained tasks of the same template, made since the service's spec was accepted: all but
 * the first and those of roll-outs are restarts. So a new leader knows as much as the one before it; the reaper keeps enough.
 */
export function wantsRestart(view: View, service: Service, task: Task): boolean {
  const policy = restartPolicy(specOf(view, service, task));
  if (policy.condition === 'none') return false;
  if (policy.condition === 'on-failure' && task.Status.State === 'complete') return false;
  if (policy.maxAttempts === 0) return true;
  const since = policy.windowMs === 0 ? Number.NEGATIVE_INFINITY : task.Internal.AppliedAt - policy.windowMs;
  const restarts = tasksOfPlace(view, task.ServiceID, placeOf(task))
    .filter((other) => other.Internal.SpecVersion === task.Internal.SpecVersion)
    .sort((a, b) => (isYounger(a, b) ? 1 : -1))
    .slice(1)
    .filter((other) => other.Internal.ByUpdate !== true && isOfSpec(service, other))
    .filter((other) => (instantOf(other.CreatedAt) ?? 0) > since);
  return restarts.length < policy.maxAttempts;
}

/**
 * Whether a slot without live task is still occupied: its newest task is not to be followed by another, so it stays as the slot's
 * result until the spec changes. A roll-back refills such slots.
 */
export function keepsSlot(view: View, service: Service, tasks: readonly Task[]): boolean {
  if (service.UpdateStatus?.State === 'rollback_started') return false;
  const newest = newestOf(tasks.filter((task) => task.DesiredState !== 'remove'));
  return newest !== undefined && !wantsRestart(view, service, newest);
}

/** The spec that the task was made from; the service's, should its template be gone. */
export function specOf(view: View, service: Service, task: Task): TaskSpec {
  return view.template(task.ServiceID, task.Internal.SpecVersion)?.Spec ?? service.Spec.TaskTemplate ?? {};
}
