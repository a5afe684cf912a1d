import type { Instant } from '../base/index.ts';
import type { Cluster, NodeId, Service, ServiceId, Task, TaskId, TaskTemplate } from '../model/index.ts';
import type { TableName, Tables } from './tables.ts';

/**
 * The state as of one log index, to read. A view is valid until the next `await`: then the store may have moved on, and a
 * view read again shows it. Lists are iterables over live indexes; copy what must outlive the turn.
 */
export interface View {
  /** Log index of the last applied entry. */
  readonly index: number;
  /** Store time of the last applied entry, ms. */
  readonly storeTime: Instant;
  cluster(): Cluster | undefined;
  get<T extends TableName>(table: T, id: string): Tables[T] | undefined;
  list<T extends TableName>(table: T): Iterable<Tables[T]>;
  count(table: TableName): number;
  /** Objects whose name equals `name` without regard to case; of nodes, the hostname. Tasks and templates have none. */
  byName<T extends TableName>(table: T, name: string): ReadonlyArray<Tables[T]>;
  /** Objects whose id begins with `prefix`; logarithmic in the table's size plus the result. */
  byIdPrefix<T extends TableName>(table: T, prefix: string): ReadonlyArray<Tables[T]>;
  template(serviceId: ServiceId, specVersion: number): TaskTemplate | undefined;
  /** All tasks of a service, live and history. */
  tasksOfService(serviceId: ServiceId): Iterable<Task>;
  /** The tasks of one slot (replicated). */
  tasksOfSlot(serviceId: ServiceId, slot: number): Iterable<Task>;
  tasksOfNode(nodeId: NodeId): Iterable<Task>;
  /** Tasks that name this one in `Internal.StartAfter`. */
  tasksWaitingFor(taskId: TaskId): Iterable<Task>;
  /** Services whose current spec names this secret, config or network. */
  servicesUsing(table: 'secret' | 'config' | 'network', id: string): Iterable<Service>;
}
