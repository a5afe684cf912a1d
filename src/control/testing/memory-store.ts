import type { Cluster, NodeId, Service, ServiceId, Task, TaskId, TaskTemplate } from '../../model/index.ts';
import { defaultSwarmSpec, timestamp } from '../../model/index.ts';
import type { Change, Changed, Commit, Precondition, TableName, Tables, Transaction, View } from '../../store/index.ts';
import { templateKey } from '../../store/index.ts';

/** A store without indexes: it applies what the loops decide, as the real one does. */
export class MemoryStore implements View {
  index = 0;
  storeTime = 0;
  readonly #tables = new Map<TableName, Map<string, Tables[TableName]>>();
  readonly #cluster = { Spec: defaultSwarmSpec } as Cluster;
  dropped = 0;

  apply(transactions: readonly Transaction[], now: number): Commit {
    this.index++;
    this.storeTime = now;
    const changes: Changed[] = [];
    for (const transaction of transactions) {
      if (!transaction.preconditions.every((p) => this.#holds(p))) {
        this.dropped++;
        continue;
      }
      for (const change of transaction.changes) changes.push(this.#write(change));
    }
    return { index: this.index, storeTime: now, changes };
  }

  cluster() {
    return this.#cluster;
  }
  get<T extends TableName>(table: T, id: string): Tables[T] | undefined {
    return this.#table(table).get(id) as Tables[T] | undefined;
  }
  list<T extends TableName>(table: T): Iterable<Tables[T]> {
    return [...this.#table(table).values()] as Tables[T][];
  }
  count(table: TableName) {
    return this.#table(table).size;
  }
  byName<T extends TableName>(_table: T, _name: string): ReadonlyArray<Tables[T]> {
    return [];
  }
  byIdPrefix<T extends TableName>(_table: T, _prefix: string): ReadonlyArray<Tables[T]> {
    return [];
  }
  template(serviceId: ServiceId, specVersion: number): TaskTemplate | undefined {
    return this.get('template', templateKey(serviceId, specVersion));
  }
  tasksOfService(serviceId: ServiceId) {
    return this.#tasks((task) => task.ServiceID === serviceId);
  }
  tasksOfSlot(serviceId: ServiceId, slot: number) {
    return this.#tasks((task) => task.ServiceID === serviceId && task.Slot === slot);
  }
  tasksOfNode(nodeId: NodeId) {
    return this.#tasks((task) => task.NodeID === nodeId);
  }
  tasksWaitingFor(taskId: TaskId) {
    return this.#tasks((task) => task.Internal.StartAfter === taskId);
  }
  servicesUsing(): Iterable<Service> {
    return [];
  }
  #tasks(wanted: (task: Task) => boolean): Task[] {
    return [...this.list('task')].filter(wanted);
  }
  #table(table: TableName) {
    const known = this.#tables.get(table) ?? new Map();
    this.#tables.set(table, known);
    return known;
  }
  #holds(p: Precondition): boolean {
    if (p.kind === 'nameFree') return true;
    const object = this.#table(p.table).get(p.id) as Tables[TableName] | undefined;
    if (p.kind === 'absent') return object === undefined;
    if (object === undefined) return false;
    if (p.kind === 'exists') return true;
    if (p.kind === 'revision') return object.Internal.Revision === p.revision;
    return 'Version' in object && object.Version.Index === p.index;
  }
  #write(change: Change): Changed {
    const table = this.#table(change.table);
    if (change.kind === 'remove') {
      const before = table.get(change.id);
      table.delete(change.id);
      return { table: change.table, id: change.id, before } as Changed;
    }
    const object = change.object as Task | Service;
    const id = object.ID;
    const before = table.get(id);
    let after = { ...object, Internal: { ...object.Internal, Revision: this.index } } as Task | Service;
    if (change.newVersion) {
      after = { ...after, Version: { Index: this.index }, UpdatedAt: timestamp(this.storeTime) };
      if (change.table === 'service') {
        const service = after as Service;
        after = { ...service, Internal: { ...service.Internal, SpecVersion: this.index } };
        this.#table('template').set(templateKey(service.ID, this.index), {
          ServiceID: service.ID,
          SpecVersion: this.index,
          ServiceName: service.Spec.Name ?? '',
          Spec: service.Spec.TaskTemplate ?? {},
          ...(service.Spec.EndpointSpec ? { EndpointSpec: service.Spec.EndpointSpec } : {}),
          Internal: { Revision: this.index },
        } as TaskTemplate);
      }
    }
    table.set(id, after);
    return { table: change.table, id, before, after } as Changed;
  }
}
