/**
 * What machines say to each other, and how it travels: messages, their codec, connections.
 * Every message passes its codec, also in memory. Formats carry a version from the first byte.
 */
export {
  decodeAgentMessage,
  decodeManagerMessage,
  encodeAgentMessage,
  encodeManagerMessage,
  MAX_MESSAGE_BYTES,
} from './codec.ts';
export { MAX_QUEUED_MESSAGES, type MemoryPair, memoryPair, memoryTransport, type Schedule } from './memory.ts';
export type { AgentMessage, AssignedTask, Assignments, Fence, ManagerMessage } from './messages.ts';
export type { AgentConnection, Connection, ManagerConnection, Transport } from './transport.ts';
