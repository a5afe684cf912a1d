import type { ServiceId } from '../../model/index.ts';
import type { Changed, Transaction, View } from '../../store/index.ts';
import type { Loop, LoopContext } from '../loop.ts';
import { isLive, isReplicated, isWantedAgain, stopTask } from '../tasks/index.ts';
import { type Decision, settled, Worklist } from '../worklist.ts';
import { decideReplicas } from './decide.ts';

/** Keeps replicated services at their number of slots, and takes down the tasks of services that are gone, of whatever mode. */
export function replicateLoop(): Loop {
  const services = new Worklist<ServiceId>('replicate');

  const markChanged = (changed: Changed) => {
    if (changed.table === 'service') services.mark(changed.id as ServiceId);
    // A live task that vanished leaves its slot empty; a live one without service has to go.
    if (changed.table !== 'task') return;
    const { before, after } = changed;
    if (after === undefined && before !== undefined && isLive(before)) services.mark(before.ServiceID);
    if (isWantedAgain(before, after)) services.mark(after.ServiceID);
  };

  const decide = (view: View, id: ServiceId, context: LoopContext): Decision => {
    const service = view.get('service', id);
    if (service === undefined) return removeTasks(view, id);
    return isReplicated(service) ? decideReplicas(view, service, context) : settled;
  };

  return {
    name: 'replicate',
    start(view) {
      services.clear();
      for (const service of view.list('service')) services.mark(service.ID);
      // Once a leadership: tasks whose service went away while nobody led.
      for (const task of view.list('task')) {
        if (task.DesiredState !== 'remove' && view.get('service', task.ServiceID) === undefined)
          services.mark(task.ServiceID);
      }
    },
    mark(commit) {
      commit.changes.forEach(markChanged);
    },
    act(view, context) {
      const out: Transaction[] = [];
      services.decide(context, out, (id) => decide(view, id, context));
      return out;
    },
    nextDeadline: () => services.nextDeadline(),
  };
}

function removeTasks(view: View, serviceId: ServiceId): Decision {
  return { transactions: [...view.tasksOfService(serviceId)].flatMap((task) => stopTask(task, 'remove')) };
}
