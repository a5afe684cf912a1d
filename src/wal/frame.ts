import { createHash } from 'node:crypto';
import { KEY_ID_BYTES, SEED_BYTES, TAG_BYTES } from './seal.ts';

/** The format that is written; readers accept this one and, once there are two, the one before. */
export const FORMAT_VERSION = 1;

// file header:  | 8 magic | u16 version | u16 zero | u32 zero | u64 sequence | 8 key id | 32 seed | 16 link |
//   sequence: the segment's number, or a snapshot's index. link: last tag of the segment before (chain across files), else zeros.
// frame:        | u32 magic | u32 length | u64 number | 8 check | length bytes: ciphertext and 16 tag | zeros up to 8 |
//   check: over seed, number and length, so that a whole header is recognised wherever it stands. Numbers count from 1 in each file.
export const FILE_HEADER_BYTES = 8 + 2 + 2 + 4 + 8 + KEY_ID_BYTES + SEED_BYTES + TAG_BYTES;
export const FRAME_HEADER_BYTES = 24;
const FRAME_ALIGNMENT_BYTES = 8;
const FRAME_MAGIC = 0x52_46_52_31;

/** Larger frames are refused by writer and reader alike: a damaged length must not make the reader take all memory. */
export const MAX_FRAME_BYTES = 16 * 1024 * 1024;

export interface FileHeader {
  readonly version: number;
  readonly sequence: number;
  readonly keyId: Uint8Array;
  readonly seed: Uint8Array;
  readonly link: Uint8Array;
}

export type FileKind = 'RUCHELOG' | 'RUCHESNP';

export function encodeFileHeader(kind: FileKind, header: FileHeader): Uint8Array {
  const bytes = Buffer.alloc(FILE_HEADER_BYTES);
  bytes.write(kind, 0, 'latin1');
  bytes.writeUInt16BE(header.version, 8);
  bytes.writeBigUInt64BE(BigInt(header.sequence), 16);
  bytes.set(header.keyId, 24);
  bytes.set(header.seed, 24 + KEY_ID_BYTES);
  bytes.set(header.link, 24 + KEY_ID_BYTES + SEED_BYTES);
  return bytes;
}

/** `undefined` when this is no header of that kind. */
export function decodeFileHeader(kind: FileKind, raw: Uint8Array): FileHeader | undefined {
  const bytes = Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength);
  if (bytes.length < FILE_HEADER_BYTES || bytes.toString('latin1', 0, 8) !== kind) return undefined;
  const seedAt = 24 + KEY_ID_BYTES;
  return {
    version: bytes.readUInt16BE(8),
    sequence: Number(bytes.readBigUInt64BE(16)),
    keyId: bytes.subarray(24, seedAt),
    seed: bytes.subarray(seedAt, seedAt + SEED_BYTES),
    link: bytes.subarray(seedAt + SEED_BYTES, seedAt + SEED_BYTES + TAG_BYTES),
  };
}

/** Bytes that a frame with this much sealed content takes in the file. */
export function frameBytes(sealedLength: number): number {
  return Math.ceil((FRAME_HEADER_BYTES + sealedLength) / FRAME_ALIGNMENT_BYTES) * FRAME_ALIGNMENT_BYTES;
}

/** A whole frame, padded, ready to write. `sealed` are the parts that `Sealer.seal` returned. */
export function encodeFrame(seed: Uint8Array, number: number, sealed: readonly Uint8Array[]): Uint8Array {
  const length = sealed.reduce((sum, part) => sum + part.length, 0);
  const bytes = Buffer.alloc(frameBytes(length));
  bytes.writeUInt32BE(FRAME_MAGIC, 0);
  bytes.writeUInt32BE(length, 4);
  bytes.writeBigUInt64BE(BigInt(number), 8);
  bytes.set(check(seed, number, length), 16);
  let at = FRAME_HEADER_BYTES;
  for (const part of sealed) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** The header of the frame at `offset`, or `undefined` when there is no whole one. */
export function frameHeaderAt(
  file: Uint8Array,
  offset: number,
  seed: Uint8Array,
): { readonly number: number; readonly length: number } | undefined {
  if (offset + FRAME_HEADER_BYTES > file.length) return undefined;
  const header = Buffer.from(file.buffer, file.byteOffset + offset, FRAME_HEADER_BYTES);
  if (header.readUInt32BE(0) !== FRAME_MAGIC) return undefined;
  const length = header.readUInt32BE(4);
  const number = Number(header.readBigUInt64BE(8));
  if (length > MAX_FRAME_BYTES || !Number.isSafeInteger(number)) return undefined;
  return header.subarray(16, 24).equals(check(seed, number, length)) ? { number, length } : undefined;
}

/** Offset of the first whole frame header after `offset` that belongs to this file, or `undefined`. Reads all that follows. */
export function findLaterFrame(file: Uint8Array, offset: number, seed: Uint8Array): number | undefined {
  const start = Math.ceil((offset + 1) / FRAME_ALIGNMENT_BYTES) * FRAME_ALIGNMENT_BYTES;
  for (let at = start; at + FRAME_HEADER_BYTES <= file.length; at += FRAME_ALIGNMENT_BYTES) {
    if (frameHeaderAt(file, at, seed) !== undefined) return at;
  }
  return undefined;
}

function check(seed: Uint8Array, number: number, length: number): Uint8Array {
  const fields = Buffer.alloc(12);
  fields.writeBigUInt64BE(BigInt(number), 0);
  fields.writeUInt32BE(length, 8);
  return createHash('sha256').update(seed).update(fields).digest().subarray(0, 8);
}
