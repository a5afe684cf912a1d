import { ManualClock, SeededRandom } from '../base/index.ts';
import { type ContainerBehaviour, SimulatedEngine, type SimulatedEngineOptions } from '../engine/simulated/index.ts';
import type {
  ContainerSpec,
  DesiredState,
  NodeId,
  ServiceId,
  TaskId,
  TaskState,
  TaskStatus,
  TaskTemplate,
} from '../model/index.ts';
import {
  type AgentMessage,
  type AssignedTask,
  type Assignments,
  type Fence,
  type ManagerConnection,
  memoryTransport,
} from '../rpc/index.ts';
import { type Agent, type AgentOptions, createAgent } from './agent.ts';
import type { AgentLog, AgentStateStorage } from './ports.ts';
import { memoryStateStorage } from './state.ts';

export const NODE = 'node1' as NodeId;
export const SERVICE = 'service1' as ServiceId;
export const IMAGE = 'busybox:latest';

const silent = () => undefined;
export const silentLog: AgentLog = { debug: silent, info: silent, warn: silent, error: silent };

export function fence(index: number, more: Partial<Fence> = {}): Fence {
  return { epoch: 1, term: 1, index, ...more };
}

export function task(id: string, desired: DesiredState = 'running', state: TaskState = 'assigned'): AssignedTask {
  return {
    ID: id as TaskId,
    ServiceID: SERVICE,
    Slot: 1,
    NodeID: NODE,
    SpecVersion: 1,
    DesiredState: desired,
    Status: { Timestamp: '1970-01-01T00:00:00Z', State: state, Message: 'scheduler assigned task to node' },
  };
}

export function template(spec: ContainerSpec = {}, more: Partial<TaskTemplate['Spec']> = {}): TaskTemplate {
  return {
    ServiceID: SERVICE,
    SpecVersion: 1,
    ServiceName: 'web',
    Spec: { ContainerSpec: { Image: IMAGE, ...spec }, ...more },
    Internal: { Revision: 1 },
  };
}

export function complete(index: number, tasks: readonly AssignedTask[], templates = [template()]): Assignments {
  return { kind: 'complete', fence: fence(index), tasks, removedTasks: [], templates, removedTemplates: [] };
}

export function increment(from: number, to: number, change: Partial<Assignments>): Assignments {
  const empty = { tasks: [], removedTasks: [], templates: [], removedTemplates: [] };
  return { kind: 'incremental', fence: fence(to), appliesTo: fence(from), ...empty, ...change };
}

/** A manager that accepts sessions, keeps what it is told, and acknowledges it unless `acknowledges` is off. */
export class ScriptedManager {
  readonly received: AgentMessage[] = [];
  /** Every status in the order of arrival. */
  readonly statuses: Array<{ readonly taskId: TaskId; readonly status: TaskStatus }> = [];
  isUp = true;
  acknowledges = true;
  /** Sent at the opening of each session. */
  assignments: Assignments | undefined;
  sessions = 0;
  #connection: ManagerConnection | undefined;

  readonly transport = memoryTransport((connection) => {
    if (!this.isUp) throw new Error('no manager');
    this.#connection = connection;
    connection.onMessage((message) => this.#receive(message));
  });

  assign(assignments: Assignments): void {
    this.assignments = assignments;
    this.#connection?.send({ kind: 'assignments', assignments });
  }

  /** Ends the session; new ones are refused until `isUp` again. */
  goDown(): void {
    this.isUp = false;
    this.#connection?.close('manager went down');
  }

  remove(): void {
    this.#connection?.send({ kind: 'sessionEnded', reason: 'node was removed', removed: true });
  }

  stateOf(id: string): TaskState | undefined {
    return this.statusOf(id)?.State;
  }

  statusOf(id: string): TaskStatus | undefined {
    return this.statuses.findLast(({ taskId }) => taskId === id)?.status;
  }

  /** States of a task in order of arrival, each once. */
  statesOf(id: string): readonly TaskState[] {
    const states = this.statuses.filter(({ taskId }) => taskId === id).map(({ status }) => status.State);
    return states.filter((state, at) => state !== states[at - 1]);
  }

  kinds(kind: AgentMessage['kind']): readonly AgentMessage[] {
    return this.received.filter((message) => message.kind === kind);
  }

  #receive(message: AgentMessage): void {
    this.received.push(message);
    const connection = this.#connection;
    if (message.kind === 'openSession') {
      this.sessions += 1;
      connection?.send({ kind: 'session', version: 1, sessionId: `s${this.sessions}`, heartbeatPeriodMs: 5000 });
      if (this.assignments !== undefined) connection?.send({ kind: 'assignments', assignments: this.assignments });
    } else if (message.kind === 'needComplete') {
      if (this.assignments?.kind === 'complete')
        connection?.send({ kind: 'assignments', assignments: this.assignments });
    } else if (message.kind === 'heartbeat') {
      connection?.send({ kind: 'heartbeatAck', heartbeatPeriodMs: 5000 });
    } else if (message.kind === 'statuses') {
      this.statuses.push(...message.statuses);
      if (this.acknowledges) connection?.send({ kind: 'statusesAck', batch: message.batch });
    }
  }
}

