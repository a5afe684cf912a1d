import { Refusal } from '../../base/index.ts';
import { type Task, taskStateOrder } from '../../model/index.ts';
import type { View } from '../../store/index.ts';
import { allowKeys, anyValue, type Filters, labelsMatch, parseFilters } from '../filters.ts';
import { type Answer, json, list } from '../http/answer.ts';
import type { Exchange } from '../http/exchange.ts';
import type { Route } from '../http/router.ts';
import { findObject, taskName } from '../lookup.ts';
import { freshView, managerOf } from '../manager-door.ts';
import type { ApiPorts } from '../ports.ts';
import { showTask } from '../show.ts';
import { isUpToDate } from './up-to-date.ts';

export function taskRoutes(ports: ApiPorts): readonly Route[] {
  return [
    { method: 'GET', path: '/tasks', handle: (exchange) => listTasks(ports, exchange) },
    { method: 'GET', path: '/tasks/{id}', handle: (exchange) => inspectTask(ports, exchange) },
  ];
}

async function listTasks(ports: ApiPorts, exchange: Exchange): Promise<Answer> {
  const filters = parseFilters(exchange.query);
  const view = await freshView(ports.swarm, exchange.signal);
  const manager = managerOf(ports.swarm);
  const selection = select(view, filters);
  return list(selection.tasks, (task) => {
    // The view is taken anew: a long list may pause between two tasks.
    const now = manager.view();
    return selection.matches(now, task) ? showTask(now, task, exchange.apiMinor) : undefined;
  });
}

async function inspectTask(ports: ApiPorts, exchange: Exchange): Promise<Answer> {
  const view = await freshView(ports.swarm, exchange.signal);
  return json(showTask(view, findObject(view, 'task', exchange.param('id')), exchange.apiMinor));
}

interface Selection {
  readonly tasks: Iterable<Task>;
  readonly matches: (view: View, task: Task) => boolean;
}

const filterKeys = ['id', 'name', 'label', 'service', 'node', 'desired-state', 'runtime', '_up-to-date'];

/** Which tasks a list looks at, by the narrowest index that its filters allow, and which of them it shows. */
function select(view: View, filters: Filters): Selection {
  allowKeys(filters, ...filterKeys);
  const services = (filters.get('service') ?? []).map((id) => findObject(view, 'service', id).ID);
  const nodes = (filters.get('node') ?? []).map((id) => findObject(view, 'node', id).ID);
  const states = (filters.get('desired-state') ?? []).map(stateWord);
  const runtimes = filters.get('runtime') ?? [];
  const names = filters.get('name') ?? [];
  const wantsUpToDate = (filters.get('_up-to-date') ?? []).length > 0;
  return {
    tasks: candidates(view, services, nodes),
    matches: (now, task) =>
      (nodes.length === 0 || (task.NodeID !== undefined && nodes.includes(task.NodeID))) &&
      (states.length === 0 || states.includes(task.DesiredState)) &&
      anyValue(filters, 'id', (prefix) => task.ID.startsWith(prefix)) &&
      (names.length === 0 || startsWithAny(taskName(now, task), names)) &&
      templateMatches(now, task, filters, runtimes) &&
      (!wantsUpToDate || isUpToDate(now, task)),
  };
}

function candidates(view: View, services: readonly Task['ServiceID'][], nodes: readonly string[]): Iterable<Task> {
  if (services.length > 0) return new Set(services.flatMap((id) => [...view.tasksOfService(id)]));
  const [node, ...more] = nodes;
  if (node !== undefined && more.length === 0) return view.tasksOfNode(node as NonNullable<Task['NodeID']>); // from findObject
  return view.list('task');
}

/** Labels are the service's, as they were when the task was made. */
function templateMatches(view: View, task: Task, filters: Filters, runtimes: readonly string[]): boolean {
  const template = view.template(task.ServiceID, task.Internal.SpecVersion);
  const runtime = template?.Spec.Runtime ?? '';
  const word = runtime === '' ? 'container' : runtime;
  return (
    (runtimes.length === 0 ? ['container'] : runtimes).includes(word) &&
    labelsMatch(filters, 'label', template?.ServiceLabels)
  );
}

function startsWithAny(text: string, prefixes: readonly string[]): boolean {
  return prefixes.some((prefix) => text.startsWith(prefix));
}

function stateWord(value: string): string {
  const state = value.toLowerCase();
  if (!Object.hasOwn(taskStateOrder, state)) {
    throw new Refusal('invalid-filter-value', { key: 'desired-state', value });
  }
  return state;
}
