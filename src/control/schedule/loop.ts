import type { NodeId, Task, TaskId } from '../../model/index.ts';
import type { Changed, Transaction, View } from '../../store/index.ts';
import type { Loop, LoopContext } from '../loop.ts';
import { isAssigned, isLive, observe, replaceTask } from '../tasks/index.ts';
import { type Decision, earliest, settled, Worklist } from '../worklist.ts';
import { Books, type News, specKey } from './books.ts';
import { confirm, type Placed, placeGroup } from './place.ts';

/**
 * Puts pending tasks on nodes. Tasks of one spec are one group; a group that found no room waits until a node changes, or, when
 * room was what it lacked, until some task gives up what it holds. A new group costs one walk over the nodes, a task log(nodes).
 */
export function scheduleLoop(): Loop {
  return new Scheduler();
}

/** A group's key: a spec for tasks that may go anywhere, a task's id for one that came with its node. */
type GroupKey = string;

class Scheduler implements Loop {
  readonly name = 'schedule';
  readonly #books = new Books();
  readonly #groups = new Worklist<GroupKey>('schedule');
  readonly #pending = new Map<GroupKey, Set<TaskId>>();
  readonly #blocked = new Map<GroupKey, { readonly byTasks: boolean }>();
  readonly #nodes = new Set<NodeId>();
  readonly #tasks = new Set<TaskId>();
  #fresh = true;

  start(view: View): void {
    this.#books.clear();
    this.#groups.clear();
    this.#pending.clear();
    this.#blocked.clear();
    // Once a leadership: the whole account is made anew.
    for (const node of view.list('node')) this.#nodes.add(node.ID);
    for (const task of view.list('task')) this.#tasks.add(task.ID);
    this.#fresh = true;
  }

  mark(commit: { readonly changes: readonly Changed[] }): void {
    for (const { table, id } of commit.changes) {
      if (table === 'node') this.#nodes.add(id as NodeId);
      if (table === 'task') this.#tasks.add(id as TaskId);
    }
  }

  act(view: View, context: LoopContext): readonly Transaction[] {
    const out: Transaction[] = [];
    this.#retry(this.#readChanges(view, context, out));
    this.#groups.decide(context, out, (key) => this.#place(view, key, context));
    return out;
  }

  nextDeadline() {
    const unread = this.#nodes.size + this.#tasks.size > 0 ? Number.NEGATIVE_INFINITY : undefined;
    return earliest(unread, this.#groups.nextDeadline());
  }

  #readChanges(view: View, context: LoopContext, out: Transaction[]): News {
    const news: News = { nodes: false, room: false };
    for (const id of this.#nodes) this.#books.readNode(view.get('node', id), id, news);
    for (const id of this.#tasks) {
      const task = view.get('task', id);
      this.#books.readTask(view, task, id, context.now, news);
      if (task === undefined) continue;
      if (this.#fresh) this.#books.noteFailure(task, context.now);
      if (task.Status.State === 'pending' && isLive(task)) this.#enqueue(task);
      else if (!isAssigned(task) && !isLive(task) && task.DesiredState === 'shutdown') out.push(close(task, context));
    }
    this.#nodes.clear();
    this.#tasks.clear();
    this.#fresh = false;
    return news;
  }

  #enqueue(task: Task): void {
    const key = task.NodeID === undefined ? specKey(task) : task.ID;
    const group = this.#pending.get(key) ?? new Set();
    // Its own message, committed, is no reason to try again.
    if (group.has(task.ID) && this.#blocked.has(key)) return;
    group.add(task.ID);
    this.#pending.set(key, group);
    this.#groups.mark(key);
  }

  #retry(news: News): void {
    if (!news.nodes && !news.room) return;
    for (const [key, { byTasks }] of this.#blocked) if (news.nodes || byTasks) this.#groups.mark(key);
  }

  #place(view: View, key: GroupKey, context: LoopContext): Decision {
    this.#blocked.delete(key);
    const tasks: Task[] = [];
    for (const id of this.#pending.get(key) ?? []) {
      const task = view.get('task', id);
      if (task !== undefined && task.Status.State === 'pending' && isLive(task)) tasks.push(task);
    }
    const [first] = tasks;
    this.#pending.delete(key);
    if (first === undefined) return settled;
    const template = view.template(first.ServiceID, first.Internal.SpecVersion);
    if (template === undefined) return settled;
    const placed =
      first.NodeID === undefined
        ? placeGroup(this.#books, tasks, template, context)
        : confirm(this.#books, first, template, context);
    this.#keep(key, tasks, placed);
    return placed;
  }

  /** Those that are not placed stay in the queue; a placed one that is not committed comes back by its change. */
  #keep(key: GroupKey, tasks: readonly Task[], placed: Placed): void {
    if (placed.blocked !== undefined) this.#blocked.set(key, placed.blocked);
    if (placed.blocked === undefined && !placed.more) return;
    const assigned = new Set<string>();
    for (const { changes } of placed.transactions) {
      for (const change of changes) {
        if (change.kind === 'put' && change.table === 'task' && isAssigned(change.object))
          assigned.add(change.object.ID);
      }
    }
    this.#pending.set(key, new Set(tasks.map(({ ID }) => ID).filter((id) => !assigned.has(id))));
  }
}

/** A task that was given up before it came to a node: nobody else will ever report its end. */
function close(task: Task, context: LoopContext): Transaction {
  return replaceTask(
    task,
    observe(task, { State: 'shutdown', Message: 'shutdown before it was placed on a node' }, context),
  );
}
