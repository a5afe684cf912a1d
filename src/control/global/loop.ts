import type { NodeId, Service, ServiceId } from '../../model/index.ts';
import type { Changed, Transaction, View } from '../../store/index.ts';
import type { Loop, LoopContext } from '../loop.ts';
import {
  isGlobal,
  isLive,
  isWantedAgain,
  parseSlotKey,
  placementChanged,
  type SlotKey,
  slotKey,
  slotKeyOf,
  stopTask,
  tasksOfPlace,
} from '../tasks/index.ts';
import { type Decision, earliest, settled, Worklist } from '../worklist.ts';
import { decideGlobal, decideGlobalOnNode } from './decide.ts';

/** Keeps one task of each global service on each node that it belongs on. A node's change is looked at on that node alone. */
export function globalLoop(): Loop {
  const services = new Worklist<ServiceId>('global');
  const places = new Worklist<SlotKey>('global');
  const globals = new Set<ServiceId>();

  const track = (service: Service | undefined, id: ServiceId) => {
    if (service !== undefined && isGlobal(service)) globals.add(id);
    else globals.delete(id);
  };

  const markChanged = (changed: Changed) => {
    if (changed.table === 'service') {
      track(changed.after, changed.id as ServiceId);
      if (globals.has(changed.id as ServiceId)) services.mark(changed.id as ServiceId);
    } else if (changed.table === 'node' && placementChanged(changed.before, changed.after)) {
      for (const id of globals) places.mark(slotKey(id, { kind: 'node', nodeId: changed.id as NodeId }));
    } else if (changed.table === 'task') {
      const { before, after } = changed;
      const task = after ?? before;
      if (task === undefined || !globals.has(task.ServiceID)) return;
      const vanished = after === undefined && before !== undefined && isLive(before);
      if (vanished || isWantedAgain(before, after)) places.mark(slotKeyOf(task));
    }
  };

  const decidePlace = (view: View, key: SlotKey, context: LoopContext): Decision => {
    const { serviceId, place } = parseSlotKey(key);
    const service = view.get('service', serviceId);
    if (service === undefined || !isGlobal(service) || place.kind !== 'node') return settled;
    const tasks = tasksOfPlace(view, serviceId, place);
    const node = view.get('node', place.nodeId);
    // The node is gone and the slot with it: so are its tasks, history and all.
    if (node === undefined) return { transactions: tasks.flatMap((task) => stopTask(task, 'remove')) };
    return { transactions: decideGlobalOnNode(view, service, node, tasks, context) };
  };

  return {
    name: 'global',
    start(view) {
      services.clear();
      places.clear();
      globals.clear();
      for (const service of view.list('service')) {
        track(service, service.ID);
        if (isGlobal(service)) services.mark(service.ID);
      }
    },
    mark(commit) {
      commit.changes.forEach(markChanged);
    },
    act(view, context) {
      const out: Transaction[] = [];
      services.decide(context, out, (id) => {
        const service = view.get('service', id);
        return service === undefined || !isGlobal(service) ? settled : decideGlobal(view, service, context);
      });
      if (out.length > 0) return out;
      places.decide(context, out, (key) => decidePlace(view, key, context));
      return out;
    },
    nextDeadline: () => earliest(services.nextDeadline(), places.nextDeadline()),
  };
}
