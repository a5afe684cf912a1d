import { assert, unreachable } from '../base/index.ts';
import type { Cluster, NodeId, Service, ServiceId, Task, TaskId, TaskTemplate } from '../model/index.ts';
import {
  type Change,
  type Changed,
  idOf,
  MAX_CHANGES,
  type Precondition,
  type TableName,
  type Tables,
  type Transaction,
  type View,
} from '../store/index.ts';

interface Draft {
  readonly preconditions: Map<string, Precondition>;
  readonly changes: Map<string, Change>;
}

/** What became of one object here; `undefined` for a removed one. Ids are unique over all tables, so they alone are keys. */
interface Written {
  readonly table: TableName;
  readonly object: Tables[TableName] | undefined;
  draft: Draft;
}

/**
 * The store as it will be once the transactions collected here are applied. A transaction that builds on an object written by an
 * earlier one is folded into that one, so that a task can be created, made pending and placed by one put in one log entry, and no
 * transaction depends on another that may be dropped.
 */
export class Overlay implements View {
  readonly #base: View;
  readonly #drafts: Draft[] = [];
  readonly #written = new Map<string, Written>();
  /** Tasks written here and not removed, by what a view is asked for. */
  readonly #byService = new TaskIndex((task) => task.ServiceID);
  readonly #bySlot = new TaskIndex((task) => `${task.ServiceID}.${task.Slot}`);
  readonly #byNode = new TaskIndex((task) => task.NodeID);
  readonly #byPredecessor = new TaskIndex((task) => task.Internal.StartAfter);

  constructor(base: View) {
    this.#base = base;
  }

  get index() {
    return this.#base.index;
  }

  get storeTime() {
    return this.#base.storeTime;
  }

