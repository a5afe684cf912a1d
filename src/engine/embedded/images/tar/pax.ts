import { Refusal } from '../../../../base/index.ts';

/** Prefix of the records that carry extended attributes, written by all tars since star. */
export const XATTR_PREFIX = 'SCHILY.xattr.';

/**
 * Reads the records of a pax extended header, `length key=value\n` each, where length counts the whole record. Texts are latin1.
 * Source: POSIX.1-2017, pax, "pax Extended Header".
 */
export function decodePax(bytes: Buffer): Map<string, string> {
  const records = new Map<string, string>();
  let at = 0;
  while (at < bytes.length) {
    const space = bytes.indexOf(0x20, at);
    const digits = space === -1 ? '' : bytes.toString('latin1', at, space);
    const length = /^[1-9][0-9]{0,9}$/.test(digits) ? Number(digits) : 0;
    const end = at + length;
    const equals = bytes.indexOf(0x3d, space);
    if (length === 0 || end > bytes.length || bytes[end - 1] !== 0x0a || equals === -1 || equals >= end) {
      throw new Refusal('image-archive-invalid', { why: 'a pax header has a broken record' });
    }
    records.set(bytes.toString('latin1', space + 1, equals), bytes.toString('latin1', equals + 1, end - 1));
    at = end;
  }
  return records;
}

/** Writes records in the same form. */
export function encodePax(records: ReadonlyMap<string, string>): Buffer {
  return Buffer.from([...records].map(([key, value]) => record(key, value)).join(''), 'latin1');
}

function record(key: string, value: string): string {
  const rest = ` ${key}=${value}\n`;
  let length = rest.length + String(rest.length).length;
  if (String(length).length > String(rest.length).length) length = rest.length + String(length).length;
  return length + rest;
}
