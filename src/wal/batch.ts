import type { HardState, LogRecord } from './log-file.ts';

/** What one write and sync makes durable together. */
export interface Batch {
  readonly records: readonly LogRecord[];
  readonly hardState: HardState | undefined;
}

// batch: | u8 has hard state | [ u64 term | u64 commit | u16 length | vote ] | u32 records | { u64 index | u64 term | u32 length | bytes }* |
const RECORD_HEADER_BYTES = 20;

/** Bytes that a record takes in a batch. */
export function recordBytes(record: LogRecord): number {
  return RECORD_HEADER_BYTES + record.bytes.length;
}

/** The batch as parts to seal one after the other; record bodies are not copied. */
export function encodeBatch(batch: Batch): Uint8Array[] {
  const parts: Uint8Array[] = [encodeHardState(batch.hardState), u32(batch.records.length)];
  for (const record of batch.records) {
    const header = Buffer.alloc(RECORD_HEADER_BYTES);
    header.writeBigUInt64BE(BigInt(record.index), 0);
    header.writeBigUInt64BE(BigInt(record.term), 8);
    header.writeUInt32BE(record.bytes.length, 16);
    parts.push(header, record.bytes);
  }
  return parts;
}

/** The inverse; the bytes were authenticated, so a wrong shape is a bug and throws. */
export function decodeBatch(plain: Uint8Array): Batch {
  const bytes = Buffer.from(plain.buffer, plain.byteOffset, plain.byteLength);
  let at = 1;
  let hardState: HardState | undefined;
  if (bytes.readUInt8(0) === 1) {
    const voteLength = bytes.readUInt16BE(17);
    hardState = {
      term: Number(bytes.readBigUInt64BE(1)),
      commit: Number(bytes.readBigUInt64BE(9)),
      vote: bytes.toString('utf8', 19, 19 + voteLength),
    };
    at = 19 + voteLength;
  }
  const count = bytes.readUInt32BE(at);
  at += 4;
  const records: LogRecord[] = [];
  for (let i = 0; i < count; i++) {
    const length = bytes.readUInt32BE(at + 16);
    const body = at + RECORD_HEADER_BYTES;
    records.push({
      index: Number(bytes.readBigUInt64BE(at)),
      term: Number(bytes.readBigUInt64BE(at + 8)),
      bytes: bytes.subarray(body, body + length),
    });
    at = body + length;
  }
  return { records, hardState };
}

function encodeHardState(hardState: HardState | undefined): Uint8Array {
  if (hardState === undefined) return Uint8Array.of(0);
  const vote = Buffer.from(hardState.vote, 'utf8');
  const bytes = Buffer.alloc(19 + vote.length);
  bytes.writeUInt8(1, 0);
  bytes.writeBigUInt64BE(BigInt(hardState.term), 1);
  bytes.writeBigUInt64BE(BigInt(hardState.commit), 9);
  bytes.writeUInt16BE(vote.length, 17);
  bytes.set(vote, 19);
  return bytes;
}

function u32(value: number): Uint8Array {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value, 0);
  return bytes;
}
