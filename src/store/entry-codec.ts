import { assert, messageOf, Refusal } from '../base/index.ts';
import { type Change, type Entry, MAX_CHANGES, type Precondition, type Transaction } from './change.ts';
import { packer } from './packer.ts';
import { idOf } from './tables.ts';

// entry: | u8 format version | u32 epoch | f64 store time, ms | u32 transactions | transaction … |     big-endian
// transaction: | u32 length | msgpack [preconditions, changes] |

const FORMAT_VERSION = 1;
const HEADER_BYTES = 17;
const LENGTH_BYTES = 4;

/** One entry; larger ones delay heartbeats on a 100 Mbit link by more than a tick. The largest secret or config fits. */
export const MAX_ENTRY_BYTES = 1_500_000;

/** Most bytes of an encoded transaction, so that an entry can hold it. */
export const MAX_TRANSACTION_BYTES = MAX_ENTRY_BYTES - HEADER_BYTES - LENGTH_BYTES;

/** What all transactions of an entry share. */
export type EntryHeader = Pick<Entry, 'epoch' | 'storeTime'>;

/**
 * One transaction in its encoded form; entries are made of these, so that each is encoded once and its size is known before it is
 * put with others. `Refusal('transaction-too-large')` beyond `MAX_TRANSACTION_BYTES` or `MAX_CHANGES`.
 */
export function encodeTransaction({ preconditions, changes }: Transaction): Uint8Array {
  if (changes.length > MAX_CHANGES) {
    throw new Refusal('transaction-too-large', { size: `${changes.length} changes`, limit: `${MAX_CHANGES} changes` });
  }
  const body = packer.pack([preconditions, changes]);
  if (body.length > MAX_TRANSACTION_BYTES) {
    throw new Refusal('transaction-too-large', {
      size: `${body.length} bytes`,
      limit: `${MAX_TRANSACTION_BYTES} bytes`,
    });
  }
  return new Uint8Array(body);
}

/** Bytes that an encoded transaction takes in an entry. */
export function sizeInEntry(transaction: Uint8Array): number {
  return transaction.length + LENGTH_BYTES;
}

/** An entry of encoded transactions. The caller keeps it within `MAX_ENTRY_BYTES`. */
export function joinEntry(header: EntryHeader, transactions: readonly Uint8Array[]): Uint8Array {
  let size = HEADER_BYTES;
  for (const transaction of transactions) size += sizeInEntry(transaction);
  assert(size <= MAX_ENTRY_BYTES, 'an entry keeps its limit', { size });
  const bytes = new Uint8Array(size);
  const fields = new DataView(bytes.buffer);
  fields.setUint8(0, FORMAT_VERSION);
  fields.setUint32(1, header.epoch);
  fields.setFloat64(5, header.storeTime);
  fields.setUint32(13, transactions.length);
  let at = HEADER_BYTES;
  for (const transaction of transactions) {
    fields.setUint32(at, transaction.length);
    bytes.set(transaction, at + LENGTH_BYTES);
    at += sizeInEntry(transaction);
  }
  return bytes;
}

export function encodeEntry(entry: Entry): Uint8Array {
  return joinEntry(entry, entry.transactions.map(encodeTransaction));
}

/** Reads an entry. Throws `entry-version` or `entry-damaged`: the daemon can't go on then. */
export function decodeEntry(bytes: Uint8Array): Entry {
  const version = bytes[0];
  if (version !== FORMAT_VERSION) throw new Refusal('entry-version', { version, known: FORMAT_VERSION });
  if (bytes.length < HEADER_BYTES) throw damaged('its header is cut');
  const fields = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const count = fields.getUint32(13);
  const transactions: Transaction[] = [];
  let at = HEADER_BYTES;
  for (let number = 0; number < count; number++) {
    if (at + LENGTH_BYTES > bytes.length) throw damaged('a transaction is missing');
    const length = fields.getUint32(at);
    const body = bytes.subarray(at + LENGTH_BYTES, at + LENGTH_BYTES + length);
    if (body.length !== length) throw damaged('a transaction is cut');
    transactions.push(decodeTransaction(body));
    at += sizeInEntry(body);
  }
  if (at !== bytes.length) throw damaged('it goes on after its end');
  return { version: 1, epoch: fields.getUint32(1), storeTime: fields.getFloat64(5), transactions };
}

function decodeTransaction(body: Uint8Array): Transaction {
  let value: unknown;
  try {
    value = packer.unpack(body);
  } catch (cause) {
    throw damaged(messageOf(cause), cause);
  }
  if (!Array.isArray(value) || !Array.isArray(value[0]) || !Array.isArray(value[1])) throw damaged('no transaction');
  // Written by `encodeTransaction` and sealed by the log: what its checksum lets through is what was written.
  return { preconditions: value[0] as Precondition[], changes: value[1] as Change[] };
}

function damaged(problem: string, cause?: unknown): Refusal {
  return new Refusal('entry-damaged', { problem, ...(cause === undefined ? {} : { cause }) });
}

/**
 * Cuts a transaction whose changes need not be applied together into such that keep `MAX_CHANGES`. A precondition goes with the
 * change of the object that it names, or with all parts when no change does.
 */
export function splitTransaction({ preconditions, changes }: Transaction, limit = MAX_CHANGES): readonly Transaction[] {
  if (changes.length <= limit) return [{ preconditions, changes }];
  const partOf = new Map<string, number>();
  const parts: { preconditions: Precondition[]; changes: Change[] }[] = [];
  for (const [place, change] of changes.entries()) {
    const part = Math.floor(place / limit);
    parts[part] ??= { preconditions: [], changes: [] };
    parts[part].changes.push(change);
    partOf.set(`${change.table}/${change.kind === 'put' ? idOf(change.object) : change.id}`, part);
  }
  for (const precondition of preconditions) {
    const part = 'id' in precondition ? partOf.get(`${precondition.table}/${precondition.id}`) : undefined;
    for (const [number, one] of parts.entries()) {
      if (part === undefined || part === number) one.preconditions.push(precondition);
    }
  }
  return parts;
}
