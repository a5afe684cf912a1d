import { type Clock, type Instant, messageOf, type Random } from '../../base/index.ts';
import { equalCanonical, heartbeatPeriodMs, type Node, type NodeId, newId, type TaskId } from '../../model/index.ts';
import type { AgentMessage, Fence, ManagerConnection } from '../../rpc/index.ts';
import type { Changed, Commit, View } from '../../store/index.ts';
import type { Proposer } from '../proposer.ts';
import type { ManagerLog, NextTurn } from '../turns.ts';
import { Liveness } from './liveness.ts';
import { NodeWriter } from './node-writer.ts';
import { Session } from './session.ts';
import { StatusIntake } from './status-intake.ts';

/** Connections, with a session or on the way to one. Each costs about 20 KB and its node's share of heartbeats. */
export const MAX_CONNECTIONS = 12_000;

/** How long a connection may take to open its session, ms. */
export const OPEN_TIMEOUT_MS = 10_000;

/** Sessions that are sent increments between two turns of the event loop: 50 µs each. */
const SESSIONS_PER_TURN = 64;

/** What the connection itself shows of the other side. */
export interface Peer {
  /** From the agent's certificate; absent inside one process. */
  readonly nodeId?: NodeId;
  /** Without port. */
  readonly address?: string;
}

export interface DispatcherOptions {
  readonly view: View;
  readonly proposer: Pick<Proposer, 'submit' | 'submitAll'>;
  readonly clock: Clock;
  readonly random: Random;
  readonly storeNow: () => Instant;
  /** The log's term now, for fences. */
  readonly term: () => number;
  readonly nextTurn: NextTurn;
  readonly log: ManagerLog;
}

/** The manager's side of all agent sessions. */
export class Dispatcher {
  readonly #options: DispatcherOptions;
  readonly #sessions = new Map<NodeId, Session>();
  /** Nodes that went without a word for too long, until they open a session. */
  readonly #lost = new Set<NodeId>();
  readonly #dirty = new Set<Session>();
  readonly #liveness: Liveness;
  readonly #nodes: NodeWriter;
  readonly #statuses: StatusIntake;
  #connections = 0;
  #isRunning = false;
  #isFlushing = false;

  constructor(options: DispatcherOptions) {
    this.#options = options;
    const periodMs = () => this.#periodMs();
    this.#liveness = new Liveness({ ...options, periodMs, onLost: (nodeId) => this.#lose(nodeId) });
    this.#nodes = new NodeWriter({ ...options, wanted: (node) => this.#wanted(node) });
    this.#statuses = new StatusIntake(options);
  }

  /** Begins a leadership: nodes that count as up get three periods to be heard of. Walks all nodes, once: 10 ms at 10,000. */
  start(): void {
    this.#isRunning = true;
    this.#nodes.start();
    this.#statuses.start();
    for (const node of this.#options.view.list('node')) {
      if (node.Status.State !== 'down' && !this.#sessions.has(node.ID)) this.#liveness.touch(node.ID);
    }
  }

  /** Ends all sessions; agents look for another manager and go on running what they run. */
  stop(reason: string): void {
    this.#isRunning = false;
    for (const session of this.#sessions.values()) session.end(reason, false);
    this.#sessions.clear();
    this.#dirty.clear();
    this.#lost.clear();
    this.#liveness.stop();
    this.#nodes.stop();
    this.#statuses.stop();
  }

  /** A connection from an agent; it opens a session or is closed. */
  accept(connection: ManagerConnection, peer: Peer = {}): void {
    if (!this.#isRunning || this.#connections >= MAX_CONNECTIONS) {
      refuse(
        connection,
        this.#isRunning ? 'too many agents are connected to this manager' : 'this manager does not lead',
      );
      return;
    }
    this.#connections++;
    let session: Session | undefined;
    const stopWaiting = this.#options.clock.after(OPEN_TIMEOUT_MS, () => {
      if (session === undefined) refuse(connection, `no session was opened within ${OPEN_TIMEOUT_MS} ms`);
    });
    connection.onMessage((message) => {
      if (session !== undefined) this.#receive(session, message);
      else if (message.kind === 'openSession') {
        stopWaiting();
        session = this.#open(connection, peer, message);
      } else refuse(connection, 'session invalid');
    });
    connection.onClose(() => {
      this.#connections--;
      stopWaiting();
      if (session !== undefined) this.#drop(session);
    });
  }

