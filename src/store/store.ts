import { assert, type Cancel, type Instant } from '../base/index.ts';
import type { Cluster, NodeId, Service, ServiceId, Task, TaskId, TaskTemplate } from '../model/index.ts';
import type { Change, Changed, Commit, Entry, Outcome, Put, Transaction } from './change.ts';
import { Contents } from './contents.ts';
import { holds } from './preconditions.ts';
import { type HeldState, holdState, readSnapshot } from './snapshot-codec.ts';
import { type Stamp, stamped, stampOf, withChosenTemplate, withKeptVersions, withSharedIds } from './stamp.ts';
import { idOf, type TableName, type Tables, templateKey, type WritableTable } from './tables.ts';
import type { View } from './view.ts';
import { Watch, type WatchOptions } from './watch.ts';

export interface Applied {
  readonly commit: Commit;
  /** One for each transaction of the entry, in order. */
  readonly outcomes: readonly Outcome[];
}

/** The replicated state. It is its own view: what it shows is as of the last applied entry. */
export class Store implements View {
  #contents = new Contents();
  #index = 0;
  #storeTime: Instant = 0;
  readonly #listeners = new Set<(commit: Commit) => void>();
  readonly #watches = new Set<Watch>();

  get index(): number {
    return this.#index;
  }

  get storeTime(): Instant {
    return this.#storeTime;
  }

