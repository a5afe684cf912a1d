import type { Task, TaskTemplate } from '../../model/index.ts';
import type { Transaction } from '../../store/index.ts';
import { PENDING_MESSAGE } from '../allocate/index.ts';
import type { LoopContext } from '../loop.ts';
import { observe, replaceTask, taskUnchanged } from '../tasks/index.ts';
import { MAX_CHANGES_PER_ACT } from '../worklist.ts';
import { type Books, specKey } from './books.ts';
import type { Candidate } from './candidate.ts';
import { unknownKeyHint } from './constraint-hint.ts';
import { explain, hasRoom, isEligible } from './filters.ts';
import { type Request, requestOf } from './request.ts';
import { chooserOf } from './spread.ts';

/** What was decided for a group of tasks of one spec. */
export interface Placed {
  readonly transactions: readonly Transaction[];
  /** Tasks that found no node, and whether freed resources could help. */
  readonly blocked?: { readonly byTasks: boolean };
  /** The group was not finished. */
  readonly more: boolean;
}

/** Places a group: each task on the best node at its turn; those left over are told why. */
export function placeGroup(books: Books, tasks: readonly Task[], template: TaskTemplate, context: LoopContext): Placed {
  const [first] = tasks;
  if (first === undefined) return { transactions: [], more: false };
  const request = requestOf(template);
  const chooser = chooserOf(books.eligible(request), request, specKey(first), context.now);
  const transactions: Transaction[] = [];
  let at = 0;
  for (; at < tasks.length && transactions.length < MAX_CHANGES_PER_ACT; at++) {
    const task = tasks[at];
    const candidate = chooser.best();
    if (task === undefined || candidate === undefined) break;
    transactions.push(assign(books, task, candidate, request, 'scheduler assigned task to node', context));
    chooser.placed();
  }
  if (at === tasks.length) return { transactions, more: false };
  if (transactions.length >= MAX_CHANGES_PER_ACT) return { transactions, more: true };
  const why = explain(books.candidates(), request);
  const status = {
    Message: pendingMessage(request),
    Err: why.text === '' ? 'no suitable node' : `no suitable node (${why.text})`,
  };
  const told = tasks.slice(at).flatMap((task) => stayPending(task, status, context));
  const more = told.length > MAX_CHANGES_PER_ACT;
  transactions.push(...told.slice(0, MAX_CHANGES_PER_ACT));
  return { transactions, blocked: { byTasks: why.byTasks }, more };
}

/** Confirms a task that came with its node, or says why it has to wait. */
export function confirm(books: Books, task: Task, template: TaskTemplate, context: LoopContext): Placed {
  const request = requestOf(template);
  const candidate = task.NodeID === undefined ? undefined : books.candidate(task.NodeID);
  if (candidate === undefined) return { transactions: [], more: false, blocked: { byTasks: false } };
  if (isEligible(candidate, request) && hasRoom(candidate, request)) {
    const message = 'scheduler confirmed task can run on preassigned node';
    return { transactions: [assign(books, task, candidate, request, message, context)], more: false };
  }
  const why = explain([candidate], request);
  const transactions = stayPending(task, { Message: pendingMessage(request), Err: why.text }, context);
  return { transactions, blocked: { byTasks: why.byTasks }, more: false };
}

function assign(
  books: Books,
  task: Task,
  candidate: Candidate,
  request: Request,
  message: string,
  context: LoopContext,
): Transaction {
  const generic = request.generic.flatMap(({ kind, amount }) => candidate.generic.choose(kind, amount) ?? []);
  books.enter(task.ID, candidate.node.ID, { request, active: true, generic });
  const assigned: Task = {
    ...observe(task, { State: 'assigned', Message: message }, context),
    NodeID: candidate.node.ID,
    ...(generic.length === 0 ? {} : { GenericResources: generic }),
  };
  return {
    preconditions: [taskUnchanged(task), { kind: 'exists', table: 'node', id: candidate.node.ID }],
    changes: [{ kind: 'put', table: 'task', object: assigned }],
  };
}

function stayPending(task: Task, { Message, Err }: { Message: string; Err: string }, context: LoopContext) {
  if (task.Status.Message === Message && task.Status.Err === Err) return [];
  return [replaceTask(task, observe(task, { State: 'pending', Message, Err }, context))];
}

function pendingMessage({ constraints }: Request): string {
  const hint = unknownKeyHint(constraints);
  return hint === undefined ? PENDING_MESSAGE : `${PENDING_MESSAGE}: ${hint}`;
}
