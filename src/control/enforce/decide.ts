import {
  compareStates,
  matchesConstraints,
  type Node,
  parseConstraints,
  reservations,
  type Task,
  type TaskSpec,
} from '../../model/index.ts';
import type { Transaction, View } from '../../store/index.ts';
import type { LoopContext } from '../loop.ts';
import { isAssigned, isLive, observe, replaceTask } from '../tasks/index.ts';

interface Held {
  readonly task: Task;
  readonly nanoCpus: number;
  readonly memoryBytes: number;
  readonly generic: ReadonlyMap<string, number>;
}

/**
 * The tasks that the node may keep no longer. Of those that no longer fit its resources the largest go first, so that as few as
 * possible move. Walks the node's tasks.
 */
export function decideEnforcement(view: View, node: Node, context: LoopContext): readonly Transaction[] {
  if (node.Status.State === 'down' || (node.Spec.Availability ?? 'active') !== 'active') return [];
  const evicted: Task[] = [];
  const kept: Held[] = [];
  for (const task of view.tasksOfNode(node.ID)) {
    if (!isLive(task) || !isAssigned(task) || compareStates(task.Status.State, 'complete') >= 0) continue;
    if (meetsConstraints(view, task, node)) kept.push(heldBy(view, task));
    else evicted.push(task);
  }
  evicted.push(...overflow(kept, node));
  const status = {
    State: 'rejected',
    Message: 'task rejected by constraint enforcer',
    Err: 'assigned node no longer meets constraints',
  } as const;
  return evicted.map((task) => replaceTask(task, observe(task, status, context)));
}

/** The service's constraints of today count; the task's own when the service is gone. */
function meetsConstraints(view: View, task: Task, node: Node): boolean {
  const service = view.get('service', task.ServiceID);
  const spec = service === undefined ? specOf(view, task) : service.Spec.TaskTemplate;
  return matchesConstraints(parseConstraints(spec?.Placement?.Constraints ?? []), node);
}

function specOf(view: View, task: Task): TaskSpec {
  return view.template(task.ServiceID, task.Internal.SpecVersion)?.Spec ?? {};
}

function heldBy(view: View, task: Task): Held {
  const { nanoCpus, memoryBytes } = reservations(specOf(view, task));
  const generic = new Map<string, number>();
  for (const { DiscreteResourceSpec, NamedResourceSpec } of task.GenericResources ?? []) {
    const kind = DiscreteResourceSpec?.Kind ?? NamedResourceSpec?.Kind ?? '';
    const amount = NamedResourceSpec === undefined ? Number(DiscreteResourceSpec?.Value ?? 0) : 1;
    generic.set(kind, (generic.get(kind) ?? 0) + amount);
  }
  return { task, nanoCpus, memoryBytes, generic };
}

function overflow(held: readonly Held[], node: Node): readonly Task[] {
  const resources = node.Description?.Resources;
  let nanoCpus = Number(resources?.NanoCPUs ?? 0);
  let memoryBytes = Number(resources?.MemoryBytes ?? 0);
  const generic = new Map<string, number>();
  for (const { DiscreteResourceSpec, NamedResourceSpec } of resources?.GenericResources ?? []) {
    const kind = DiscreteResourceSpec?.Kind ?? NamedResourceSpec?.Kind ?? '';
    const amount = NamedResourceSpec === undefined ? Number(DiscreteResourceSpec?.Value ?? 0) : 1;
    generic.set(kind, (generic.get(kind) ?? 0) + amount);
  }
  const evicted: Task[] = [];
  for (const { task, ...wants } of [...held].sort(smallestFirst)) {
    const fits =
      (wants.nanoCpus === 0 || wants.nanoCpus <= nanoCpus) &&
      (wants.memoryBytes === 0 || wants.memoryBytes <= memoryBytes) &&
      [...wants.generic].every(([kind, amount]) => amount <= (generic.get(kind) ?? 0));
    if (!fits) {
      evicted.push(task);
      continue;
    }
    nanoCpus -= wants.nanoCpus;
    memoryBytes -= wants.memoryBytes;
    for (const [kind, amount] of wants.generic) generic.set(kind, (generic.get(kind) ?? 0) - amount);
  }
  return evicted;
}

function smallestFirst(a: Held, b: Held): number {
  return a.memoryBytes - b.memoryBytes || a.nanoCpus - b.nanoCpus;
}