  /** Every commit, in the turn that applied it. */
  noteCommit(commit: Commit): void {
    if (!this.#isRunning) return;
    try {
      for (const changed of commit.changes) this.#noteChanged(changed);
    } catch (error) {
      // This runs within apply, where an error would end the daemon.
      this.#options.log.error({ index: commit.index, error: messageOf(error) }, 'commit not dispatched');
    }
    if (this.#dirty.size === 0 || this.#isFlushing) return;
    this.#isFlushing = true;
    // In a later microtask: all entries that are applied in this turn make one increment.
    Promise.resolve().then(() => this.#flush());
  }

  /** The newest assignments that the node's agent says it has applied. */
  applied(nodeId: NodeId): Fence | undefined {
    return this.#sessions.get(nodeId)?.applied;
  }

  get sessionCount(): number {
    return this.#sessions.size;
  }

  #open(
    connection: ManagerConnection,
    peer: Peer,
    message: Extract<AgentMessage, { kind: 'openSession' }>,
  ): Session | undefined {
    const { view, random, log } = this.#options;
    const { nodeId, description } = message;
    if (!this.#isRunning) return refuse(connection, 'this manager does not lead');
    if (peer.nodeId !== undefined && peer.nodeId !== nodeId)
      return refuse(connection, `the certificate of this connection is of node ${peer.nodeId}, not of ${nodeId}`);
    if (view.get('node', nodeId) === undefined)
      return refuse(connection, `node ${nodeId} is not part of this swarm any more`, true);
    this.#sessions.get(nodeId)?.end('a newer session of this node was opened', false);
    const session = new Session({ id: newId(random), nodeId, connection, description, address: peer.address });
    this.#sessions.set(nodeId, session);
    this.#lost.delete(nodeId);
    this.#liveness.touch(nodeId);
    log.info({ nodeId, sessionId: session.id, address: peer.address }, 'session opened');
    this.#guard(session, () => {
      session.send({ kind: 'session', version: 1, sessionId: session.id, heartbeatPeriodMs: this.#periodMs() });
      session.sendComplete(view, this.#fence());
    });
    this.#nodes.sync(nodeId);
    return session;
  }

  #receive(session: Session, message: AgentMessage): void {
    if (session.isEnded) return;
    if (message.kind === 'openSession' || message.sessionId !== session.id) {
      this.#end(session, 'session invalid');
      return;
    }
    this.#liveness.touch(session.nodeId);
    switch (message.kind) {
      case 'heartbeat':
        session.send({ kind: 'heartbeatAck', heartbeatPeriodMs: this.#periodMs() });
        return;
      case 'description':
        session.description = message.description;
        this.#nodes.sync(session.nodeId);
        return;
      case 'applied':
        session.applied = message.fence;
        return;
      case 'needComplete':
        this.#guard(session, () => session.sendComplete(this.#options.view, this.#fence()));
        return;
      case 'statuses':
        if (!this.#statuses.add({ ...message, session }))
          this.#end(session, 'more statuses than a session may send at once');
    }
  }

  #noteChanged(changed: Changed): void {
    if (changed.table === 'task') {
      const taskId = changed.id as TaskId;
      this.#noteTask(changed.before?.NodeID, taskId);
      if (changed.after?.NodeID !== changed.before?.NodeID) this.#noteTask(changed.after?.NodeID, taskId);
    } else if (changed.table === 'template' && changed.before !== undefined && changed.after !== undefined) {
      // Walks all sessions: 1 ms at 10,000, when a service's labels or credentials change.
      for (const session of this.#sessions.values()) if (session.noteTemplate(changed.id)) this.#dirty.add(session);
    } else if (changed.table === 'node') {
      this.#noteNode(changed.before, changed.after);
    }
  }

  #noteTask(nodeId: NodeId | undefined, taskId: TaskId): void {
    const session = nodeId === undefined ? undefined : this.#sessions.get(nodeId);
    if (session === undefined) return;
    session.noteTask(taskId);
    this.#dirty.add(session);
  }

  #noteNode(before: Node | undefined, after: Node | undefined): void {
    if (before === undefined && after !== undefined) this.#liveness.touch(after.ID);
    if (before === undefined || after !== undefined) return;
    this.#liveness.forget(before.ID);
    this.#lost.delete(before.ID);
    const session = this.#sessions.get(before.ID);
    session?.end(`node ${before.ID} was removed from the swarm`, true);
    this.#sessions.delete(before.ID);
  }

  async #flush(): Promise<void> {
    const { view, nextTurn } = this.#options;
    let sent = 0;
    for (const session of this.#dirty) {
      this.#dirty.delete(session);
      this.#guard(session, () => session.sendChanges(view, this.#fence()));
      if (++sent % SESSIONS_PER_TURN === 0) await nextTurn();
    }
    this.#isFlushing = false;
  }

  /** What can't be sent must not be forgotten silently: the agent gets all anew, or at least an end. */
  #guard(session: Session, send: () => void): void {
    try {
      send();
    } catch (error) {
      this.#options.log.error({ nodeId: session.nodeId, error: messageOf(error) }, 'assignments not sent');
      this.#end(session, `the assignments of this node can't be sent: ${messageOf(error)}`);
    }
  }

  #end(session: Session, reason: string): void {
    session.end(reason, false);
    this.#drop(session);
  }

  /** The connection is gone; the node keeps its time to come back. */
  #drop(session: Session): void {
    session.noteClosed();
    this.#dirty.delete(session);
    if (this.#sessions.get(session.nodeId) === session) this.#sessions.delete(session.nodeId);
  }

  #lose(nodeId: NodeId): void {
    const session = this.#sessions.get(nodeId);
    if (session !== undefined) this.#end(session, 'heartbeat failure');
    this.#options.log.warn({ nodeId }, 'node lost');
    this.#lost.add(nodeId);
    this.#nodes.sync(nodeId);
  }

