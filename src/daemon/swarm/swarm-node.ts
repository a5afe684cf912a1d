import { mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Agent, createAgent, fileStateStorage } from '../../agent/index.ts';
import type { HostPort, LogsPort, ResolvedInit, ResolvedJoin, SwarmControl, SwarmMembership } from '../../api/index.ts';
import { type Cancel, messageOf, Refusal, Unavailable } from '../../base/index.ts';
import {
  createJoinToken,
  createRoot,
  issueNodeCertificate,
  type NodeKeys,
  parseJoinToken,
  readKeyFile,
  trustInfo,
  writeKeyFile,
} from '../../ca/index.ts';
import type { ContainerLogOptions, ContainerLogRecord } from '../../engine/index.ts';
import { syncDirectory } from '../../files/index.ts';
import { bootstrap, type Manager, startManager } from '../../manager/index.ts';
import {
  type ClusterId,
  certificateExpiryMs,
  defaultSwarmSpec,
  type NodeDescription,
  type NodeId,
  newId,
  type Task,
} from '../../model/index.ts';
import { memoryTransport } from '../../rpc/index.ts';
import type { Commit, Transaction } from '../../store/index.ts';
import { DATA_KEY_BYTES, openLog, openNodeDisk } from '../../wal/index.ts';
import type { EngineContext, NodeEngine } from '../engines/node-engine.ts';
import { machineInterfaces } from './interfaces.ts';
import { type Member, readMember, writeMember } from './member-file.ts';

/** `swarm init` answers when the node is ready to run tasks, or after this long without. */
const READY_TIMEOUT_MS = 10_000;

export interface SwarmNodeOptions extends EngineContext {
  readonly node: NodeEngine;
  /** Ends the process. */
  readonly fatal: (error: Error) => void;
}

/** What runs while this node is a member. */
interface Running {
  readonly member: Member;
  readonly manager: Manager;
  readonly agent: Agent;
  readonly stopWatching: Cancel;
}

/**
 * This node's place in a swarm: becomes a member, is one again after a restart, and ceases to be one. Everything of a swarm stands
 * in one directory; the member file in it is written last, and the directory is renamed before it is removed, so that a crash at
 * any moment leaves a member or none.
 */
export class SwarmNode implements SwarmControl, LogsPort {
  readonly #options: SwarmNodeOptions;
  readonly #directory: string;
  readonly #listeners = new Set<(commit: Commit) => void>();
  #running: Running | undefined;
  /** Set while the node becomes a member or ceases to be one: only one of these at a time. */
  #changing: string | undefined;
  #failure: string | undefined;
  #rootCertificate = '';

  private constructor(options: SwarmNodeOptions) {
    this.#options = options;
    this.#directory = join(options.configuration.stateDirectory, 'swarm');
  }

