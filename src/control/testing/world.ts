import { assert, ManualClock, messageOf, SeededRandom } from '../../base/index.ts';
import {
  type Cluster,
  type ClusterId,
  defaultSwarmSpec,
  isTerminal,
  type Node,
  type NodeId,
  newId,
  type Service,
  type ServiceId,
  type ServiceSpec,
  type Task,
  timestamp,
} from '../../model/index.ts';
import { type Changed, Store, type Transaction, type View } from '../../store/index.ts';
import type { Loop, Quarantined } from '../loop.ts';
import { createLoops } from '../loops.ts';
import { FakeAgents } from './agents.ts';
import { assertInvariants } from './invariants.ts';

/** More acts than any test needs at one instant: a loop that never comes to rest shows here. */
const MAX_ACTS_AT_ONCE = 2_000;

export interface NodeFacts {
  readonly cpus?: number;
  readonly memoryMiB?: number;
  readonly labels?: Readonly<Record<string, string>>;
  readonly role?: 'worker' | 'manager';
}

/**
 * A cluster in one process for tests: a store, the leader's loops and agents that move tasks along, on a clock that the test moves.
 * Invariants are checked after every log entry.
 */
export class World {
  readonly clock = new ManualClock(Date.parse('2026-01-01T00:00:00Z'));
  readonly random: SeededRandom;
  readonly store = new Store();
  /** Transactions that the store did not apply, since something they were decided on had changed. */
  dropped = 0;
  readonly agents: FakeAgents;
  readonly quarantined: Quarantined[] = [];
  /** What a person would see happen, line by line; see `transcript`. */
  readonly events: string[] = [];
  /** Chooses transactions of the loops that come to nothing, as after a conflict. */
  loses: (transaction: Transaction) => boolean = () => false;
  /** Log entries that the loops proposed. */
  entries = 0;
  readonly #isBare: boolean;
  readonly #start = this.clock.now();
  readonly #names = new Map<string, string>();
  #loops: readonly Loop[] = createLoops();
  #hosts = 0;

  /** A bare one has no agents and checks nothing: for benchmarks. */
  constructor(seed = 1, { isBare = false } = {}) {
    this.#isBare = isBare;
    this.random = new SeededRandom(seed);
    this.agents = new FakeAgents(this);
    this.#createCluster();
    this.#startLoops();
  }

  get view(): View {
    return this.store;
  }

  /** A leader dies and another begins, with nothing but the store. */
  changeLeader(): void {
    this.#loops = createLoops();
    this.#startLoops();
  }

  addNode(facts: NodeFacts = {}): Node {
    const id = newId(this.random) as NodeId;
    const at = timestamp(this.clock.now());
    const node: Node = {
      ID: id,
      Version: { Index: 0 },
      CreatedAt: at,
      UpdatedAt: at,
      Spec: { Role: facts.role ?? 'worker', Availability: 'active', Labels: facts.labels ?? {} },
      Description: {
        Hostname: `host${++this.#hosts}`,
        Platform: { Architecture: 'x86_64', OS: 'linux' },
        Resources: { NanoCPUs: (facts.cpus ?? 4) * 1e9, MemoryBytes: (facts.memoryMiB ?? 4096) * 2 ** 20 },
      },
      Status: { State: 'ready' },
      Internal: { Revision: 0, Role: facts.role ?? 'worker', Membership: 'accepted' },
    };
    this.apply([{ preconditions: [], changes: [{ kind: 'put', table: 'node', object: node, newVersion: true }] }]);
    return this.node(id);
  }

  addNodes(count: number, facts: NodeFacts = {}): readonly Node[] {
    return Array.from({ length: count }, () => this.addNode(facts));
  }

  node(id: NodeId): Node {
    const node = this.store.get('node', id);
    assert(node !== undefined, 'no such node', { id });
    return node;
  }

  changeNode(id: NodeId, change: (node: Node) => Node): void {
    this.apply([{ preconditions: [], changes: [{ kind: 'put', table: 'node', object: change(this.node(id)) }] }]);
  }