  /**
   * Takes a transaction in. Returns what it changes, or `undefined` when folding would make a transaction larger than
   * `MAX_CHANGES`: then it is to be decided again on the next view.
   */
  add(transaction: Transaction): readonly Changed[] | undefined {
    const owners = this.#ownersOf(transaction);
    const target = this.#merged(owners, transaction);
    if (target === undefined) return undefined;
    for (const precondition of transaction.preconditions) {
      if (this.#writerBehind(precondition) !== undefined) continue;
      target.preconditions.set(keyOf(precondition), precondition);
    }
    return transaction.changes.map((change) => this.#write(change, target));
  }

  /** Everything taken in, ready to propose. */
  transactions(): Transaction[] {
    return this.#drafts
      .filter((draft) => draft.changes.size > 0)
      .map((draft) => ({ preconditions: [...draft.preconditions.values()], changes: [...draft.changes.values()] }));
  }

  cluster(): Cluster | undefined {
    return this.#base.cluster();
  }

  get<T extends TableName>(table: T, id: string): Tables[T] | undefined {
    const written = this.#written.get(id);
    // The id is of this table, so the object is of its type.
    return written === undefined ? this.#base.get(table, id) : (written.object as Tables[T] | undefined);
  }

  *list<T extends TableName>(table: T): Iterable<Tables[T]> {
    for (const object of this.#base.list(table)) if (!this.#written.has(idOf(object))) yield object;
    for (const written of this.#written.values()) {
      if (written.table === table && written.object !== undefined) yield written.object as Tables[T];
    }
  }

  count(table: TableName): number {
    let count = this.#base.count(table);
    for (const [id, written] of this.#written) {
      if (written.table !== table) continue;
      const existed = this.#base.get(table, id) !== undefined;
      count += Number(written.object !== undefined) - Number(existed);
    }
    return count;
  }

  byName<T extends TableName>(table: T, name: string): ReadonlyArray<Tables[T]> {
    return this.#base.byName(table, name);
  }

  byIdPrefix<T extends TableName>(table: T, prefix: string): ReadonlyArray<Tables[T]> {
    return this.#base.byIdPrefix(table, prefix);
  }

  template(serviceId: ServiceId, specVersion: number): TaskTemplate | undefined {
    return this.#base.template(serviceId, specVersion);
  }

  *tasksOfService(serviceId: ServiceId): Iterable<Task> {
    yield* this.#unwritten(this.#base.tasksOfService(serviceId));
    yield* this.#byService.of(serviceId);
  }

  *tasksOfSlot(serviceId: ServiceId, slot: number): Iterable<Task> {
    yield* this.#unwritten(this.#base.tasksOfSlot(serviceId, slot));
    yield* this.#bySlot.of(`${serviceId}.${slot}`);
  }

  *tasksOfNode(nodeId: NodeId): Iterable<Task> {
    yield* this.#unwritten(this.#base.tasksOfNode(nodeId));
    yield* this.#byNode.of(nodeId);
  }

  *tasksWaitingFor(taskId: TaskId): Iterable<Task> {
    yield* this.#unwritten(this.#base.tasksWaitingFor(taskId));
    yield* this.#byPredecessor.of(taskId);
  }

  servicesUsing(table: 'secret' | 'config' | 'network', id: string): Iterable<Service> {
    return this.#base.servicesUsing(table, id);
  }

  *#unwritten(tasks: Iterable<Task>): Iterable<Task> {
    for (const task of tasks) if (!this.#written.has(task.ID)) yield task;
  }

  /** The drafts whose objects this transaction writes, or whose outcome it takes for granted. */
  #ownersOf(transaction: Transaction): Set<Draft> {
    const owners = new Set<Draft>();
    for (const change of transaction.changes) {
      const owner = this.#written.get(idOfChange(change))?.draft;
      if (owner !== undefined) owners.add(owner);
    }
    for (const precondition of transaction.preconditions) {
      const owner = this.#writerBehind(precondition);
      if (owner !== undefined) owners.add(owner);
    }
    return owners;
  }

  /** The draft whose change this precondition was decided on; `undefined` when the committed object satisfies it as well. */
  #writerBehind(precondition: Precondition): Draft | undefined {
    if (!('id' in precondition)) return undefined;
    const owner = this.#written.get(precondition.id)?.draft;
    if (owner === undefined || precondition.kind === 'revision' || precondition.kind === 'absent') return owner;
    const committed = this.#base.get(precondition.table, precondition.id);
    if (committed === undefined) return owner;
    if (precondition.kind === 'exists') return undefined;
    const unchanged = 'Version' in committed && committed.Version.Index === precondition.index;
    return unchanged ? undefined : owner;
  }

  #merged(owners: ReadonlySet<Draft>, transaction: Transaction): Draft | undefined {
    const [first, ...others] = owners;
    if (first === undefined) {
      const draft: Draft = { preconditions: new Map(), changes: new Map() };
      this.#drafts.push(draft);
      return draft;
    }
    let size = first.changes.size;
    for (const other of others) size += other.changes.size;
    for (const change of transaction.changes) {
      if (!this.#written.has(idOfChange(change))) size++;
    }
    if (size > MAX_CHANGES) return undefined;
    for (const other of others) this.#join(first, other);
    return first;
  }

  #join(into: Draft, from: Draft): void {
    for (const [key, precondition] of from.preconditions) into.preconditions.set(key, precondition);
    for (const [id, change] of from.changes) into.changes.set(id, change);
    for (const written of this.#written.values()) if (written.draft === from) written.draft = into;
    this.#drafts.splice(this.#drafts.indexOf(from), 1);
  }

  #write(change: Change, draft: Draft): Changed {
    const id = idOfChange(change);
    const before = this.get(change.table, id);
    const after = change.kind === 'put' ? change.object : undefined;
    this.#index(before, after, change.table);
    const other = this.#written.get(id);
    assert(other === undefined || other.table === change.table, 'ids are unique over all tables', { id });
    this.#written.set(id, { table: change.table, object: after, draft });
    if (after === undefined && this.#base.get(change.table, id) === undefined) draft.changes.delete(id);
    else draft.changes.set(id, change);
    // Table and objects come from one change, so they fit each other.
    return {
      table: change.table,
      id,
      ...(before === undefined ? {} : { before }),
      ...(after === undefined ? {} : { after }),
    } as Changed;
  }

  #index(before: Tables[TableName] | undefined, after: Tables[TableName] | undefined, table: TableName): void {
    if (table !== 'task') return;
    // Objects of this table are tasks.
    const old = before as Task | undefined;
    const task = after as Task | undefined;
    for (const index of [this.#byService, this.#bySlot, this.#byNode, this.#byPredecessor]) {
      if (old !== undefined) index.remove(old);
      if (task !== undefined) index.add(task);
    }
  }
}

/** Equal for equal preconditions. */
function keyOf(precondition: Precondition): string {
  switch (precondition.kind) {
    case 'revision':
      return `revision ${precondition.id} ${precondition.revision}`;
    case 'version':
      return `version ${precondition.id} ${precondition.index}`;
    case 'exists':
    case 'absent':
      return `${precondition.kind} ${precondition.id}`;
    case 'nameFree':
      return `name ${precondition.table} ${precondition.exceptId ?? ''} ${precondition.name}`;
    default:
      return unreachable(precondition);
  }
}

function idOfChange(change: Change): string {
  return change.kind === 'put' ? idOf(change.object) : change.id;
}

/** Tasks by one key. */
class TaskIndex {
  readonly #keyOf: (task: Task) => string | undefined;
  readonly #tasks = new Map<string, Map<TaskId, Task>>();

  constructor(keyOf: (task: Task) => string | undefined) {
    this.#keyOf = keyOf;
  }

  of(key: string): Iterable<Task> {
    return this.#tasks.get(key)?.values() ?? [];
  }

  add(task: Task): void {
    const key = this.#keyOf(task);
    if (key === undefined) return;
    let tasks = this.#tasks.get(key);
    if (tasks === undefined) {
      tasks = new Map();
      this.#tasks.set(key, tasks);
    }
    tasks.set(task.ID, task);
  }

  remove(task: Task): void {
    const key = this.#keyOf(task);
    if (key !== undefined) this.#tasks.get(key)?.delete(task.ID);
  }
}
