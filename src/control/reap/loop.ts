import { isTerminal, type Task, type TaskId } from '../../model/index.ts';
import type { Changed, Transaction } from '../../store/index.ts';
import type { Loop } from '../loop.ts';
import { isLive, parseSlotKey, type SlotKey, slotKeyOf } from '../tasks/index.ts';
import { earliest, settled, Worklist } from '../worklist.ts';
import { isUnwanted, remove, surplusHistory } from './decide.ts';

/** Deletes tasks: unwanted ones once they ended, history beyond the limit. Looks only at slots that got a task or lost one. */
export function reapLoop(): Loop {
  const slots = new Worklist<SlotKey>('reap');
  const tasks = new Worklist<TaskId>('reap');

  const markTask = (task: Task) => {
    if (task.DesiredState === 'remove' || isTerminal(task.Status.State)) tasks.mark(task.ID);
    if (!isLive(task)) slots.mark(slotKeyOf(task));
  };

  const markChanged = (changed: Changed) => {
    if (changed.table !== 'task' || changed.after === undefined) return;
    markTask(changed.after);
    if (changed.before === undefined) slots.mark(slotKeyOf(changed.after));
  };

  return {
    name: 'reap',
    start(view) {
      tasks.clear();
      slots.clear();
      // Once a leadership: history that the last leader did not come to.
      for (const task of view.list('task')) markTask(task);
    },
    mark(commit) {
      commit.changes.forEach(markChanged);
    },
    act(view, context) {
      const out: Transaction[] = [];
      tasks.decide(context, out, (id) => {
        const task = view.get('task', id);
        return task === undefined || !isUnwanted(view, task) ? settled : { transactions: [remove(task)] };
      });
      const gone = new Set(out.flatMap(({ changes }) => changes.flatMap((c) => (c.kind === 'remove' ? [c.id] : []))));
      slots.decide(context, out, (key) => {
        const { serviceId, place } = parseSlotKey(key);
        const service = view.get('service', serviceId);
        if (service === undefined) return settled;
        const surplus = surplusHistory(view, service, place).filter((task) => !gone.has(task.ID));
        return { transactions: surplus.map(remove) };
      });
      return out;
    },
    nextDeadline: () => earliest(tasks.nextDeadline(), slots.nextDeadline()),
  };
}