  /**
   * Applies the entry at `index` of the log and tells all watchers, within this call. Equal stores stay equal. A throw is a bug, and
   * leaves a state that must not be used.
   */
  apply(index: number, entry: Entry): Applied {
    assert(index > this.#index, 'entries are applied in order, once', { index, applied: this.#index });
    const storeTime = Math.max(this.#storeTime, entry.storeTime);
    const stamp = stampOf(index, storeTime);
    const changes: Changed[] = [];
    const outcomes = entry.transactions.map((transaction) => this.#applyTransaction(transaction, stamp, changes));
    for (const key of this.#contents.takeUnnamed()) this.#write('template', key, undefined, changes);
    this.#index = index;
    this.#storeTime = storeTime;
    const commit: Commit = { index, storeTime, changes };
    for (const listener of this.#listeners) listener(commit);
    for (const watch of this.#watches) watch.push(commit);
    return { commit, outcomes };
  }

  /** Calls `listener` with every commit from now on, in log order, within the turn that applied it. It must not throw nor block. */
  onCommit(listener: (commit: Commit) => void): Cancel {
    const own = (commit: Commit) => listener(commit);
    this.#listeners.add(own);
    return () => {
      this.#listeners.delete(own);
    };
  }

  /** Every commit from this turn on, for a reader at its own pace. */
  watch(options: WatchOptions = {}): Watch {
    return new Watch(options, (watch) => {
      this.#watches.add(watch);
      return () => {
        this.#watches.delete(watch);
      };
    });
  }

  /** References to all objects as of now, to be encoded slice by slice while the store moves on. */
  hold(): HeldState {
    return holdState(this.#contents.rows, this.#index, this.#storeTime);
  }

  /**
   * Replaces all state by a snapshot; until it resolves the store shows the old one. Rejects with `snapshot-damaged` or
   * `snapshot-version`, and is as before then. Watchers are told that they missed something.
   */
  async restore(chunks: AsyncIterable<Uint8Array>): Promise<void> {
    const contents = new Contents();
    const mark = await readSnapshot(chunks, (table, object) => {
      // Services and nodes come before tasks; an object of the task table is a task.
      const row = table === 'task' ? withSharedIds(object as Task, undefined, contents) : object;
      contents.replace(table, idOf(row), undefined, row);
    });
    this.#contents = contents;
    this.#index = mark.index;
    this.#storeTime = mark.storeTime;
    for (const watch of this.#watches) watch.reset();
  }

  cluster(): Cluster | undefined {
    for (const cluster of this.#contents.rows.cluster.values()) return cluster;
    return undefined;
  }

  get<T extends TableName>(table: T, id: string): Tables[T] | undefined {
    return this.#contents.rows[table].get(id);
  }

  list<T extends TableName>(table: T): Iterable<Tables[T]> {
    return this.#contents.rows[table].values();
  }

  count(table: TableName): number {
    return this.#contents.rows[table].size;
  }

  byName<T extends TableName>(table: T, name: string): ReadonlyArray<Tables[T]> {
    return this.#found(table, this.#contents.byName(table, name));
  }

  byIdPrefix<T extends TableName>(table: T, prefix: string): ReadonlyArray<Tables[T]> {
    return this.#found(table, this.#contents.byIdPrefix(table, prefix));
  }

  template(serviceId: ServiceId, specVersion: number): TaskTemplate | undefined {
    return this.#contents.template(serviceId, specVersion);
  }

  tasksOfService(serviceId: ServiceId): Iterable<Task> {
    return this.#each('task', this.#contents.tasks.ofService(serviceId));
  }

  tasksOfSlot(serviceId: ServiceId, slot: number): Iterable<Task> {
    return this.#each('task', this.#contents.tasks.ofSlot(serviceId, slot));
  }

  tasksOfNode(nodeId: NodeId): Iterable<Task> {
    return this.#each('task', this.#contents.tasks.ofNode(nodeId));
  }

  tasksWaitingFor(taskId: TaskId): Iterable<Task> {
    return this.#each('task', this.#contents.tasks.waitingFor(taskId));
  }

  servicesUsing(table: 'secret' | 'config' | 'network', id: string): Iterable<Service> {
    return this.#each('service', this.#contents.uses.of(table, id));
  }

  #applyTransaction(transaction: Transaction, stamp: Stamp, changes: Changed[]): Outcome {
    const failed = transaction.preconditions.find((precondition) => !holds(this.#contents, precondition));
    if (failed !== undefined) return { applied: false, failed, index: stamp.index };
    for (const change of transaction.changes) this.#applyChange(change, stamp, changes);
    return { applied: true, index: stamp.index };
  }

  #applyChange(change: Change, stamp: Stamp, changes: Changed[]): void {
    if (change.kind === 'remove') {
      this.#write(change.table, change.id, undefined, changes);
      return;
    }
    const { table, object } = change;
    const before = this.#contents.rows[table].get(object.ID);
    const after = stamped(change, before, stamp);
    // An object of a table is of that table's type: `stamped` keeps it, and `rows` holds no other.
    if (table === 'service')
      this.#applyService(change, after as Service, before as Service | undefined, stamp, changes);
    else if (table === 'task') this.#writeTask(after as Task, before as Task | undefined, changes);
    else this.#write<WritableTable>(table, object.ID, after, changes);
  }

  #writeTask(task: Task, before: Task | undefined, changes: Changed[]): void {
    this.#write('task', task.ID, withSharedIds(task, before, this.#contents), changes);
  }

  #applyService(
    change: Put<'service'>,
    object: Service,
    before: Service | undefined,
    stamp: Stamp,
    changes: Changed[],
  ) {
    if (before !== undefined && change.newVersion !== true) {
      this.#write('service', object.ID, withKeptVersions(object, before), changes);
      return;
    }
    const { service, row } = withChosenTemplate(object, before, this.#contents, stamp.index);
    if (row !== undefined) this.#write('template', templateKey(service.ID, row.SpecVersion), row, changes);
    this.#write('service', service.ID, service, changes);
  }

  #write<T extends TableName>(table: T, id: string, after: Tables[T] | undefined, changes: Changed[]): void {
    const before = this.#contents.rows[table].get(id);
    if (before === undefined && after === undefined) return;
    this.#contents.replace(table, id, before, after);
    // Both objects are of `table`, so this is a member of the union.
    changes.push({ table, id, ...(before && { before }), ...(after && { after }) } as Changed);
  }

  *#each<T extends TableName>(table: T, ids: Iterable<string>): Iterable<Tables[T]> {
    const rows = this.#contents.rows[table];
    for (const id of ids) {
      const object = rows.get(id);
      assert(object !== undefined, 'an index names objects of its table', { table, id });
      yield object;
    }
  }

  #found<T extends TableName>(table: T, ids: Iterable<string>): Tables[T][] {
    return [...this.#each(table, ids)];
  }
}
