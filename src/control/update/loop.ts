import type { Service, ServiceId } from '../../model/index.ts';
import type { Changed, Transaction, View } from '../../store/index.ts';
import type { Loop, LoopContext } from '../loop.ts';
import { isGlobal, isReplicated, isWantedAgain, placementChanged, slotKeyOf } from '../tasks/index.ts';
import { type Decision, settled, Worklist } from '../worklist.ts';
import { decideUpdate } from './decide.ts';
import { type Ended, endedIn, endedUnseen } from './failure.ts';
import { Rollout } from './rollout.ts';
import { isPaused, isRolling } from './status.ts';

/**
 * Rolls new specs out over the slots of services (Swarm's updater). It reads all tasks of a service when its spec changed, and once
 * a leadership; then only slots whose tasks changed, and only of services that roll.
 */
export function updateLoop(): Loop {
  const services = new Worklist<ServiceId>('update');
  const rollouts = new Map<ServiceId, Rollout>();
  const ended = new Map<ServiceId, Ended[]>();

  const markChanged = (changed: Changed) => {
    if (changed.table === 'service') services.mark(changed.id as ServiceId);
    if (changed.table === 'node' && placementChanged(changed.before, changed.after)) readGlobalsAgain();
    if (changed.table !== 'task') return;
    const task = changed.after ?? changed.before;
    const rollout = task === undefined ? undefined : rollouts.get(task.ServiceID);
    if (isWantedAgain(changed.before, changed.after)) services.mark(changed.after.ServiceID);
    if (task === undefined || rollout === undefined) return;
    rollout.touch(slotKeyOf(task));
    const end = endedIn(changed);
    if (end !== undefined) note(task.ServiceID, [end]);
    services.mark(task.ServiceID);
  };

  /** A node that is paused or comes back decides whether its slots take part. */
  const readGlobalsAgain = () => {
    for (const [id, rollout] of rollouts) {
      if (!rollout.isGlobal) continue;
      rollout.isStale = true;
      services.mark(id);
    }
  };

  const note = (id: ServiceId, ends: readonly Ended[]) => {
    ended.set(id, [...(ended.get(id) ?? []), ...ends]);
  };

  const drop = (id: ServiceId): Decision => {
    rollouts.delete(id);
    ended.delete(id);
    return settled;
  };

  const rolloutOf = (view: View, service: Service): Rollout => {
    const known = rollouts.get(service.ID);
    if (known !== undefined && known.version === service.Version.Index && !known.isStale) return known;
    const rollout = Rollout.read(view, service, isGlobal(service));
    if (known?.version === service.Version.Index) {
      rollout.remember(known);
    } else {
      ended.delete(service.ID);
      if (isRolling(service)) note(service.ID, endedUnseen(view, service));
    }
    rollouts.set(service.ID, rollout);
    return rollout;
  };

  const decide = (view: View, id: ServiceId, context: LoopContext): Decision => {
    const service = view.get('service', id);
    if (service === undefined || isPaused(service) || !(isReplicated(service) || isGlobal(service))) return drop(id);
    const rollout = rolloutOf(view, service);
    const decision = decideUpdate(view, service, rollout, ended.get(id) ?? [], context);
    if (decision.transactions.length === 0 && !isRolling(service)) return drop(id);
    return decision;
  };

  return {
    name: 'update',
    start(view) {
      services.clear();
      rollouts.clear();
      ended.clear();
      for (const service of view.list('service')) services.mark(service.ID);
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
