import type { AgentMessage, ManagerMessage } from './messages.ts';

/** One side of an open connection. Messages arrive in order, once, or the connection is closed. */
export interface Connection<Send, Receive> {
  send(message: Send): void;
  /** Set once, before the first turn ends; messages that came earlier are delivered then. */
  onMessage(listener: (message: Receive) => void): void;
  onClose(listener: (reason: string) => void): void;
  close(reason: string): void;
}

export type AgentConnection = Connection<AgentMessage, ManagerMessage>;
export type ManagerConnection = Connection<ManagerMessage, AgentMessage>;

/** How an agent reaches a manager. Rejects with `Unavailable` when none answers. */
export interface Transport {
  connect(signal: AbortSignal): Promise<AgentConnection>;
}