  /** Takes up what the state directory says. State that can't be trusted shows as an error; nothing of it is changed. */
  static async open(options: SwarmNodeOptions): Promise<SwarmNode> {
    const node = new SwarmNode(options);
    await node.#sweep();
    try {
      const member = await readMember(node.#path('member.json'));
      if (member !== undefined) await node.#start(member);
      else await node.#setAside();
    } catch (error) {
      node.#failure = messageOf(error);
      options.log.error({ reason: node.#failure }, 'swarm state can not be used');
    }
    return node;
  }

  membership(): SwarmMembership {
    if (this.#failure !== undefined) return { kind: 'error', error: this.#failure };
    if (this.#running === undefined) return this.#changing === undefined ? { kind: 'inactive' } : { kind: 'pending' };
    const { nodeId, advertiseHost, advertisePort } = this.#running.member;
    const remoteManagers = [{ NodeID: nodeId, Addr: withPort(advertiseHost, advertisePort) }];
    return { kind: 'active', role: 'manager', nodeId, nodeAddr: advertiseHost, remoteManagers };
  }

  manager(): Manager | undefined {
    return this.#running?.manager;
  }

  async init(init: ResolvedInit, signal: AbortSignal): Promise<NodeId> {
    return this.#exclusively('init', async () => {
      // State that can't be used is still there, and its key with it.
      if (this.#running !== undefined || this.#failure !== undefined) throw new Refusal('already-in-swarm');
      const { clock, random, node } = this.#options;
      const nodeId = newId(random) as NodeId;
      const clusterId = newId(random) as ClusterId;
      const spec = { ...defaultSwarmSpec, ...init.request.Spec };
      const root = await createRoot(clock.now());
      const identity = await issueNodeCertificate(
        root,
        { nodeId, clusterId, role: 'manager' },
        { now: clock.now(), expiryMs: certificateExpiryMs(spec) },
      );
      const tlsInfo = trustInfo(root.certificate);
      const first = bootstrap({
        request: init.request,
        clusterId,
        nodeId,
        authority: {
          rootCertificate: root.certificate,
          rootKey: root.privateKey,
          workerJoinToken: createJoinToken(root.certificate, random),
          managerJoinToken: createJoinToken(root.certificate, random),
          tlsInfo,
        },
        managerAddress: withPort(init.advertise.host, init.advertise.port),
        nodeAddress: init.advertise.host,
        description: { ...(await node.engine.describe(signal)), TLSInfo: tlsInfo },
      });
      const keys = { dataKey: random.bytes(DATA_KEY_BYTES), identity: { nodeId, ...identity } };
      await this.#become(memberOf(nodeId, init), keys, first);
      await this.#untilReady(nodeId, signal);
      return nodeId;
    });
  }

  async join({ request }: ResolvedJoin): Promise<void> {
    parseJoinToken(request.JoinToken ?? '');
    throw new Refusal('not-built-yet', { what: 'joining a swarm of several nodes' });
  }

  async leave(signal: AbortSignal): Promise<void> {
    await this.#exclusively('leave', async () => {
      signal.throwIfAborted();
      const running = this.#running;
      // State that can't be read can still be left.
      if (running !== undefined) await this.#end(running, 'leave');
      await this.#removeState();
      this.#failure = undefined;
    });
  }

  newJoinToken(): string {
    return createJoinToken(this.#rootCertificate, this.#options.random);
  }

  interfaces(): ReturnType<SwarmControl['interfaces']> {
    return machineInterfaces();
  }

  watchCommits(listener: (commit: Commit) => void): Cancel {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  taskLogs(task: Task, options: ContainerLogOptions, signal: AbortSignal): AsyncIterable<ContainerLogRecord> {
    const agent = this.#running?.agent;
    if (agent === undefined) throw new Unavailable('agent-stopped');
    return agent.logs(task.ID, options, signal);
  }

  /** Ends this process's part; tasks run on. */
  async stop(): Promise<void> {
    const running = this.#running;
    if (running !== undefined) await this.#end(running, 'stop');
  }

  /** Makes this node a member, durably, or leaves nothing of it: after a failed init the next one begins from the start. */
  async #become(member: Member, keys: NodeKeys, first: Transaction): Promise<void> {
    try {
      await mkdir(this.#directory, { recursive: true, mode: 0o700 });
      await syncDirectory(this.#options.configuration.stateDirectory);
      await writeKeyFile(this.#path('node.key'), keys);
      await this.#start(member, first);
      await writeMember(this.#path('member.json'), member);
    } catch (error) {
      try {
        if (this.#running !== undefined) await this.#end(this.#running, 'leave');
      } finally {
        await this.#removeState();
      }
      throw error;
    }
  }

  /** Its name goes first, durably, in one step: a crash leaves all of the state or what the next start sweeps away. */
  async #removeState(): Promise<void> {
    const aside = `${this.#directory}.left-${this.#options.clock.now()}`;
    await rename(this.#directory, aside).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
    });
    await syncDirectory(this.#options.configuration.stateDirectory);
    await rm(aside, { recursive: true, force: true });
  }

  async #start(member: Member, first?: Transaction): Promise<void> {
    const { clock, random, log, fatal, node, configuration } = this.#options;
    const keys = await readKeyFile(this.#path('node.key'));
    if (keys === undefined) {
      const reason = 'it is missing';
      throw new Refusal('key-file-unreadable', { file: this.#path('node.key'), reason });
    }
    const disk = await openNodeDisk(this.#path('log'));
    const { log: wal, recovered } = await openLog({
      disk,
      dataKey: keys.dataKey,
      randomBytes: (length) => random.bytes(length),
      onFatal: fatal,
    });
    if (recovered.cutBytes > 0)
      log.warn({ bytes: recovered.cutBytes }, 'unfinished write at the end of the log was cut');
    const shared = { nodeId: member.nodeId, clock, random, log };
    const begun = first === undefined ? {} : { bootstrap: first };
    const manager = await startManager({ ...shared, ...begun, wal, recovered, onFatal: fatal });
    const cluster = manager.view().cluster();
    this.#rootCertificate = cluster?.Internal.RootCACert ?? '';
    const stopWatching = manager.watch((commit) => {
      for (const listener of this.#listeners) listener(commit);
    });
    const agent = createAgent({
      ...shared,
      bootId: (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim(),
      engine: node.engine,
      transport: memoryTransport((connection) => manager.acceptAgent(connection, { address: member.advertiseHost })),
      state: fileStateStorage(this.#path('agent')),
      network: node.network,
      describeMore: () => describeMore(manager),
      prefersLocalImages: configuration.preferLocalImages,
    });
    try {
      await agent.start();
    } catch (error) {
      stopWatching();
      await manager.stop();
      throw error;
    }
    this.#running = { member, manager, agent, stopWatching };
  }

  async #end({ manager, agent, stopWatching }: Running, how: 'stop' | 'leave'): Promise<void> {
    this.#running = undefined;
    // Manager first on leave: nothing may be assigned any more while tasks are taken down.
    stopWatching();
    if (how === 'leave') {
      await manager.stop();
      await agent.leave();
    } else {
      await agent.stop();
      await manager.stop();
    }
  }

  /** Resolves when the node can run tasks; also when it takes long, for the swarm is there then as well. */
  #untilReady(nodeId: NodeId, signal: AbortSignal): Promise<void> {
    const isReady = (): boolean => this.#running?.manager.view().get('node', nodeId)?.Status.State === 'ready';
    return new Promise((resolve) => {
      const end = (): void => {
        cancelWatch();
        cancelTimer();
        signal.removeEventListener('abort', end);
        resolve();
      };
      const cancelWatch = this.watchCommits(() => {
        if (isReady()) end();
      });
      const cancelTimer = this.#options.clock.after(READY_TIMEOUT_MS, end);
      signal.addEventListener('abort', end, { once: true });
      if (isReady()) end();
    });
  }

  async #exclusively<T>(what: string, work: () => Promise<T>): Promise<T> {
    if (this.#changing !== undefined) throw new Unavailable('membership-changing', { what: this.#changing });
    this.#changing = what;
    try {
      return await work();
    } finally {
      this.#changing = undefined;
    }
  }

  /**
   * Without its member file the directory is of an init that never answered, and nobody knows of it; but should that one file have
   * been lost, what it takes to bring the swarm back is still there.
   */
  async #setAside(): Promise<void> {
    const kept = `${this.#directory}.unfinished`;
    const isThere = (await readdir(this.#options.configuration.stateDirectory)).includes('swarm');
    if (!isThere) return;
    await rm(kept, { recursive: true, force: true });
    await rename(this.#directory, kept);
    this.#options.log.warn({ kept }, 'swarm state without a member file was set aside');
  }

  async #sweep(): Promise<void> {
    const { stateDirectory } = this.#options.configuration;
    for (const name of await readdir(stateDirectory)) {
      if (name.startsWith('swarm.left-')) await rm(join(stateDirectory, name), { recursive: true, force: true });
    }
  }

  #path(name: string): string {
    return join(this.#directory, name);
  }
}

function memberOf(nodeId: NodeId, { advertise, listen, dataPathHost }: ResolvedInit): Member {
  const addresses = {
    advertiseHost: advertise.host,
    advertisePort: advertise.port,
    listenHost: listen.host,
    listenPort: listen.port,
  };
  return { nodeId, ...addresses, ...(dataPathHost !== undefined && { dataPathHost }) };
}

function withPort(host: string, port: HostPort['port']): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** What the engine can't know of the node. */
function describeMore(manager: Manager): Partial<NodeDescription> {
  const tlsInfo = manager.view().cluster()?.TLSInfo;
  return tlsInfo === undefined ? {} : { TLSInfo: tlsInfo };
}
