import { type Cancel, type Clock, messageOf, type Random, Unavailable } from '../base/index.ts';
import type { NodeDescription, NodeId } from '../model/index.ts';
import type { AgentConnection, Assignments, Fence, ManagerMessage, Transport } from '../rpc/index.ts';
import { nextBackoffMs, pause, withDeadline } from './deadline.ts';
import type { OutboxEntry, StatusOutbox } from './outbox.ts';
import type { AgentLog } from './ports.ts';

/** Reference 8.1: the first pause before a new session and the longest; the actual one is uniformly random below. */
const FIRST_BACKOFF_MS = 100;
const LONGEST_BACKOFF_MS = 8000;
/** What a manager may take to answer, ms. */
const RPC_TIMEOUT_MS = 5000;
/** The node's description is looked at again so often, ms. */
const DESCRIPTION_CHECK_MS = 20_000;
/** Statuses in one batch. */
const MAX_BATCH = 1024;
/** A batch without acknowledgement is sent again after so long, ms: longer than a change of leader. */
const ACK_TIMEOUT_MS = 10_000;
/** Between tries to write what an acknowledgement promises, ms. */
const SAVE_RETRY_MS = 1000;

export interface SessionOptions {
  readonly nodeId: NodeId;
  readonly bootId: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: AgentLog;
  readonly transport: Transport;
  readonly outbox: StatusOutbox;
  readonly describe: (signal: AbortSignal) => Promise<NodeDescription>;
  /** The fence of the assignments that are held. */
  readonly fence: () => Fence | undefined;
  readonly assign: (assignments: Assignments) => 'acknowledge' | 'needComplete' | 'stale';
  /** Resolves when the assignments obeyed so far are durable. */
  readonly durable: (signal: AbortSignal) => Promise<void>;
  readonly onOpened: () => void;
  readonly onLost: (reason: string) => void;
  /** The cluster has removed this node: no new session is opened. */
  readonly onRemoved: (reason: string) => void;
}

/** Keeps a session with some manager: opens it, beats, takes assignments, sends statuses, and opens the next when it ends. */
export class Sessions {
  readonly #options: SessionOptions;

  constructor(options: SessionOptions) {
    this.#options = options;
  }

  /** Runs until `signal` aborts or the node is removed. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, log, random, onLost, onRemoved } = this.#options;
    let backoffMs = 0;
    while (!signal.aborted) {
      const end = await this.#one(signal, () => {
        backoffMs = 0;
      });
      if (signal.aborted) return;
      log.info({ reason: end.reason }, 'session ended');
      if (end.wasOpen) onLost(end.reason);
      if (end.removed) {
        onRemoved(end.reason);
        return;
      }
      backoffMs = nextBackoffMs(backoffMs, FIRST_BACKOFF_MS, LONGEST_BACKOFF_MS);
      await pause(clock, 1 + random.below(backoffMs), signal);
    }
  }

  async #one(signal: AbortSignal, onOpened: () => void): Promise<SessionEnd> {
    const { clock, describe, transport } = this.#options;
    const limit = { what: 'connecting to a manager', timeoutMs: RPC_TIMEOUT_MS, signal };
    try {
      const description = await describe(signal);
      const connection = await withDeadline(clock, limit, (inner) => transport.connect(inner));
      return await new Session(this.#options, connection, onOpened).run(description, signal);
    } catch (error) {
      return { reason: messageOf(error), removed: false, wasOpen: false };
    }
  }
}

interface SessionEnd {
  readonly reason: string;
  readonly removed: boolean;
  readonly wasOpen: boolean;
}

/** One session on one connection. */
class Session {
  readonly #options: SessionOptions;
  readonly #connection: AgentConnection;
  readonly #onOpened: () => void;
  readonly #ended = Promise.withResolvers<SessionEnd>();
  readonly #over = new AbortController();
  readonly #alarms = new Map<'beat' | 'answer' | 'ack' | 'description', Cancel>();
  #id: string | undefined;
  #batch = 0;
  /** The batch that waits for its acknowledgement; the next goes out after it. */
  #sent: { readonly batch: number; readonly entries: readonly OutboxEntry[] } | undefined;
  #isSendDue = false;
  #hasAskedForComplete = false;
  /** What the manager knows of this node. */
  #described = '';

  constructor(options: SessionOptions, connection: AgentConnection, onOpened: () => void) {
    this.#options = options;
    this.#connection = connection;
    this.#onOpened = onOpened;
  }

  async run(description: NodeDescription, signal: AbortSignal): Promise<SessionEnd> {
    const { bootId, nodeId, outbox, fence } = this.#options;
    const stop = () => this.#end('the agent is stopping');
    signal.addEventListener('abort', stop, { once: true });
    this.#connection.onMessage((message) => this.#receive(message));
    this.#connection.onClose((reason) => this.#end(reason));
    outbox.onFilled(() => this.#sendSoon());
    const holds = fence();
    this.#described = canonical(description);
    this.#connection.send({
      kind: 'openSession',
      version: 1,
      nodeId,
      description,
      bootId,
      ...(holds === undefined ? {} : { holds }),
    });
    this.#awaitAnswer('opening the session');
    try {
      return await this.#ended.promise;
    } finally {
      signal.removeEventListener('abort', stop);
      outbox.onFilled(() => undefined);
    }
  }

