import type { Instant } from '../base/index.ts';
import {
  type Cluster,
  type ClusterId,
  type DesiredState,
  defaultSwarmSpec,
  type Node,
  type NodeId,
  type NodeSpec,
  type NodeState,
  type Service,
  type ServiceId,
  type ServiceMode,
  type ServiceSpec,
  type SwarmSpec,
  type Task,
  type TaskId,
  type TaskInternal,
  type TaskState,
  type TaskStatus,
  timestamp,
} from '../model/index.ts';
import { type Change, type Commit, MAX_CHANGES } from './change.ts';
import { Store } from './store.ts';

/** For tests: builders give defaults, the test names only what matters. */

export interface NodeInput {
  /** `node1`, `node2`, … unless given. */
  readonly id?: string;
  readonly hostname?: string;
  readonly role?: 'worker' | 'manager';
  readonly availability?: 'active' | 'pause' | 'drain';
  readonly state?: NodeState;
  readonly labels?: Readonly<Record<string, string>>;
  readonly nanoCpus?: number;
  readonly memoryBytes?: number;
  readonly spec?: Partial<NodeSpec>;
  readonly internal?: Partial<Node['Internal']>;
}

export interface ServiceInput {
  /** `service1`, `service2`, … unless given. */
  readonly id?: string;
  readonly name?: string;
  /** Of a replicated service; 1 unless given. */
  readonly replicas?: number;
  readonly mode?: ServiceMode;
  readonly image?: string;
  readonly spec?: Partial<ServiceSpec>;
}

export interface TaskInput {
  /** `task1`, `task2`, … unless given. */
  readonly id?: string;
  /** The first service unless given. */
  readonly service?: string;
  /** 1, 2, … in order of the list unless given. */
  readonly slot?: number;
  readonly node?: string;
  /** `new` unless given. */
  readonly state?: TaskState;
  /** `running` unless given. */
  readonly desired?: DesiredState;
  readonly status?: Partial<TaskStatus>;
  readonly internal?: Partial<TaskInternal>;
}

export interface ClusterInput {
  readonly spec?: Partial<SwarmSpec>;
  /** A number makes so many active, ready ones. */
  readonly nodes?: number | readonly NodeInput[];
  readonly service?: ServiceInput;
  readonly services?: readonly ServiceInput[];
  readonly tasks?: readonly TaskInput[];
  readonly storeTime?: Instant;
}

/** A store with a cluster object and what is asked for. Whatever it holds is frozen, so that a write in place throws. */
export function cluster(input: ClusterInput = {}): Store {
  const store = new Store();
  store.onCommit(freezeChanges);
  const storeTime = input.storeTime ?? 0;
  const nodes = typeof input.nodes === 'number' ? Array.from({ length: input.nodes }, () => ({})) : (input.nodes ?? []);
  const services = [...(input.service === undefined ? [] : [input.service]), ...(input.services ?? [])];
  write(store, [{ kind: 'put', table: 'cluster', object: clusterObject(input.spec) }], storeTime);
  write(
    store,
    nodes.map((node, at) => put('node', nodeObject(node, at + 1))),
  );
  write(
    store,
    services.map((service, at) => put('service', serviceObject(service, at + 1))),
  );
  write(
    store,
    (input.tasks ?? []).map((task, at) => put('task', taskObject(store, task, at + 1))),
  );
  return store;
}

/** Applies changes as the next entry, at the store's own time unless another is given. */
export function write(store: Store, changes: readonly Change[], storeTime: Instant = store.storeTime): Commit {
  const transactions = [];
  for (let from = 0; from < changes.length; from += MAX_CHANGES)
    transactions.push({ preconditions: [], changes: changes.slice(from, from + MAX_CHANGES) });
  return store.apply(store.index + 1, { version: 1, epoch: 1, storeTime, transactions }).commit;
}

export function put<T extends 'node' | 'service' | 'task'>(
  table: T,
  object: T extends 'node' ? Node : T extends 'service' ? Service : Task,
): Change {
  // The conditional type pairs each table with its object.
  return { kind: 'put', table, object } as Change;
}

const birth = { Version: { Index: 0 }, CreatedAt: timestamp(0), UpdatedAt: timestamp(0) };

export function clusterObject(spec: Partial<SwarmSpec> = {}): Cluster {
  return {
    ...birth,
    ID: 'cluster1' as ClusterId,
    Spec: { ...defaultSwarmSpec, ...spec },
    TLSInfo: { TrustRoot: '', CertIssuerSubject: '', CertIssuerPublicKey: '' },
    RootRotationInProgress: false,
    DefaultAddrPool: ['10.0.0.0/8'],
    SubnetSize: 24,
    DataPathPort: 4789,
    Internal: {
      Revision: 0,
      RootCACert: '',
      RootCAKey: '',
      WorkerJoinToken: '',
      ManagerJoinToken: '',
      Epoch: 1,
      FeatureLevel: 1,
    },
  };
}

export function nodeObject(input: NodeInput = {}, number = 1): Node {
  const id = input.id ?? `node${number}`;
  return {
    ...birth,
    ID: id as NodeId,
    Spec: {
      Role: input.role ?? 'worker',
      Availability: input.availability ?? 'active',
      ...(input.labels === undefined ? {} : { Labels: input.labels }),
      ...input.spec,
    },
    Description: {
      Hostname: input.hostname ?? id,
      Platform: { Architecture: 'x86_64', OS: 'linux' },
      Resources: { NanoCPUs: input.nanoCpus ?? 4e9, MemoryBytes: input.memoryBytes ?? 8e9 },
      Engine: { EngineVersion: '1.0.0' },
    },
    Status: { State: input.state ?? 'ready', Addr: '127.0.0.1' },
    Internal: { Revision: 0, Role: input.role ?? 'worker', Membership: 'accepted', ...input.internal },
  };
}

export function serviceObject(input: ServiceInput = {}, number = 1): Service {
  const id = input.id ?? `service${number}`;
  return {
    ...birth,
    ID: id as ServiceId,
    Spec: {
      Name: input.name ?? id,
      TaskTemplate: { ContainerSpec: { Image: input.image ?? 'busybox:1.36' } },
      Mode: input.mode ?? { Replicated: { Replicas: input.replicas ?? 1 } },
      ...input.spec,
    },
    Internal: { Revision: 0, SpecVersion: 0 },
  };
}

/** A task of a service that `store` holds: of its current template unless `internal` says otherwise. */
export function taskObject(store: Store, input: TaskInput = {}, number = 1): Task {
  const [first] = store.list('service');
  const service = input.service === undefined ? first : store.get('service', input.service);
  const state = input.state ?? 'new';
  return {
    ...birth,
    ID: (input.id ?? `task${number}`) as TaskId,
    ServiceID: (input.service ?? service?.ID ?? 'service1') as ServiceId,
    Slot: input.slot ?? number,
    ...(input.node === undefined ? {} : { NodeID: input.node as NodeId }),
    Status: { Timestamp: timestamp(store.storeTime), State: state, Message: state, ...input.status },
    DesiredState: input.desired ?? 'running',
    Internal: {
      Revision: 0,
      SpecVersion: service?.Internal.SpecVersion ?? 1,
      AppliedAt: store.storeTime,
      ...input.internal,
    },
  };
}

function freezeChanges(commit: Commit): void {
  for (const { after } of commit.changes) freeze(after);
}

function freeze(value: unknown): void {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value) || Object.isFrozen(value)) return;
  Object.freeze(value);
  for (const field of Object.values(value)) freeze(field);
}
