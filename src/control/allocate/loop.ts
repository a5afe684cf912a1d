import type { Task, TaskId } from '../../model/index.ts';
import type { Transaction } from '../../store/index.ts';
import type { Loop } from '../loop.ts';
import { isLive, observe, replaceTask } from '../tasks/index.ts';
import { settled, Worklist } from '../worklist.ts';

/** Message of a task that has all it needs, as Swarm's. */
export const PENDING_MESSAGE = 'pending task scheduling';

/** Moves tasks from `new` to `pending`. */
export function allocateLoop(): Loop {
  const tasks = new Worklist<TaskId>('allocate');
  const mark = (task: Task | undefined) => {
    if (task?.Status.State === 'new' && isLive(task)) tasks.mark(task.ID);
  };
  return {
    name: 'allocate',
    start(view) {
      tasks.clear();
      // Once a leadership.
      for (const task of view.list('task')) mark(task);
    },
    mark(commit) {
      for (const changed of commit.changes) if (changed.table === 'task') mark(changed.after);
    },
    act(view, context) {
      const out: Transaction[] = [];
      tasks.decide(context, out, (id) => {
        const task = view.get('task', id);
        if (task === undefined || task.Status.State !== 'new' || !isLive(task)) return settled;
        const pending = observe(task, { State: 'pending', Message: PENDING_MESSAGE }, context);
        return { transactions: [replaceTask(task, pending)] };
      });
      return out;
    },
    nextDeadline: () => tasks.nextDeadline(),
  };
}
