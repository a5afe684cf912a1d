import type { NodeId, ServiceId, Task, TaskId } from '../model/index.ts';
import { IdGroups } from './id-groups.ts';

/** Ids of tasks by service and slot, by node, and by the task that they wait for. */
export class TaskIndex {
  /** By service, then by slot; a service's tasks are those of its slots, so that a task stands in one index less. */
  readonly #slots = new Map<ServiceId, IdGroups<number>>();
  readonly #byNode = new IdGroups<NodeId>();
  readonly #waiting = new IdGroups<TaskId>();

  *ofService(serviceId: ServiceId): Iterable<string> {
    const slots = this.#slots.get(serviceId);
    if (slots === undefined) return;
    for (const slot of slots.keys()) yield* slots.of(slot);
  }

  ofSlot(serviceId: ServiceId, slot: number): Iterable<string> {
    return this.#slots.get(serviceId)?.of(slot) ?? [];
  }

  ofNode(nodeId: NodeId): Iterable<string> {
    return this.#byNode.of(nodeId);
  }

  waitingFor(taskId: TaskId): Iterable<string> {
    return this.#waiting.of(taskId);
  }

  /** Called for every write of a task; touches only the indexes whose key changed. */
  replace(before: Task | undefined, after: Task | undefined): void {
    if (before?.ServiceID !== after?.ServiceID || before?.Slot !== after?.Slot) {
      if (before !== undefined) this.#removeSlot(before);
      if (after !== undefined) this.#addSlot(after);
    }
    move(this.#byNode, before?.NodeID, after?.NodeID, before?.ID, after?.ID);
    move(this.#waiting, before?.Internal.StartAfter, after?.Internal.StartAfter, before?.ID, after?.ID);
  }

  #addSlot(task: Task): void {
    let slots = this.#slots.get(task.ServiceID);
    if (slots === undefined) {
      slots = new IdGroups();
      this.#slots.set(task.ServiceID, slots);
    }
    slots.add(task.Slot, task.ID);
  }

  #removeSlot(task: Task): void {
    const slots = this.#slots.get(task.ServiceID);
    slots?.remove(task.Slot, task.ID);
    if (slots?.size === 0) this.#slots.delete(task.ServiceID);
  }
}

function move<K>(
  groups: IdGroups<K>,
  from: K | undefined,
  to: K | undefined,
  oldId: string | undefined,
  id: string | undefined,
): void {
  if (from === to) return;
  if (from !== undefined && oldId !== undefined) groups.remove(from, oldId);
  if (to !== undefined && id !== undefined) groups.add(to, id);
}
