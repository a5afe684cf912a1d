import { desiredReplicas, type Service, type Task } from '../../model/index.ts';
import { MAX_CHANGES, type Transaction, type View } from '../../store/index.ts';
import type { LoopContext } from '../loop.ts';
import { keepsSlot } from '../restart/index.ts';
import { createTask, isLive, specUnchanged, stopTask } from '../tasks/index.ts';
import { type Decision, MAX_CHANGES_PER_ACT } from '../worklist.ts';
import { type OccupiedSlot, surplusSlots } from './scale-down.ts';

/**
 * Brings a replicated service to its number of slots (Swarm's replicated orchestrator). Walks all tasks of the service: it is called
 * when the service changes or a live task vanishes, and hurts beyond some 10 000 tasks a service (2 ms).
 */
export function decideReplicas(view: View, service: Service, context: LoopContext): Decision {
  const { occupied, dead } = sortSlots(view, service);
  const wanted = desiredReplicas(service.Spec);
  const transactions: Transaction[] = dead.flatMap((task) => stopTask(task, 'remove'));
  for (const slot of surplusSlots(occupied, wanted)) {
    for (const task of slot.tasks) transactions.push(...stopTask(task, 'remove'));
  }
  const missing = wanted - occupied.length;
  if (missing <= 0) return { transactions };
  const numbers = freeSlots(occupied, Math.min(missing, MAX_CHANGES_PER_ACT));
  transactions.push(...createInBatches(service, numbers, context));
  return { transactions, more: missing > numbers.length };
}

/** Slots that a live or a finished task occupies, and the tasks of all others. */
function sortSlots(view: View, service: Service) {
  const slots = new Map<number, Task[]>();
  for (const task of view.tasksOfService(service.ID)) {
    const tasks = slots.get(task.Slot);
    if (tasks === undefined) slots.set(task.Slot, [task]);
    else tasks.push(task);
  }
  const occupied: OccupiedSlot[] = [];
  const dead: Task[] = [];
  for (const [slot, tasks] of slots) {
    if (tasks.some(isLive) || keepsSlot(view, service, tasks)) occupied.push({ slot, tasks });
    else dead.push(...tasks);
  }
  return { occupied, dead };
}

/** The lowest numbers from 1 on that no slot has. */
function freeSlots(occupied: readonly OccupiedSlot[], count: number): number[] {
  const taken = new Set(occupied.map(({ slot }) => slot));
  const free: number[] = [];
  for (let slot = 1; free.length < count; slot++) if (!taken.has(slot)) free.push(slot);
  return free;
}

function createInBatches(service: Service, slots: readonly number[], context: LoopContext): Transaction[] {
  const transactions: Transaction[] = [];
  for (let from = 0; from < slots.length; from += MAX_CHANGES) {
    transactions.push({
      preconditions: [specUnchanged(service)],
      changes: slots
        .slice(from, from + MAX_CHANGES)
        .map((slot) => createTask(service, { place: { kind: 'slot', slot } }, context)),
    });
  }
  return transactions;
}
