import { Packr } from 'msgpackr';
import { messageOf, Refusal } from '../base/index.ts';
import type { AgentMessage, ManagerMessage } from './messages.ts';
import { recordOf, type Shape } from './shape.ts';
import { agentMessageShapes, managerMessageShapes } from './shapes.ts';

// message: | u8 format version | msgpack map with `kind` |
// Integers keep their JavaScript type: a number comes back as a number, a bigint (64 bits at most) as a bigint.

const FORMAT_VERSION = 1;

/** One message. Heartbeats wait behind it: 8 MiB take 0.7 s on a 100 Mbit link. About 8000 assigned tasks fit. */
export const MAX_MESSAGE_BYTES = 8 * 1024 * 1024;

// Records (msgpackr's own extension) would tie a message to those before it.
const packr = new Packr({ useRecords: false, encodeUndefinedAsNil: false, copyBuffers: true });

/** The bytes of a message. `Refusal('message-too-large')` when it must be split. */
export function encodeAgentMessage(message: AgentMessage): Uint8Array {
  return encode(message);
}

/** Reads and checks a message: `Refusal` with `message-version`, `message-kind`, `message-malformed` or `message-too-large`. */
export function decodeAgentMessage(bytes: Uint8Array): AgentMessage {
  // The shape of the message's kind was checked field by field.
  return decode(bytes, agentMessageShapes) as AgentMessage;
}

/** As `encodeAgentMessage`, for the other direction. */
export function encodeManagerMessage(message: ManagerMessage): Uint8Array {
  return encode(message);
}

/** As `decodeAgentMessage`, for the other direction. */
export function decodeManagerMessage(bytes: Uint8Array): ManagerMessage {
  // The shape of the message's kind was checked field by field.
  return decode(bytes, managerMessageShapes) as ManagerMessage;
}

function encode(message: AgentMessage | ManagerMessage): Uint8Array {
  const body = packr.pack(withoutUndefined(message));
  const sizeBytes = body.byteLength + 1;
  if (sizeBytes > MAX_MESSAGE_BYTES)
    throw new Refusal('message-too-large', { kind: message.kind, sizeBytes, limitBytes: MAX_MESSAGE_BYTES });
  const bytes = new Uint8Array(sizeBytes);
  bytes[0] = FORMAT_VERSION;
  bytes.set(body, 1);
  return bytes;
}

function decode(bytes: Uint8Array, shapes: Readonly<Record<string, Shape>>): unknown {
  if (bytes.byteLength > MAX_MESSAGE_BYTES)
    throw new Refusal('message-too-large', {
      kind: 'received',
      sizeBytes: bytes.byteLength,
      limitBytes: MAX_MESSAGE_BYTES,
    });
  const version = bytes[0];
  if (version !== FORMAT_VERSION) throw new Refusal('message-version', { version, known: FORMAT_VERSION });
  const message = recordOf(unpack(bytes.subarray(1)), 'message');
  const kind = message.kind;
  const shape = typeof kind === 'string' && Object.hasOwn(shapes, kind) ? shapes[kind] : undefined;
  if (shape === undefined)
    throw new Refusal('message-kind', { kind: typeof kind === 'string' ? kind.slice(0, 40) : typeof kind });
  shape(message, String(kind));
  return message;
}

function unpack(body: Uint8Array): unknown {
  try {
    return packr.unpack(body);
  } catch (cause) {
    throw new Refusal('message-malformed', { at: 'message', problem: `can't be read: ${messageOf(cause)}`, cause });
  }
}

/** A field that is `undefined` is absent: JavaScript tells them apart, the wire must not. */
function withoutUndefined(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value;
  if (Array.isArray(value)) return value.map(withoutUndefined);
  const kept: Record<string, unknown> = {};
  for (const [name, entry] of Object.entries(value)) if (entry !== undefined) kept[name] = withoutUndefined(entry);
  return kept;
}
