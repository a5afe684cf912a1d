import { Refusal } from '../../base/index.ts';
import { compareStates, type Node, type NodeSpec, nodeSpecSchema, type Task } from '../../model/index.ts';
import type { Change, View } from '../../store/index.ts';
import { readDocument } from '../document.ts';
import { allowKeys, anyValue, type Filters, labelsMatch, parseFilters } from '../filters.ts';
import { type Answer, empty, json, list } from '../http/answer.ts';
import { type Exchange, MAX_SPEC_BYTES } from '../http/exchange.ts';
import { flag, versionOf } from '../http/query.ts';
import type { Route } from '../http/router.ts';
import { findObject, nameOf } from '../lookup.ts';
import { commit, freshView, managerOf } from '../manager-door.ts';
import type { ApiPorts } from '../ports.ts';
import { showNode } from '../show.ts';
import { nodeUpdate } from './node-spec.ts';

export function nodeRoutes(ports: ApiPorts): readonly Route[] {
  return [
    { method: 'GET', path: '/nodes', handle: (exchange) => listNodes(ports, exchange) },
    { method: 'GET', path: '/nodes/{id}', handle: (exchange) => inspectNode(ports, exchange) },
    { method: 'POST', path: '/nodes/{id}/update', handle: (exchange) => updateNode(ports, exchange) },
    { method: 'DELETE', path: '/nodes/{id}', handle: (exchange) => deleteNode(ports, exchange) },
  ];
}

async function listNodes(ports: ApiPorts, exchange: Exchange): Promise<Answer> {
  const filters = parseFilters(exchange.query);
  const view = await freshView(ports.swarm, exchange.signal);
  const matches = nodeFilter(filters);
  const manager = managerOf(ports.swarm);
  return list(view.list('node'), (node) => (matches(node) ? showNode(manager, node, exchange.apiMinor) : undefined));
}

async function inspectNode(ports: ApiPorts, exchange: Exchange): Promise<Answer> {
  const view = await freshView(ports.swarm, exchange.signal);
  const node = findObject(view, 'node', exchange.param('id'));
  return json(showNode(managerOf(ports.swarm), node, exchange.apiMinor));
}

async function updateNode(ports: ApiPorts, exchange: Exchange): Promise<Answer> {
  const sent = await readDocument(exchange, nodeSpecSchema, MAX_SPEC_BYTES);
  const version = versionOf(exchange.query, 'node');
  await commit(ports.swarm, exchange.signal, 'the node', (view) => {
    const node = findObject(view, 'node', exchange.param('id'));
    return nodeUpdate(view, node, sent as NodeSpec, version); // decoded by the schema that NodeSpec derives from
  });
  return empty();
}

async function deleteNode(ports: ApiPorts, exchange: Exchange): Promise<Answer> {
  const isForced = flag(exchange.query, 'force');
  await commit(ports.swarm, exchange.signal, 'the node', (view) => {
    const node = findObject(view, 'node', exchange.param('id'));
    if (node.ManagerStatus !== undefined || node.Internal.Role === 'manager') {
      throw new Refusal('node-is-manager', { id: node.ID });
    }
    if (!isForced && node.Status.State !== 'down') throw new Refusal('node-not-down', { id: node.ID });
    return {
      preconditions: [{ kind: 'revision', table: 'node', id: node.ID, revision: node.Internal.Revision }],
      changes: [{ kind: 'remove', table: 'node', id: node.ID }, ...orphanTasks(view, node)],
    };
  });
  return empty();
}

/** Nobody will report for a deleted node's tasks any more: they end here. */
function orphanTasks(view: View, node: Node): readonly Change[] {
  return [...view.tasksOfNode(node.ID)].map((task): Change => ({ kind: 'put', table: 'task', object: orphaned(task) }));
}

function orphaned(task: Task): Task {
  if (compareStates(task.Status.State, 'orphaned') >= 0) return task;
  const Message = 'Task belonged to a node that has been deleted';
  return { ...task, Status: { ...task.Status, State: 'orphaned', Message } };
}

const filterKeys = ['id', 'name', 'label', 'node.label', 'role', 'membership'];

function nodeFilter(filters: Filters): (node: Node) => boolean {
  allowKeys(filters, ...filterKeys);
  requireWords(filters, 'role', ['worker', 'manager']);
  requireWords(filters, 'membership', ['accepted', 'pending']);
  return (node) =>
    anyValue(filters, 'id', (prefix) => node.ID.startsWith(prefix)) &&
    anyValue(filters, 'name', (prefix) => nameOf('node', node).startsWith(prefix)) &&
    labelsMatch(filters, 'label', node.Description?.Engine?.Labels) &&
    labelsMatch(filters, 'node.label', node.Spec.Labels) &&
    anyValue(filters, 'role', (role) => node.Internal.Role === role.toLowerCase()) &&
    anyValue(filters, 'membership', (membership) => node.Internal.Membership === membership.toLowerCase());
}

function requireWords(filters: Filters, key: string, words: readonly string[]): void {
  for (const value of filters.get(key) ?? []) {
    if (!words.includes(value.toLowerCase())) throw new Refusal('invalid-filter-value', { key, value });
  }
}
