import { crc32 } from 'node:zlib';
import { Packr } from 'msgpackr';
import { messageOf, Refusal } from '../base/index.ts';
import type { NodeId, TaskStatus, TaskTemplate } from '../model/index.ts';
import type { AssignedTask, Fence } from '../rpc/index.ts';
import type { AgentStateStorage } from './ports.ts';

// file: | "RUAG" | u8 format version | u32 CRC-32 of the body, big endian | msgpack body |

const MAGIC = [0x52, 0x55, 0x41, 0x47];
const FORMAT_VERSION = 1;
const HEADER_BYTES = 9;

const packr = new Packr({ useRecords: false, copyBuffers: true });

export interface TaskRecord {
  readonly assigned: AssignedTask;
  /** The agent's own last status; absent until it has one. */
  readonly status?: TaskStatus;
  /** A manager has confirmed that status. */
  readonly isAcknowledged: boolean;
}

/**
 * What the agent remembers across restarts: about 1 kB a task, written whole. At 2000 tasks a write takes about 10 ms of the
 * machine's time; beyond, it wants a log. Registry credentials are left out: no secret reaches this file.
 */
export interface AgentRecord {
  readonly nodeId: NodeId;
  /** The machine's boot in which it was written; another one means that every container has died. */
  readonly bootId: string;
  readonly fence?: Fence;
  readonly tasks: readonly TaskRecord[];
  readonly templates: readonly TaskTemplate[];
}

/** The record as the file holds it. */
export function encodeRecord(record: AgentRecord): Uint8Array {
  const templates = record.templates.map(({ Credentials: _secret, ...template }) => template);
  const body = packr.pack({ ...record, templates });
  const bytes = new Uint8Array(HEADER_BYTES + body.length);
  bytes.set(MAGIC);
  bytes[4] = FORMAT_VERSION;
  new DataView(bytes.buffer).setUint32(5, crc32(body));
  bytes.set(body, HEADER_BYTES);
  return bytes;
}

/** Reads a file; `Refusal` with `agent-state-version` or `agent-state-damaged` when it can't be trusted. */
export function decodeRecord(bytes: Uint8Array): AgentRecord {
  if (bytes.length < HEADER_BYTES || MAGIC.some((byte, at) => bytes[at] !== byte))
    throw new Refusal('agent-state-damaged', { problem: 'it does not begin as one' });
  if (bytes[4] !== FORMAT_VERSION) throw new Refusal('agent-state-version', { version: bytes[4] });
  const body = bytes.subarray(HEADER_BYTES);
  const sum = new DataView(bytes.buffer, bytes.byteOffset).getUint32(5);
  if (crc32(body) !== sum) throw new Refusal('agent-state-damaged', { problem: 'its checksum is wrong' });
  try {
    // The checksum vouches that this agent wrote it, in this version's shape.
    return packr.unpack(body) as AgentRecord;
  } catch (cause) {
    throw new Refusal('agent-state-damaged', { problem: messageOf(cause), cause });
  }
}

/** The last record written, if there is one. */
export async function readRecord(storage: AgentStateStorage): Promise<AgentRecord | undefined> {
  const bytes = await storage.read();
  return bytes === undefined || bytes.length === 0 ? undefined : decodeRecord(bytes);
}

/** A storage that forgets with the process, for tests and the simulator. */
export function memoryStateStorage(): AgentStateStorage {
  let content: Uint8Array | undefined;
  return {
    read: () => Promise.resolve(content),
    replace: (bytes) => {
      content = Uint8Array.from(bytes);
      return Promise.resolve();
    },
  };
}