  setAvailability(id: NodeId, availability: 'active' | 'pause' | 'drain'): void {
    this.changeNode(id, (node) => ({ ...node, Spec: { ...node.Spec, Availability: availability } }));
  }

  setState(id: NodeId, state: Node['Status']['State']): void {
    this.changeNode(id, (node) => ({ ...node, Status: { ...node.Status, State: state } }));
  }

  removeNode(id: NodeId): void {
    this.apply([{ preconditions: [], changes: [{ kind: 'remove', table: 'node', id }] }]);
  }

  createService(spec: ServiceSpec): Service {
    const id = newId(this.random) as ServiceId;
    const at = timestamp(this.clock.now());
    const service: Service = {
      ID: id,
      Version: { Index: 0 },
      CreatedAt: at,
      UpdatedAt: at,
      Spec: { Name: 'web', ...spec },
      Internal: { Revision: 0, SpecVersion: 0 },
    };
    this.apply([
      { preconditions: [], changes: [{ kind: 'put', table: 'service', object: service, newVersion: true }] },
    ]);
    return this.service(id);
  }

  /** What the API does with an accepted update: the status is reset, the old spec kept. */
  updateService(id: ServiceId, change: (spec: ServiceSpec) => ServiceSpec): void {
    const { UpdateStatus: _status, ...service } = this.service(id);
    const { Rollout: _rollout, ...internal } = service.Internal;
    const updated: Service = {
      ...service,
      Spec: change(service.Spec),
      PreviousSpec: service.Spec,
      Internal: { ...internal, PreviousSpecVersion: service.Internal.SpecVersion },
    };
    this.apply([
      { preconditions: [], changes: [{ kind: 'put', table: 'service', object: updated, newVersion: true }] },
    ]);
  }

  /** What the API does with `rollback=previous`. */
  rollBackService(id: ServiceId): void {
    const service = this.service(id);
    assert(service.PreviousSpec !== undefined, 'no previous spec', { id });
    const swapped: Service = {
      ...service,
      Spec: service.PreviousSpec,
      PreviousSpec: service.Spec,
      UpdateStatus: {
        State: 'rollback_started',
        StartedAt: timestamp(this.clock.now()),
        Message: 'manually requested rollback',
      },
    };
    this.apply([
      { preconditions: [], changes: [{ kind: 'put', table: 'service', object: swapped, newVersion: true }] },
    ]);
  }

  removeService(id: ServiceId): void {
    this.apply([{ preconditions: [], changes: [{ kind: 'remove', table: 'service', id }] }]);
  }

  service(id: ServiceId): Service {
    const service = this.store.get('service', id);
    assert(service !== undefined, 'no such service', { id });
    return service;
  }

  tasks(id: ServiceId): readonly Task[] {
    return [...this.store.tasksOfService(id)].sort((a, b) => a.Slot - b.Slot || a.Version.Index - b.Version.Index);
  }

  running(id: ServiceId): readonly Task[] {
    return this.tasks(id).filter(({ Status }) => Status.State === 'running');
  }

  live(id: ServiceId): readonly Task[] {
    return this.tasks(id).filter(({ DesiredState }) => DesiredState === 'ready' || DesiredState === 'running');
  }

  /** Lets time pass: everything that is due happens in order. */
  run(seconds: number): void {
    const end = this.clock.now() + seconds * 1000;
    for (;;) {
      this.settle();
      const next = Math.min(
        this.clock.nextAlarm() ?? Infinity,
        ...this.#loops.map((loop) => loop.nextDeadline() ?? Infinity),
      );
      if (next > end) break;
      this.clock.advance(Math.max(0, next - this.clock.now()));
    }
    this.clock.advance(end - this.clock.now());
    this.settle();
  }

  /** Acts until the loops have nothing more to do at this instant. */
  settle(): void {
    for (let acts = 0; this.act(); acts++) assert(acts < MAX_ACTS_AT_ONCE, 'the loops come to rest', { acts });
  }

