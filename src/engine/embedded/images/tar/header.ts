import { Refusal } from '../../../../base/index.ts';

/** Tar works in blocks of this many bytes. */
export const BLOCK_BYTES = 512;

export type TarKind = 'file' | 'hardLink' | 'symlink' | 'characterDevice' | 'blockDevice' | 'directory' | 'fifo';

/** One member of an archive. All texts are latin1, one character per byte, so that names and attributes survive unchanged. */
export interface TarHeader {
  readonly name: string;
  readonly kind: TarKind;
  /** Permission bits with setuid, setgid and sticky: 0 … 0o7777. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Bytes that follow; 0 for all but files. */
  readonly sizeBytes: number;
  /** Seconds since 1970 as decimal text, with a fraction if the archive has one. */
  readonly modifiedAt: string;
  readonly linkName: string;
  readonly deviceMajor: number;
  readonly deviceMinor: number;
  /** Extended attributes by name. */
  readonly xattrs: ReadonlyMap<string, string>;
}

/** An empty file of root's, to begin a header from. */
export const BARE_HEADER: TarHeader = {
  name: '',
  kind: 'file',
  mode: 0o644,
  uid: 0,
  gid: 0,
  sizeBytes: 0,
  modifiedAt: '0',
  linkName: '',
  deviceMajor: 0,
  deviceMinor: 0,
  xattrs: new Map(),
};

/** A header block as it stands, before the records ahead of it are applied. */
export interface RawHeader {
  readonly name: string;
  readonly type: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly sizeBytes: number;
  readonly modifiedAt: number;
  readonly linkName: string;
  readonly deviceMajor: number;
  readonly deviceMinor: number;
}

// block: | name 100 | mode 8 | uid 8 | gid 8 | size 12 | mtime 12 | checksum 8 | type 1 | linkname 100 | magic 8 |
//        | uname 32 | gname 32 | devmajor 8 | devminor 8 | prefix 155 |     POSIX.1-1988 ustar; GNU and v7 differ after linkname
const CHECKSUM_OFFSET = 148;
const CHECKSUM_BYTES = 8;

/** Reads one block; `undefined` for a block of zeros, which ends an archive. */
export function decodeHeader(block: Buffer): RawHeader | undefined {
  if (isZero(block)) return undefined;
  if (!hasValidChecksum(block))
    throw new Refusal('image-archive-invalid', { why: 'a tar header has a wrong checksum' });
  const magic = block.toString('latin1', 257, 263);
  const isUstar = magic === 'ustar\0';
  const hasDevices = isUstar || magic === 'ustar ';
  const isStar = isUstar && block.toString('latin1', 508, 512) === 'tar\0';
  const prefix = isUstar ? text(block, 345, isStar ? 131 : 155) : '';
  const name = text(block, 0, 100);
  return {
    name: prefix === '' ? name : `${prefix}/${name}`,
    type: block.toString('latin1', 156, 157),
    mode: number(block, 100, 8) & 0o7777,
    uid: natural(block, 108, 8),
    gid: natural(block, 116, 8),
    sizeBytes: natural(block, 124, 12),
    modifiedAt: number(block, 136, 12),
    linkName: text(block, 157, 100),
    deviceMajor: hasDevices ? natural(block, 329, 8) : 0,
    deviceMinor: hasDevices ? natural(block, 337, 8) : 0,
  };
}

function isZero(block: Buffer): boolean {
  return block.every((byte) => byte === 0);
}

/** The sum over the block with the field itself as spaces; some old writers added bytes as signed. */
function hasValidChecksum(block: Buffer): boolean {
  const stated = number(block, CHECKSUM_OFFSET, CHECKSUM_BYTES);
  let unsigned = 0;
  let signed = 0;
  for (let at = 0; at < BLOCK_BYTES; at++) {
    const isField = at >= CHECKSUM_OFFSET && at < CHECKSUM_OFFSET + CHECKSUM_BYTES;
    const byte = isField ? 0x20 : (block[at] ?? 0);
    unsigned += byte;
    signed += byte > 127 ? byte - 256 : byte;
  }
  return stated === unsigned || stated === signed;
}

function text(block: Buffer, start: number, length: number): string {
  const end = block.indexOf(0, start);
  return block.toString('latin1', start, end === -1 || end > start + length ? start + length : end);
}

function natural(block: Buffer, start: number, length: number): number {
  const value = number(block, start, length);
  if (value < 0) throw new Refusal('image-archive-invalid', { why: 'a tar header has a negative number' });
  return value;
}

/** Octal digits, or GNU's base 256 when the first bit is set. */
function number(block: Buffer, start: number, length: number): number {
  const first = block[start] ?? 0;
  if ((first & 0x80) !== 0) return base256(block, start, length);
  const digits = block.toString('latin1', start, start + length).replace(/^[ \0]+|[ \0].*$/gs, '');
  if (digits === '') return 0;
  if (!/^[0-7]+$/.test(digits)) throw new Refusal('image-archive-invalid', { why: 'a tar header has a broken number' });
  return Number.parseInt(digits, 8);
}

function base256(block: Buffer, start: number, length: number): number {
  const isNegative = ((block[start] ?? 0) & 0x40) !== 0;
  let value = BigInt(isNegative ? -1 : 0);
  for (let at = start; at < start + length; at++) {
    const byte = BigInt(block[at] ?? 0);
    value = at === start ? (isNegative ? (value << 7n) | (byte & 0x7fn) : byte & 0x3fn) : (value << 8n) | byte;
  }
  const result = Number(value);
  if (!Number.isSafeInteger(result))
    throw new Refusal('image-archive-invalid', { why: 'a tar header has a number too large' });
  return result;
}
