import { assert, Refusal, Unavailable } from '../base/index.ts';
import { decodeAgentMessage, decodeManagerMessage, encodeAgentMessage, encodeManagerMessage } from './codec.ts';
import type { AgentMessage, ManagerMessage } from './messages.ts';
import type { AgentConnection, Connection, ManagerConnection, Transport } from './transport.ts';

/** Messages on their way in one direction. A receiver that falls this far behind is cut off, as a socket's would be. */
export const MAX_QUEUED_MESSAGES = 4096;

/** Runs `deliver` in a later turn, never within the call. The simulator delays and orders here; the default is the next turn. */
export type Schedule = (deliver: () => void) => void;

export interface MemoryPair {
  readonly agent: AgentConnection;
  readonly manager: ManagerConnection;
}

const nextTurn: Schedule = (deliver) => {
  Promise.resolve().then(deliver);
};

/**
 * Two ends of a connection in memory. Every message is encoded by the sender and decoded by the receiver, as on a wire; one that
 * can't be decoded closes the connection. `close` lets what was sent before it arrive, then tells both sides.
 */
export function memoryPair(schedule: Schedule = nextTurn): MemoryPair {
  const agent: End<AgentMessage, ManagerMessage> = new End(encodeAgentMessage, decodeManagerMessage, schedule);
  const manager: End<ManagerMessage, AgentMessage> = new End(encodeManagerMessage, decodeAgentMessage, schedule);
  agent.join(manager);
  manager.join(agent);
  return { agent, manager };
}

/** A transport whose connections all lead to `accept`; while `accept` throws, `connect` rejects with what it threw. */
export function memoryTransport(
  accept: (connection: ManagerConnection) => void,
  schedule: Schedule = nextTurn,
): Transport {
  return {
    connect: (signal) =>
      new Promise((resolve, reject) => {
        schedule(() => {
          if (signal.aborted) {
            reject(new Unavailable('connection-refused', { address: 'memory', cause: signal.reason }));
            return;
          }
          try {
            const pair = memoryPair(schedule);
            accept(pair.manager);
            resolve(pair.agent);
          } catch (cause) {
            reject(
              cause instanceof Refusal ? cause : new Unavailable('connection-refused', { address: 'memory', cause }),
            );
          }
        });
      }),
  };
}

type Item =
  | { readonly kind: 'message'; readonly bytes: Uint8Array }
  | { readonly kind: 'close'; readonly reason: string };

class End<Send, Receive> implements Connection<Send, Receive> {
  readonly #encode: (message: Send) => Uint8Array;
  readonly #decode: (bytes: Uint8Array) => Receive;
  readonly #schedule: Schedule;
  #peer: { receive(item: Item): void } | undefined;
  #inbox: Item[] = [];
  #isPumping = false;
  #isClosed = false;
  #messageListener: ((message: Receive) => void) | undefined;
  #closeListener: ((reason: string) => void) | undefined;
  /** Why it closed; kept for a listener that is set afterwards. */
  #closeReason: string | undefined;

  constructor(encode: (message: Send) => Uint8Array, decode: (bytes: Uint8Array) => Receive, schedule: Schedule) {
    this.#encode = encode;
    this.#decode = decode;
    this.#schedule = schedule;
  }

  join(peer: { receive(item: Item): void }): void {
    this.#peer = peer;
  }

  send(message: Send): void {
    // What is sent on a closed connection is lost, as on a socket: the sender learns of it by onClose.
    if (!this.#isClosed) this.#peer?.receive({ kind: 'message', bytes: this.#encode(message) });
  }

  onMessage(listener: (message: Receive) => void): void {
    assert(this.#messageListener === undefined, 'a connection has one message listener');
    this.#messageListener = listener;
    this.#pump();
  }

  onClose(listener: (reason: string) => void): void {
    assert(this.#closeListener === undefined, 'a connection has one close listener');
    this.#closeListener = listener;
    if (this.#closeReason !== undefined) this.#tellClosed();
  }

  close(reason: string): void {
    if (this.#isClosed) return;
    this.#peer?.receive({ kind: 'close', reason });
    this.#end(reason);
  }

  receive(item: Item): void {
    if (this.#isClosed) return;
    if (item.kind === 'message' && this.#inbox.length >= MAX_QUEUED_MESSAGES) {
      this.close(`${MAX_QUEUED_MESSAGES} messages were waiting: the receiver does not keep up`);
      return;
    }
    this.#inbox.push(item);
    this.#pump();
  }

  #pump(): void {
    if (this.#isPumping || this.#inbox.length === 0 || !this.#canDeliver()) return;
    this.#isPumping = true;
    this.#schedule(() => {
      this.#isPumping = false;
      this.#deliverOne();
      this.#pump();
    });
  }

  /** A close is told even to an end that never listened for messages. */
  #canDeliver(): boolean {
    return this.#messageListener !== undefined || this.#inbox[0]?.kind === 'close';
  }

  #deliverOne(): void {
    const item = this.#inbox.shift();
    if (item === undefined || this.#isClosed) return;
    if (item.kind === 'close') {
      this.#end(item.reason);
      return;
    }
    let message: Receive;
    try {
      message = this.#decode(item.bytes);
    } catch (error) {
      // Nothing after an unreadable message can be trusted to be in step.
      this.close(error instanceof Error ? error.message : String(error));
      return;
    }
    this.#messageListener?.(message);
  }

  #end(reason: string): void {
    this.#isClosed = true;
    this.#inbox = [];
    this.#closeReason = reason;
    if (this.#closeListener !== undefined) this.#tellClosed();
  }

  #tellClosed(): void {
    const listener = this.#closeListener;
    const reason = this.#closeReason ?? '';
    this.#schedule(() => listener?.(reason));
  }
}