  /** The node as its session shows it; down when it was lost. */
  #wanted(node: Node): Node | undefined {
    const session = this.#sessions.get(node.ID);
    if (session !== undefined) return withSession(node, session);
    if (!this.#lost.has(node.ID) || node.Status.State === 'down') return undefined;
    const { SessionID: _ended, ...internal } = node.Internal;
    const Message =
      node.Status.State === 'unknown' ? 'heartbeat failure for node in "unknown" state' : 'heartbeat failure';
    return { ...node, Status: { ...node.Status, State: 'down', Message }, Internal: internal };
  }

  #fence(): Fence {
    const { view, term } = this.#options;
    return { epoch: view.cluster()?.Internal.Epoch ?? 1, term: term(), index: view.index };
  }

  #periodMs(): number {
    return heartbeatPeriodMs(this.#options.view.cluster()?.Spec ?? {});
  }
}

function withSession(node: Node, session: Session): Node | undefined {
  const Addr = session.address ?? node.Status.Addr;
  const wanted: Node = {
    ...node,
    Description: session.description,
    Status: { State: 'ready', ...(Addr === undefined ? {} : { Addr }) },
    Internal: { ...node.Internal, SessionID: session.id },
  };
  return equalCanonical(wanted, node) ? undefined : wanted;
}

function refuse(connection: ManagerConnection, reason: string, removed = false): undefined {
  connection.send({ kind: 'sessionEnded', reason, removed });
  connection.close(reason);
}
