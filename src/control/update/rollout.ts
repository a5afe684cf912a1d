import type { Instant } from '../../base/index.ts';
import { compareStates, isTerminal, type Service, type Task, type TaskId } from '../../model/index.ts';
import type { View } from '../../store/index.ts';
import { keepsSlot, mayRunGlobal } from '../restart/index.ts';
import {
  isLive,
  isOfSpec,
  newestOf,
  type Place,
  parseSlotKey,
  type SlotKey,
  slotKeyOf,
  tasksOfPlace,
} from '../tasks/index.ts';
import { isDirty } from './dirty.ts';

/** The task that the roll-out made in a slot, and since when it counts as having run (or failed to). */
export interface Made {
  readonly taskId: TaskId;
  readonly reachedAt: Instant | undefined;
}

/**
 * Where a roll-out stands, slot by slot: private to the leader and read from the store, whole when the spec is new, then only for
 * slots whose tasks changed.
 */
export class Rollout {
  /** `Version.Index` of the service: a new one is a new roll-out, even of the same template. */
  readonly version: number;
  readonly isGlobal: boolean;
  /** Slots to be replaced, lowest first. */
  readonly waiting = new Set<SlotKey>();
  /** Slots with several live tasks. */
  readonly handovers = new Set<SlotKey>();
  /** Slots whose new task has not run yet, or not for the delay between two slots. */
  readonly active = new Set<SlotKey>();
  readonly made = new Map<SlotKey, Made>();
  /** When the last new task was seen running, or ended. */
  lastReachedAt: Instant | undefined;
  /** Something beside the tasks changed: read all slots again. */
  isStale = false;
  readonly #touched = new Set<SlotKey>();

  constructor(service: Service, isGlobal: boolean) {
    this.version = service.Version.Index;
    this.isGlobal = isGlobal;
  }

  /** All slots of the service, read anew. */
  static read(view: View, service: Service, isGlobal: boolean): Rollout {
    const rollout = new Rollout(service, isGlobal);
    const slots = new Map<SlotKey, Task[]>();
    for (const task of view.tasksOfService(service.ID)) {
      const key = slotKeyOf(task);
      const tasks = slots.get(key);
      if (tasks === undefined) slots.set(key, [task]);
      else tasks.push(task);
    }
    for (const [key, tasks] of [...slots].sort(([a], [b]) => orderOf(a, b)))
      rollout.#evaluate(view, service, key, tasks);
    return rollout;
  }

  touch(key: SlotKey): void {
    this.#touched.add(key);
  }

  /** Reads the touched slots again. */
  refresh(view: View, service: Service): void {
    for (const key of this.#touched) {
      const { serviceId, place } = parseSlotKey(key);
      this.#evaluate(view, service, key, tasksOfPlace(view, serviceId, place));
    }
    this.#touched.clear();
  }

  /** Takes over since when tasks run from what was known before: the store shows that no more once they ended. */
  remember(before: Rollout): void {
    for (const [key, made] of before.made) {
      const current = this.made.get(key);
      if (current?.taskId === made.taskId && made.reachedAt !== undefined) this.made.set(key, made);
    }
  }

  /** Takes slots out of `active` whose delay is over; the time of the next one that is due. */
  release(now: Instant, delayMs: number): Instant | undefined {
    let next: Instant | undefined;
    for (const key of this.active) {
      const reachedAt = this.made.get(key)?.reachedAt;
      if (reachedAt === undefined) continue;
      const free = reachedAt + delayMs;
      if (free <= now) this.active.delete(key);
      else if (next === undefined || free < next) next = free;
    }
    return next;
  }

  #evaluate(view: View, service: Service, key: SlotKey, tasks: readonly Task[]): void {
    this.waiting.delete(key);
    this.handovers.delete(key);
    const wasActive = this.active.delete(key);
    const live = tasks.filter(isLive);
    const newest = newestOf(tasks);
    const occupants = live.length > 0 || newest === undefined || !keepsSlot(view, service, tasks) ? live : [newest];
    if (occupants.length === 0) return;
    const isClean = (task: Task) => !isDirty(view, service, task);
    const made = newestOf(tasks.filter((task) => task.Internal.ByUpdate === true && isClean(task)));
    if (made !== undefined) this.#follow(key, made, service, wasActive);
    const clean = occupants.filter(isClean).length;
    if (live.length > 1) this.handovers.add(key);
    else if (clean === 0 && !wasTried(made, service) && mayReplace(view, service, key)) this.waiting.add(key);
  }

  #follow(key: SlotKey, task: Task, service: Service, wasActive: boolean): void {
    const known = this.made.get(key);
    if (known?.taskId !== task.ID && !wasTried(task, service)) return;
    const reached = compareStates(task.Status.State, 'running') >= 0;
    const before = known?.taskId === task.ID ? known.reachedAt : undefined;
    const reachedAt = before ?? (reached ? task.Internal.AppliedAt : undefined);
    this.made.set(key, { taskId: task.ID, reachedAt });
    if (before === undefined || wasActive) this.active.add(key);
    if (reachedAt !== undefined) this.lastReachedAt = Math.max(reachedAt, this.lastReachedAt ?? reachedAt);
  }
}

/** A slot gets one new task a roll-out; what follows that one is the restart policy's. */
function wasTried(made: Task | undefined, service: Service): boolean {
  if (made === undefined) return false;
  return isOfSpec(service, made) || (isLive(made) && !isTerminal(made.Status.State));
}

function mayReplace(view: View, service: Service, key: SlotKey): boolean {
  const { place } = parseSlotKey(key);
  return place.kind === 'slot' || mayRunGlobal(service, view.get('node', place.nodeId));
}

function orderOf(a: SlotKey, b: SlotKey): number {
  const placeA: Place = parseSlotKey(a).place;
  const placeB: Place = parseSlotKey(b).place;
  if (placeA.kind === 'slot' && placeB.kind === 'slot') return placeA.slot - placeB.slot;
  return a < b ? -1 : Number(a > b);
}
