import { assert } from '../../../../base/index.ts';
import { BARE_HEADER, BLOCK_BYTES, type TarHeader, type TarKind } from './header.ts';
import { encodePax, XATTR_PREFIX } from './pax.ts';

const TYPE_FLAGS: Readonly<Record<TarKind, string>> = {
  file: '0',
  hardLink: '1',
  symlink: '2',
  characterDevice: '3',
  blockDevice: '4',
  directory: '5',
  fifo: '6',
};

const MAX_NAME_BYTES = 100;
/** Largest numbers that fit the octal fields of 8 and 12 bytes. */
const MAX_OCTAL_8 = 0o7777777;
const MAX_OCTAL_12 = 0o77777777777;
/** Two blocks of zeros. */
export const END_OF_ARCHIVE: Buffer = Buffer.alloc(2 * BLOCK_BYTES);

/** The blocks that announce a member; what ustar can't hold goes ahead in a pax header. */
export function encodeHeader(header: TarHeader): Buffer {
  const records = new Map<string, string>();
  if (header.name.length > MAX_NAME_BYTES) records.set('path', header.name);
  if (header.linkName.length > MAX_NAME_BYTES) records.set('linkpath', header.linkName);
  if (header.uid > MAX_OCTAL_8) records.set('uid', String(header.uid));
  if (header.gid > MAX_OCTAL_8) records.set('gid', String(header.gid));
  if (header.sizeBytes > MAX_OCTAL_12) records.set('size', String(header.sizeBytes));
  if (header.modifiedAt.includes('.')) records.set('mtime', header.modifiedAt);
  for (const [name, value] of header.xattrs) records.set(XATTR_PREFIX + name, value);
  const block = ustar(header, TYPE_FLAGS[header.kind]);
  if (records.size === 0) return block;
  const body = encodePax(records);
  const ahead: TarHeader = { ...BARE_HEADER, name: 'PaxHeader', sizeBytes: body.length };
  return Buffer.concat([ustar(ahead, 'x'), body, padding(body.length), block]);
}

/** Zeros up to the next block after a body of this size. */
export function padding(sizeBytes: number): Buffer {
  return END_OF_ARCHIVE.subarray(0, (BLOCK_BYTES - (sizeBytes % BLOCK_BYTES)) % BLOCK_BYTES);
}

function ustar(header: TarHeader, type: string): Buffer {
  const block = Buffer.alloc(BLOCK_BYTES);
  block.write(header.name.slice(0, MAX_NAME_BYTES), 0, 'latin1');
  octal(block, 100, 8, header.mode);
  octal(block, 108, 8, Math.min(header.uid, MAX_OCTAL_8));
  octal(block, 116, 8, Math.min(header.gid, MAX_OCTAL_8));
  octal(block, 124, 12, Math.min(header.sizeBytes, MAX_OCTAL_12));
  octal(block, 136, 12, Math.floor(Number(header.modifiedAt)));
  block.write(type, 156, 'latin1');
  block.write(header.linkName.slice(0, MAX_NAME_BYTES), 157, 'latin1');
  block.write('ustar\x0000', 257, 'latin1');
  octal(block, 329, 8, header.deviceMajor);
  octal(block, 337, 8, header.deviceMinor);
  block.fill(0x20, 148, 156);
  const checksum = block.reduce((sum, byte) => sum + byte, 0);
  block.write(`${checksum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return block;
}

function octal(block: Buffer, start: number, length: number, value: number): void {
  const digits = value.toString(8).padStart(length - 1, '0');
  assert(Number.isInteger(value) && digits.length < length, 'a number must fit its tar field', { value, length });
  block.write(digits, start, 'latin1');
}