export interface WorldOptions {
  readonly behave?: (name: string) => ContainerBehaviour;
  readonly engine?: Partial<SimulatedEngineOptions>;
  readonly agent?: Partial<AgentOptions>;
}

/** One node on a virtual clock: its engine, its disk, a manager, and an agent that can crash and come back. */
export class AgentWorld {
  readonly clock = new ManualClock(1_000_000);
  readonly engine: SimulatedEngine;
  readonly manager = new ScriptedManager();
  readonly state: AgentStateStorage = memoryStateStorage();
  bootId = 'boot1';
  agent: Agent;
  readonly #options: WorldOptions;

  constructor(options: WorldOptions = {}) {
    this.#options = options;
    const behave = options.behave;
    this.engine = new SimulatedEngine({
      clock: this.clock,
      ...(behave === undefined ? {} : { behave: (_create, name) => behave(name) }),
      ...options.engine,
    });
    this.engine.addImage(IMAGE);
    this.engine.registryImages.add(IMAGE);
    this.agent = this.#newAgent();
  }

  /** Moves time by `ms`, letting everything that is due happen. */
  async pass(ms: number): Promise<void> {
    const end = this.clock.now() + ms;
    await turn();
    for (let next = this.clock.nextAlarm(); next !== undefined && next <= end; next = this.clock.nextAlarm()) {
      this.clock.advance(Math.max(0, next - this.clock.now()));
      await turn();
    }
    this.clock.advance(end - this.clock.now());
    await turn();
  }

  async start(): Promise<void> {
    await this.agent.start();
    await this.pass(0);
  }

  /** The process dies; what it had not written is lost. A new one starts. */
  async restart(): Promise<void> {
    await this.crash();
    await this.start();
  }

  async crash(): Promise<void> {
    const gone = this.agent.stop();
    await this.pass(0);
    await gone;
    this.agent = this.#newAgent();
  }

  async reboot(): Promise<void> {
    this.bootId = `${this.bootId}+`;
    await this.crash();
    this.engine.reboot();
    await this.start();
  }

  /** Names of the containers that run. */
  running(): readonly string[] {
    return this.engine
      .containers()
      .filter(({ isRunning }) => isRunning)
      .map(({ name }) => name);
  }

  count(operation: string): number {
    return this.engine.calls.filter((call) => call.operation === operation).length;
  }

  #newAgent(): Agent {
    return createAgent({
      nodeId: NODE,
      bootId: this.bootId,
      clock: this.clock,
      random: new SeededRandom(7),
      log: silentLog,
      engine: this.engine,
      transport: this.manager.transport,
      state: this.state,
      ...this.#options.agent,
    });
  }
}

/** A world whose agent was just started with these tasks assigned. */
export async function worldWith(ids: readonly string[], options: WorldOptions = {}): Promise<AgentWorld> {
  const world = new AgentWorld(options);
  const tasks = ids.map((id) => task(id));
  world.manager.assign(complete(1, tasks));
  await world.start();
  return world;
}

/** Lets all that waits for no time run to its end. */
function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
