import { type Clock, messageOf, type Random, Unavailable } from '../base/index.ts';
import type { ContainerLogOptions, ContainerLogRecord, Engine } from '../engine/index.ts';
import type { ContainerId, NodeDescription, NodeId, TaskId, TaskStatus } from '../model/index.ts';
import type { Transport } from '../rpc/index.ts';
import { NODE_ID_LABEL } from './container-labels.ts';
import { withDeadline } from './deadline.ts';
import { EngineFollower } from './engine-follower.ts';
import { ImageShelf } from './images.ts';
import { taskLogs } from './logs.ts';
import { StatusOutbox } from './outbox.ts';
import { type AgentLog, type AgentStateStorage, noTaskNetwork, type TaskNetwork } from './ports.ts';
import { Sessions } from './session.ts';
import { readRecord } from './state.ts';
import { StateSaver } from './state-saver.ts';
import { StepRunner } from './step-runner.ts';
import { WorkQueue } from './work-queue.ts';
import { Worker } from './worker.ts';

const DESCRIBE_TIMEOUT_MS = 5000;
/** `leave` waits so long for tasks to stop by themselves, then removes their containers by force, ms. Swarm: 15 s for all. */
const LEAVE_TIMEOUT_MS = 60_000;
const FORCED_REMOVE_TIMEOUT_MS = 30_000;

export interface AgentOptions {
  readonly nodeId: NodeId;
  /** Changes with every boot of the machine. */
  readonly bootId: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: AgentLog;
  readonly engine: Engine;
  readonly transport: Transport;
  readonly state: AgentStateStorage;
  readonly network?: TaskNetwork;
  /** What the engine can't know of the node, e.g. TLSInfo; laid over its description. */
  readonly describeMore?: () => Partial<NodeDescription>;
  readonly hostPathExists?: (path: string) => Promise<boolean>;
  /** Never ask a registry for an image that is here. */
  readonly prefersLocalImages?: boolean;
  /** The cluster has removed this node; the daemon decides what follows (`leave`). */
  readonly onRemoved?: (reason: string) => void;
}

/** The part of a node that runs tasks. */
export interface Agent {
  /** Reads what an earlier process left and begins; rejects when the state file can't be trusted. Needs no manager. */
  start(): Promise<void>;
  /** Ends this process's part; containers run on and the next `start` finds them. */
  stop(): Promise<void>;
  /** Stops and removes all tasks of the node, forgets them, and ends. */
  leave(): Promise<void>;
  /** Output of a task's container, also after its end, as long as the container is kept. */
  logs(taskId: TaskId, options: ContainerLogOptions, signal: AbortSignal): AsyncIterable<ContainerLogRecord>;
  containerOf(taskId: TaskId): ContainerId | undefined;
  statuses(): ReadonlyMap<TaskId, TaskStatus>;
}

/** An agent, not yet started. */
export function createAgent(options: AgentOptions): Agent {
  return new NodeAgent(options);
}

class NodeAgent implements Agent {
  readonly #options: AgentOptions;
  readonly #stopping = new AbortController();
  readonly #sessionsOver = new AbortController();
  readonly #outbox = new StatusOutbox();
  readonly #queue: WorkQueue;
  readonly #saver: StateSaver;
  readonly #worker: Worker;
  readonly #follower: EngineFollower;
  readonly #runner: StepRunner;
  readonly #running: Promise<void>[] = [];
  #sessions: Promise<void> = Promise.resolve();
  #description: NodeDescription | undefined;

