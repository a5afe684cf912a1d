import { assert } from '../../base/index.ts';
import { isTerminal, type NodeId, reservations, type Task } from '../../model/index.ts';
import type { Commit, View } from '../../store/index.ts';
import { isAssigned, placeOf, slotKeyOf, tasksOfPlace } from '../tasks/index.ts';
import { rolloutPolicy } from '../update/replace-slot.ts';

/** What must hold after every log entry, looked at where the entry changed something. */
export function assertInvariants(view: View, commit: Commit): void {
  const slots = new Map<string, Task>();
  const nodes = new Set<NodeId>();
  for (const changed of commit.changes) {
    if (changed.table !== 'task' || changed.after === undefined) continue;
    const task = changed.after;
    assert(task.Status.Message !== '', 'every state has a message', { id: task.ID, state: task.Status.State });
    slots.set(slotKeyOf(task), task);
    if (task.NodeID !== undefined) nodes.add(task.NodeID);
  }
  for (const task of slots.values()) assertOneRunning(view, task);
  for (const id of nodes) assertReservationsFit(view, id);
}

/** A slot never has two tasks that shall run, but while a start-first roll-out hands over. */
function assertOneRunning(view: View, task: Task): void {
  const service = view.get('service', task.ServiceID);
  if (service === undefined || rolloutPolicy(service).order === 'start-first') return;
  const wanted = tasksOfPlace(view, task.ServiceID, placeOf(task)).filter(
    ({ DesiredState }) => DesiredState === 'running',
  );
  assert(wanted.length <= 1, 'one task of a slot shall run', {
    slot: slotKeyOf(task),
    tasks: wanted.map(({ ID }) => ID),
  });
}

/** What tasks reserve on a node is never more than the node has. */
function assertReservationsFit(view: View, id: NodeId): void {
  const resources = view.get('node', id)?.Description?.Resources;
  if (resources === undefined) return;
  let nanoCpus = 0;
  let memoryBytes = 0;
  for (const task of view.tasksOfNode(id)) {
    if (!isAssigned(task) || isTerminal(task.Status.State)) continue;
    const reserved = reservations(view.template(task.ServiceID, task.Internal.SpecVersion)?.Spec ?? {});
    nanoCpus += reserved.nanoCpus;
    memoryBytes += reserved.memoryBytes;
  }
  assert(nanoCpus <= Number(resources.NanoCPUs ?? 0), 'reserved CPUs fit', { id, nanoCpus });
  assert(memoryBytes <= Number(resources.MemoryBytes ?? 0), 'reserved memory fits', { id, memoryBytes });
}
