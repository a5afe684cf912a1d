import { isTerminal, restartPolicy, type Service, type Task, taskHistoryLimit } from '../../model/index.ts';
import type { Transaction, View } from '../../store/index.ts';
import { isAssigned, isLive, isYounger, newestOf, type Place, tasksOfPlace, taskUnchanged } from '../tasks/index.ts';

/** Whether a task is to vanish as soon as nothing of it runs: it was removed, or its service was. */
export function isUnwanted(view: View, task: Task): boolean {
  if (!isTerminal(task.Status.State) && isAssigned(task)) return false;
  if (task.DesiredState === 'remove') return true;
  return isTerminal(task.Status.State) && view.get('service', task.ServiceID) === undefined;
}

/**
 * The history of a slot beyond its limit, oldest first. The limit counts all tasks of the slot, live ones too; with a maximum of
 * restart attempts it is one more than those, for the restart policy reads the attempts from the history.
 */
export function surplusHistory(view: View, service: Service, place: Place): readonly Task[] {
  const limit = historyLimit(view, service);
  if (limit < 0) return [];
  const tasks = tasksOfPlace(view, service.ID, place);
  const surplus = tasks.length - limit;
  if (surplus <= 0) return [];
  const result = tasks.some(isLive) ? undefined : newestOf(tasks);
  return tasks
    .filter((task) => task !== result && isPast(task))
    .sort((a, b) => a.Internal.AppliedAt - b.Internal.AppliedAt || (isYounger(a, b) ? 1 : -1))
    .slice(0, surplus);
}

export function remove(task: Task): Transaction {
  return { preconditions: [taskUnchanged(task)], changes: [{ kind: 'remove', table: 'task', id: task.ID }] };
}

/** Ended and followed up on: one that is still wanted waits for the restart policy. */
function isPast(task: Task): boolean {
  return !isLive(task) && (isTerminal(task.Status.State) || !isAssigned(task));
}

function historyLimit(view: View, service: Service): number {
  const { maxAttempts } = restartPolicy(service.Spec.TaskTemplate ?? {});
  if (maxAttempts > 0) return maxAttempts + 1;
  const cluster = view.cluster();
  return taskHistoryLimit(cluster?.Spec ?? {});
}
