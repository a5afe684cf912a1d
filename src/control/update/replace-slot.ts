import type { Service, Task } from '../../model/index.ts';
import { isTerminal, rollbackPolicy, updatePolicy } from '../../model/index.ts';
import type { Transaction, View } from '../../store/index.ts';
import type { LoopContext } from '../loop.ts';
import {
  createTask,
  desire,
  holdFor,
  isLive,
  isYounger,
  newestOf,
  type Place,
  put,
  specUnchanged,
  stopTask,
  taskUnchanged,
} from '../tasks/index.ts';

/** The settings that the service's roll-out follows now: the roll-back's while it rolls back. */
export function rolloutPolicy(service: Service) {
  return service.UpdateStatus?.State === 'rollback_started' ? rollbackPolicy(service.Spec) : updatePolicy(service.Spec);
}

export interface Replacement {
  readonly service: Service;
  readonly place: Place;
  /** All tasks of the slot. */
  readonly tasks: readonly Task[];
  readonly order: 'stop-first' | 'start-first';
}

/**
 * Gives a slot a task of the current spec. Stop-first: the old ones are told to stop in the same transaction and the new one waits
 * for that, prepared. Start-first: the new one starts at once and the old ones stay until `finishSlot`.
 */
export function replaceSlot(
  view: View,
  { service, place, tasks, order }: Replacement,
  context: LoopContext,
): Transaction {
  const live = tasks.filter(isLive);
  if (order === 'start-first') {
    return {
      preconditions: [specUnchanged(service)],
      changes: [createTask(service, { place, byUpdate: true }, context)],
    };
  }
  const last = newestOf(live) ?? newestOf(tasks);
  const hold = last === undefined ? undefined : holdFor(view, last, context.now, 0);
  return {
    preconditions: [specUnchanged(service), ...live.map(taskUnchanged)],
    changes: [
      ...live.map((task) => put(desire(task, 'shutdown'))),
      createTask(service, { place, hold, byUpdate: true }, context),
    ],
  };
}

/**
 * Ends a hand-over: of several live tasks in a slot one stays and the others stop. A clean one stays, with start-first only once it
 * is seen running, so that a new task that never gets there does not cost the old one. Without a clean one, which a newer spec in
 * the middle of a hand-over leaves behind, one that runs stays until the roll-out comes to the slot.
 */
export function finishSlot(
  service: Service,
  live: readonly Task[],
  isClean: (task: Task) => boolean,
): readonly Transaction[] {
  const able = live.filter((task) => !isTerminal(task.Status.State));
  const clean = able.filter(isClean);
  const isRunning = (task: Task) => task.Status.State === 'running';
  const waits = rolloutPolicy(service).order === 'start-first' && clean.length > 0;
  const candidates = clean.length > 0 ? clean : able;
  const stays = youngest(candidates.filter(isRunning)) ?? (waits ? undefined : youngest(candidates));
  if (stays === undefined) return [];
  return live.filter((task) => task !== stays).flatMap((task) => stopTask(task, 'shutdown'));
}

function youngest(tasks: readonly Task[]): Task | undefined {
  return tasks.reduce<Task | undefined>(
    (best, task) => (best === undefined || isYounger(task, best) ? task : best),
    undefined,
  );
}