  /** One act of the loops and its log entry; whether it changed anything. */
  act(): boolean {
    const decided = this.decide();
    if (decided.length === 0) return false;
    const transactions = decided.filter((transaction) => !this.loses(transaction));
    this.entries++;
    this.apply(transactions);
    return true;
  }

  /** What the loops propose next. It must be applied, or lost whole, before the next call. */
  decide(): readonly Transaction[] {
    const context = {
      now: this.clock.now(),
      random: this.random,
      quarantined: (report: Quarantined) => this.quarantined.push(report),
    };
    return this.#loops.flatMap((loop) => loop.act(this.store, context));
  }

  apply(transactions: readonly Transaction[]): void {
    const entry = { version: 1, epoch: 1, storeTime: this.clock.now(), transactions } as const;
    const { commit, outcomes } = this.store.apply(this.store.index + 1, entry);
    this.dropped += outcomes.filter(({ applied }) => !applied).length;
    for (const loop of this.#loops) loop.mark(commit);
    if (this.#isBare) return;
    for (const changed of commit.changes) this.#record(changed);
    assertInvariants(this.store, commit);
    assert(this.quarantined.length === 0, 'no decision throws', {
      errors: this.quarantined.map(({ loop, key, error }) => `${loop} ${key}: ${messageOf(error)}`),
    });
    this.agents.observe(commit);
  }

  /** What happened since the last call. */
  transcript(): readonly string[] {
    return this.events.splice(0);
  }

  #createCluster(): void {
    const at = timestamp(this.clock.now());
    const cluster: Cluster = {
      ID: newId(this.random) as ClusterId,
      Version: { Index: 0 },
      CreatedAt: at,
      UpdatedAt: at,
      Spec: defaultSwarmSpec,
      TLSInfo: { TrustRoot: '', CertIssuerSubject: '', CertIssuerPublicKey: '' },
      RootRotationInProgress: false,
      DefaultAddrPool: [],
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
    this.apply([{ preconditions: [], changes: [{ kind: 'put', table: 'cluster', object: cluster }] }]);
  }

  #startLoops(): void {
    for (const loop of this.#loops) loop.start(this.store);
  }

  /** `1.5 web.2.b running`: seconds, slot, the how-manieth task of the slot, what happened. */
  #record(changed: Changed): void {
    const seconds = ((this.clock.now() - this.#start) / 1000).toString();
    if (changed.table === 'service' && changed.after !== undefined) {
      const { before, after } = changed;
      if (before?.UpdateStatus?.State !== after.UpdateStatus?.State && after.UpdateStatus !== undefined)
        this.events.push(`${seconds} ${after.UpdateStatus.State}: ${this.#named(after.UpdateStatus.Message)}`);
    }
    if (changed.table !== 'task') return;
    const { before, after } = changed;
    const task = after ?? before;
    if (task === undefined) return;
    const name = this.#nameOf(task);
    if (after === undefined) this.events.push(`${seconds} ${name} deleted`);
    else if (before === undefined) this.events.push(`${seconds} ${name} created, desired ${after.DesiredState}`);
    else {
      if (before.DesiredState !== after.DesiredState)
        this.events.push(`${seconds} ${name} desired ${after.DesiredState}`);
      const { State } = after.Status;
      if (State !== before.Status.State && (State === 'running' || isTerminal(State)))
        this.events.push(`${seconds} ${name} ${State}`);
    }
  }

  #nameOf(task: Task): string {
    const known = this.#names.get(task.ID);
    if (known !== undefined) return known;
    const slot =
      task.Slot > 0 ? String(task.Slot) : (this.store.get('node', task.NodeID ?? '')?.Description?.Hostname ?? '?');
    const prefix = `${this.store.get('service', task.ServiceID)?.Spec.Name ?? 'web'}.${slot}.`;
    const siblings = [...this.#names.values()].filter((name) => name.startsWith(prefix)).length;
    const name = prefix + String.fromCharCode('a'.charCodeAt(0) + siblings);
    this.#names.set(task.ID, name);
    return name;
  }

  #named(message: string): string {
    return message.replace(/[0-9a-z]{25}/g, (id) => this.#names.get(id) ?? id);
  }
}