  #receive(message: ManagerMessage): void {
    if (this.#over.signal.aborted) return;
    switch (message.kind) {
      case 'session':
        this.#opened(message.sessionId);
        return;
      case 'heartbeatAck':
        this.#disarm('answer');
        this.#arm('beat', message.heartbeatPeriodMs, () => this.#beat());
        return;
      case 'assignments':
        this.#assign(message.assignments);
        return;
      case 'statusesAck':
        this.#acknowledged(message.batch);
        return;
      case 'sessionEnded':
        this.#end(message.reason, message.removed);
        return;
    }
  }

  #opened(sessionId: string): void {
    if (this.#id !== undefined) return;
    this.#id = sessionId;
    this.#disarm('answer');
    this.#onOpened();
    this.#options.log.info({ sessionId }, 'session opened');
    this.#options.onOpened();
    this.#beat();
    this.#sendStatuses();
    this.#arm('description', DESCRIPTION_CHECK_MS, () => this.#checkDescription());
  }

  /** The first beat follows the opening at once; each answer says when the next is due. */
  #beat(): void {
    if (this.#id === undefined) return;
    this.#connection.send({ kind: 'heartbeat', sessionId: this.#id });
    this.#awaitAnswer('a heartbeat');
  }

  #assign(assignments: Assignments): void {
    const answer = this.#options.assign(assignments);
    if (assignments.kind === 'complete') this.#hasAskedForComplete = false;
    if (answer === 'acknowledge') {
      this.#acknowledgeWhenDurable(assignments.fence);
    } else if (answer === 'needComplete') {
      if (this.#hasAskedForComplete || this.#id === undefined) return;
      this.#hasAskedForComplete = true;
      this.#connection.send({ kind: 'needComplete', sessionId: this.#id });
    } else {
      this.#options.log.warn({ fence: assignments.fence }, 'stale assignments refused');
      if (assignments.kind !== 'complete') return;
      // A manager that lags behind what this node obeyed, or one of a cluster that was restored from before: another may do better.
      this.#end('the manager’s assignments are older than what this node obeyed');
    }
  }

  #acknowledgeWhenDurable(fence: Fence): void {
    const { clock, durable, log } = this.#options;
    durable(this.#over.signal).then(
      () => {
        if (this.#id !== undefined && !this.#over.signal.aborted)
          this.#connection.send({ kind: 'applied', sessionId: this.#id, fence });
      },
      (error: unknown) => {
        if (this.#over.signal.aborted) return;
        log.error({ reason: messageOf(error) }, 'agent state not written');
        const again = () => {
          // A later fence brings its own acknowledgement.
          if (!this.#over.signal.aborted && this.#options.fence() === fence) this.#acknowledgeWhenDurable(fence);
        };
        pause(clock, SAVE_RETRY_MS, this.#over.signal).then(again, () => undefined);
      },
    );
  }

  /** After this turn, so that what one message changed travels together. */
  #sendSoon(): void {
    if (this.#isSendDue) return;
    this.#isSendDue = true;
    queueMicrotask(() => {
      this.#isSendDue = false;
      this.#sendStatuses();
    });
  }

  /** One batch at a time: what changes while it travels is collected for the next. */
  #sendStatuses(): void {
    if (this.#id === undefined || this.#sent !== undefined || this.#over.signal.aborted) return;
    const entries = this.#options.outbox.first(MAX_BATCH);
    if (entries.length === 0) return;
    this.#batch += 1;
    this.#sent = { batch: this.#batch, entries };
    this.#connection.send({ kind: 'statuses', sessionId: this.#id, batch: this.#batch, statuses: entries });
    this.#arm('ack', ACK_TIMEOUT_MS, () => {
      this.#sent = undefined;
      this.#sendStatuses();
    });
  }

  #acknowledged(batch: number): void {
    if (this.#sent?.batch !== batch) return;
    this.#options.outbox.acknowledge(this.#sent.entries);
    this.#sent = undefined;
    this.#disarm('ack');
    this.#sendStatuses();
  }

  #checkDescription(): void {
    const { describe, log } = this.#options;
    const next = () => this.#arm('description', DESCRIPTION_CHECK_MS, () => this.#checkDescription());
    describe(this.#over.signal).then(
      (description) => {
        const described = canonical(description);
        if (this.#id !== undefined && !this.#over.signal.aborted && described !== this.#described) {
          this.#described = described;
          this.#connection.send({ kind: 'description', sessionId: this.#id, description });
        }
        next();
      },
      (error: unknown) => {
        log.debug({ reason: messageOf(error) }, 'node not described');
        next();
      },
    );
  }

  #awaitAnswer(what: string): void {
    const error = new Unavailable('deadline-passed', { what, timeoutMs: RPC_TIMEOUT_MS });
    this.#arm('answer', RPC_TIMEOUT_MS, () => this.#end(error.message));
  }

  #arm(name: 'beat' | 'answer' | 'ack' | 'description', delayMs: number, wake: () => void): void {
    this.#disarm(name);
    if (this.#over.signal.aborted) return;
    this.#alarms.set(name, this.#options.clock.after(delayMs, wake));
  }

  #disarm(name: 'beat' | 'answer' | 'ack' | 'description'): void {
    this.#alarms.get(name)?.();
    this.#alarms.delete(name);
  }

  #end(reason: string, removed = false): void {
    if (this.#over.signal.aborted) return;
    for (const cancel of this.#alarms.values()) cancel();
    this.#over.abort(new Unavailable('session-lost', { reason }));
    this.#connection.close(reason);
    this.#ended.resolve({ reason, removed, wasOpen: this.#id !== undefined });
  }
}

function canonical(description: NodeDescription): string {
  return JSON.stringify(description, (_key, value: unknown) => (typeof value === 'bigint' ? `${value}n` : value));
}
