/**
 * What machines say to each other, and how it travels: messages, their codec, connections.
 * Every message passes its codec, also in memory. Formats carry a version from the first byte.
 */
export type { AgentMessage, AssignedTask, Assignments, Fence, ManagerMessage } from './messages.ts';
export type { AgentConnection, Connection, ManagerConnection, Transport } from './transport.ts';