  constructor(options: AgentOptions) {
    const { bootId, clock, engine, log, nodeId, random } = options;
    this.#options = options;
    this.#queue = new WorkQueue(engine.startParallelism);
    this.#saver = new StateSaver(options.state, () => this.#worker.record(), clock, log);
    const prefersLocalImages = options.prefersLocalImages ?? false;
    const images = new ImageShelf({ engine, clock, queue: this.#queue, log, prefersLocalImages });
    this.#runner = new StepRunner({
      engine,
      clock,
      queue: this.#queue,
      images,
      network: options.network ?? noTaskNetwork,
      describe: async (signal) => this.#description ?? this.#describe(signal),
      hostPathExists: options.hostPathExists,
    });
    this.#worker = new Worker({
      nodeId,
      bootId,
      clock,
      log,
      runner: this.#runner,
      outbox: this.#outbox,
      save: () => this.#saver.save(),
      touch: () => this.#saver.touch(),
      relist: () => this.#follower.relist(),
    });
    this.#follower = new EngineFollower({
      engine,
      clock,
      random,
      label: `${NODE_ID_LABEL}=${nodeId}`,
      onList: (containers) => this.#worker.listed(containers),
      onEvent: (event) => this.#worker.happened(event),
      onLost: (reason) => this.#worker.engineLost(reason),
    });
  }

  async start(): Promise<void> {
    const { nodeId, state, log } = this.#options;
    const record = await readRecord(state);
    // What another node left here is not this one's to run; its containers are not listed either.
    if (record !== undefined && record.nodeId === nodeId) this.#worker.restore(record);
    else if (record !== undefined) log.warn({ nodeId, left: record.nodeId }, 'state of another node ignored');
    this.#running.push(this.#follower.run(this.#stopping.signal));
    this.#sessions = this.#openSessions();
  }

  async stop(): Promise<void> {
    this.#sessionsOver.abort(new Unavailable('agent-stopped'));
    this.#stopping.abort(new Unavailable('agent-stopped'));
    this.#worker.stop();
    await Promise.all([...this.#running, this.#sessions]);
    await this.#saver.close();
  }

  async leave(): Promise<void> {
    const { clock, log } = this.#options;
    this.#sessionsOver.abort(new Unavailable('agent-stopped'));
    await this.#sessions;
    const limit = { what: 'stopping all tasks', timeoutMs: LEAVE_TIMEOUT_MS, signal: this.#stopping.signal };
    try {
      await withDeadline(clock, limit, () => this.#worker.removeAll());
    } catch (error) {
      log.warn({ reason: messageOf(error) }, 'tasks removed by force');
    }
    await this.#removeByForce();
    // A stop in between would leave the namespaces of the last tasks behind, and no later daemon knows of them.
    await this.#runner.allReleased();
    try {
      await this.#saver.save();
    } finally {
      await this.stop();
    }
  }

  logs(taskId: TaskId, options: ContainerLogOptions, signal: AbortSignal): AsyncIterable<ContainerLogRecord> {
    const { clock, engine } = this.#options;
    const containerOf = () => this.#worker.containerOf(taskId);
    const isKnown = () => this.#worker.tasks.has(taskId);
    return taskLogs({ clock, engine, containerOf, isKnown }, options, signal);
  }

  containerOf(taskId: TaskId): ContainerId | undefined {
    return this.#worker.containerOf(taskId);
  }

  statuses(): ReadonlyMap<TaskId, TaskStatus> {
    return new Map([...this.#worker.tasks].map(([id, { machine }]) => [id, machine.status]));
  }

  #openSessions(): Promise<void> {
    const { bootId, clock, log, nodeId, onRemoved, random, transport } = this.#options;
    const sessions = new Sessions({
      nodeId,
      bootId,
      clock,
      random,
      log,
      transport,
      outbox: this.#outbox,
      describe: (signal) => this.#describeOrLast(signal),
      fence: () => this.#worker.fence,
      assign: (assignments) => this.#worker.assign(assignments),
      durable: (signal) => this.#worker.durable(signal),
      onOpened: () => this.#worker.sessionOpened(),
      onLost: () => this.#worker.sessionLost(),
      onRemoved: (reason) => onRemoved?.(reason),
    });
    return sessions.run(this.#sessionsOver.signal);
  }

  /** What is not reachable any more is taken away too: containers of this node whose task nobody knows. */
  async #removeByForce(): Promise<void> {
    const { clock, engine, log, nodeId } = this.#options;
    const signal = this.#stopping.signal;
    const limit = { what: 'removing all containers', timeoutMs: FORCED_REMOVE_TIMEOUT_MS, signal };
    try {
      await withDeadline(clock, limit, async (inner) => {
        const left = await engine.listContainers(`${NODE_ID_LABEL}=${nodeId}`, inner);
        await Promise.all(left.map(({ Id }) => this.#runner.removeStray(Id, inner)));
      });
    } catch (error) {
      log.error({ reason: messageOf(error) }, 'containers left behind');
    }
  }

  /** While the engine is away the node is what it was: its session must not end for that. */
  async #describeOrLast(signal: AbortSignal): Promise<NodeDescription> {
    try {
      return await this.#describe(signal);
    } catch (error) {
      if (this.#description === undefined || signal.aborted) throw error;
      return this.#description;
    }
  }

  async #describe(signal: AbortSignal): Promise<NodeDescription> {
    const { clock, describeMore, engine } = this.#options;
    const limit = { what: 'describing the node', timeoutMs: DESCRIBE_TIMEOUT_MS, signal };
    const described = await withDeadline(clock, limit, (inner) => engine.describe(inner));
    this.#description = { ...described, ...describeMore?.() };
    return this.#description;
  }
}
