import type { TaskId, TaskTemplate } from '../model/index.ts';
import type { AssignedTask, Assignments, Fence } from '../rpc/index.ts';

/** What the agent was told to run, as of one fence. */
export interface Held {
  readonly fence: Fence | undefined;
  readonly tasks: ReadonlyMap<TaskId, AssignedTask>;
  readonly templates: ReadonlyMap<string, TaskTemplate>;
}

export const nothingHeld: Held = { fence: undefined, tasks: new Map(), templates: new Map() };

/** What is to be done with assignments that arrived. */
export type Reconciled =
  | {
      readonly kind: 'apply';
      readonly held: Held;
      readonly changed: readonly AssignedTask[];
      readonly removed: readonly TaskId[];
    }
  /** Obeyed before; only the acknowledgement may have been lost. */
  | { readonly kind: 'duplicate' }
  /** Older than what was obeyed: nothing is stopped on its account. */
  | { readonly kind: 'stale' }
  /** An increment on a set that the agent does not hold. */
  | { readonly kind: 'needComplete' };

/** The key of a template, as the store has it and `removedTemplates` names it. */
export function templateKey({
  ServiceID,
  SpecVersion,
}: {
  readonly ServiceID: string;
  readonly SpecVersion: number;
}): string {
  return `${ServiceID}.${SpecVersion}`;
}

/** Negative when `a` is the older place in the cluster's history: epoch first, then term, then index. */
export function compareFences(a: Fence, b: Fence): number {
  return a.epoch - b.epoch || a.term - b.term || a.index - b.index;
}

export function templateOf(held: Held, task: AssignedTask): TaskTemplate | undefined {
  return held.templates.get(templateKey(task));
}

/** Decides about assignments. A complete set at the fence that is held is obeyed again: it may mend what an increment got wrong. */
export function reconcile(held: Held, incoming: Assignments): Reconciled {
  const age = held.fence === undefined ? 1 : compareFences(incoming.fence, held.fence);
  if (age < 0) return { kind: 'stale' };
  if (incoming.kind === 'complete') return applyComplete(held, incoming);
  const { appliesTo } = incoming;
  // A part of a large change leaves the fence where it is until the last one; obeying a part twice changes nothing.
  const isPart = appliesTo !== undefined && compareFences(appliesTo, incoming.fence) === 0;
  if (age === 0 && !isPart) return { kind: 'duplicate' };
  const fits = held.fence !== undefined && appliesTo !== undefined && compareFences(appliesTo, held.fence) === 0;
  return fits ? applyIncrement(held, incoming) : { kind: 'needComplete' };
}

function applyComplete(held: Held, incoming: Assignments): Reconciled {
  const tasks = new Map(incoming.tasks.map((task) => [task.ID, task]));
  const removed = [...held.tasks.keys()].filter((id) => !tasks.has(id));
  const next = { fence: incoming.fence, tasks, templates: changedTemplates(held, incoming) };
  return { kind: 'apply', held: next, changed: incoming.tasks, removed };
}

function applyIncrement(held: Held, incoming: Assignments): Reconciled {
  const tasks = new Map(held.tasks);
  for (const task of incoming.tasks) tasks.set(task.ID, task);
  for (const id of incoming.removedTasks) tasks.delete(id);
  const next = { fence: incoming.fence, tasks, templates: changedTemplates(held, incoming) };
  if (incoming.tasks.some((task) => templateOf(next, task) === undefined)) return { kind: 'needComplete' };
  return { kind: 'apply', held: next, changed: incoming.tasks, removed: incoming.removedTasks };
}

/** Templates stay until they are withdrawn: within a session none is sent twice. */
function changedTemplates(held: Held, incoming: Assignments): ReadonlyMap<string, TaskTemplate> {
  const templates = new Map(held.templates);
  for (const template of incoming.templates) templates.set(templateKey(template), template);
  for (const key of incoming.removedTemplates) templates.delete(key);
  return templates;
}

/** Without the templates that no task names: a new session begins with none that the manager knows of. */
export function withoutIdleTemplates(held: Held): Held {
  const named = new Set([...held.tasks.values()].map(templateKey));
  return { ...held, templates: new Map([...held.templates].filter(([key]) => named.has(key))) };
}
