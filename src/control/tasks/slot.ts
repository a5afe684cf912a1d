import type { NodeId, Service, ServiceId, Task } from '../../model/index.ts';
import { compareStates, isTerminal } from '../../model/index.ts';
import type { View } from '../../store/index.ts';

/** A slot's key: `<service>#<number>` in replicated services, `<service>@<node>` in global ones, whose slot is the node. */
export type SlotKey = string & { readonly brand: 'SlotKey' };

/** Where a task of a service belongs: a numbered slot, or a node. */
export type Place =
  | { readonly kind: 'slot'; readonly slot: number }
  | { readonly kind: 'node'; readonly nodeId: NodeId };

export function placeOf(task: Task): Place {
  return task.Slot > 0 || task.NodeID === undefined
    ? { kind: 'slot', slot: task.Slot }
    : { kind: 'node', nodeId: task.NodeID };
}

export function slotKey(serviceId: ServiceId, place: Place): SlotKey {
  return (place.kind === 'slot' ? `${serviceId}#${place.slot}` : `${serviceId}@${place.nodeId}`) as SlotKey;
}

export function slotKeyOf(task: Task): SlotKey {
  return slotKey(task.ServiceID, placeOf(task));
}

/** The service and place that a key names. */
export function parseSlotKey(key: SlotKey): { readonly serviceId: ServiceId; readonly place: Place } {
  const at = key.indexOf('@');
  if (at >= 0) {
    return { serviceId: key.slice(0, at) as ServiceId, place: { kind: 'node', nodeId: key.slice(at + 1) as NodeId } };
  }
  const hash = key.indexOf('#');
  return { serviceId: key.slice(0, hash) as ServiceId, place: { kind: 'slot', slot: Number(key.slice(hash + 1)) } };
}

/** All tasks of a slot, live and history. For a global service it walks the node's tasks. */
export function tasksOfPlace(view: View, serviceId: ServiceId, place: Place): Task[] {
  if (place.kind === 'slot') return [...view.tasksOfSlot(serviceId, place.slot)];
  const tasks: Task[] = [];
  for (const task of view.tasksOfNode(place.nodeId)) {
    if (task.ServiceID === serviceId && task.Slot === 0) tasks.push(task);
  }
  return tasks;
}

/** Whether the orchestrator wants this task to run, now or once its hold is over. */
export function isLive(task: Task): boolean {
  return task.DesiredState === 'ready' || task.DesiredState === 'running';
}

/** Whether an order to stop was taken back, for it was not committed: whoever gave it has to decide again. */
export function isWantedAgain(before: Task | undefined, after: Task | undefined): after is Task {
  return before !== undefined && after !== undefined && !isLive(before) && isLive(after);
}

/** Whether a task has ended, or never came to a node and is not wanted any more: nothing of it runs anywhere. */
export function isOver(task: Task): boolean {
  return isTerminal(task.Status.State) || (!isLive(task) && !isAssigned(task));
}

/** Whether a node has been told to run it. */
export function isAssigned(task: Task): boolean {
  return compareStates(task.Status.State, 'assigned') >= 0;
}

/** The youngest of some tasks of one slot. */
export function newestOf(tasks: readonly Task[]): Task | undefined {
  let newest: Task | undefined;
  for (const task of tasks) if (newest === undefined || isYounger(task, newest)) newest = task;
  return newest;
}

/** Whether a task was created for the spec that the service has now, not for one before: a spec may come back. */
export function isOfSpec(service: Service, task: Task): boolean {
  return task.Version.Index === 0 || task.Version.Index > service.Version.Index;
}

/** Whether `a` was created after `b`. A task that is not committed yet has no version and is the youngest. */
export function isYounger(a: Task, b: Task): boolean {
  const birthA = a.Version.Index === 0 ? Number.POSITIVE_INFINITY : a.Version.Index;
  const birthB = b.Version.Index === 0 ? Number.POSITIVE_INFINITY : b.Version.Index;
  return birthA > birthB;
}
