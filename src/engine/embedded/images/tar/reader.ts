import { Refusal } from '../../../../base/index.ts';
import { ByteReader } from './byte-reader.ts';
import { BLOCK_BYTES, decodeHeader, type RawHeader, type TarHeader, type TarKind } from './header.ts';
import { decodePax, XATTR_PREFIX } from './pax.ts';

/** Names and attributes of one member; Linux allows 64 KiB for one attribute, so that this holds many. */
const MAX_EXTENDED_HEADER_BYTES = 1024 * 1024;
/** Headers about headers before one member: a pax header, a global one, two GNU long names, and some to spare. */
const MAX_HEADERS_AHEAD = 16;
/** Body pieces handed out at once. */
const BODY_PIECE_BYTES = 256 * 1024;
/** The largest user or group id of Linux; the one above means "none". */
const MAX_ID = 2 ** 32 - 2;
/** Linux has 12 bits for a device's major and 20 for its minor number. */
const MAX_DEVICE_MAJOR = 2 ** 12 - 1;
const MAX_DEVICE_MINOR = 2 ** 20 - 1;
/** 2242: what an octal field holds. Times outside it become 1970, as with Docker. */
const MAX_MODIFIED_AT = 0o77777777777;

/** A member of an archive; what is left of its body is skipped when the next one is asked for. */
export interface TarEntry {
  readonly header: TarHeader;
  body(): AsyncGenerator<Buffer>;
}

const KINDS: Readonly<Record<string, TarKind>> = {
  '\0': 'file',
  '0': 'file',
  '7': 'file',
  '1': 'hardLink',
  '2': 'symlink',
  '3': 'characterDevice',
  '4': 'blockDevice',
  '5': 'directory',
  '6': 'fifo',
};

/**
 * The members of a tar archive in order: ustar, pax, GNU, star and v7 headers. The source is read to its end, also past the
 * archive's, so that a digest taken on the way covers everything. Sparse files are refused by name.
 */
export async function* readTar(source: AsyncIterable<Buffer>): AsyncGenerator<TarEntry> {
  const bytes = new ByteReader(source);
  try {
    for (let next = await nextMember(bytes); next !== undefined; next = await nextMember(bytes)) {
      const { header, bodyBytes } = next;
      const body = new Body(bytes, bodyBytes);
      yield { header, body: () => body.read() };
      await body.skip();
    }
    await bytes.drain();
  } finally {
    await bytes.close();
  }
}

class Body {
  readonly #bytes: ByteReader;
  #left: number;
  #padding: number;

  constructor(bytes: ByteReader, sizeBytes: number) {
    this.#bytes = bytes;
    this.#left = sizeBytes;
    this.#padding = (BLOCK_BYTES - (sizeBytes % BLOCK_BYTES)) % BLOCK_BYTES;
  }

  async *read(): AsyncGenerator<Buffer> {
    while (this.#left > 0) {
      const piece = await this.#bytes.some(Math.min(this.#left, BODY_PIECE_BYTES));
      if (piece.length === 0) throw cutShort();
      this.#left -= piece.length;
      yield piece;
    }
  }

  async skip(): Promise<void> {
    while (this.#left > 0) {
      const piece = await this.#bytes.some(this.#left);
      if (piece.length === 0) throw cutShort();
      this.#left -= piece.length;
    }
    await exactly(this.#bytes, this.#padding);
    this.#padding = 0;
  }
}

interface Ahead {
  readonly records: Map<string, string>;
  longName?: string;
  longLinkName?: string;
}

interface NextMember {
  readonly header: TarHeader;
  /** More than the header's size where an old writer gave a body to what is no file by its name. */
  readonly bodyBytes: number;
}

async function nextMember(bytes: ByteReader): Promise<NextMember | undefined> {
  const ahead: Ahead = { records: new Map() };
  for (let count = 0; count <= MAX_HEADERS_AHEAD; count++) {
    const block = await bytes.take(BLOCK_BYTES);
    if (block.length === 0 && count === 0) return undefined;
    if (block.length < BLOCK_BYTES) throw cutShort();
    const raw = decodeHeader(block);
    if (raw === undefined) return undefined;
    if (await readAhead(bytes, raw, ahead)) continue;
    const hasBody = KINDS[raw.type] === 'file';
    const bodyBytes = hasBody ? natural(ahead.records.get('size'), raw.sizeBytes) : 0;
    return { header: combine(raw, bodyBytes, ahead), bodyBytes };
  }
  throw new Refusal('image-archive-invalid', { why: 'too many extended headers before one entry' });
}

/** Whether the block was a header about the next member. */
async function readAhead(bytes: ByteReader, raw: RawHeader, ahead: Ahead): Promise<boolean> {
  if (!'xgLK'.includes(raw.type)) return false;
  if (raw.sizeBytes > MAX_EXTENDED_HEADER_BYTES) {
    throw new Refusal('image-archive-invalid', {
      why: `an extended header is larger than ${MAX_EXTENDED_HEADER_BYTES} bytes`,
    });
  }
  const body = await exactly(bytes, raw.sizeBytes);
  await exactly(bytes, (BLOCK_BYTES - (raw.sizeBytes % BLOCK_BYTES)) % BLOCK_BYTES);
  if (raw.type === 'x') for (const [key, value] of decodePax(body)) ahead.records.set(key, value);
  if (raw.type === 'L') ahead.longName = body.toString('latin1').replace(/\0.*$/s, '');
  if (raw.type === 'K') ahead.longLinkName = body.toString('latin1').replace(/\0.*$/s, '');
  // Global headers ('g') are comments of git and the like; Docker doesn't apply them either.
  return true;
}

function combine(raw: RawHeader, bodyBytes: number, { records, longName, longLinkName }: Ahead): TarHeader {
  const name = records.get('path') || longName || raw.name;
  const kind = (raw.type === '0' || raw.type === '\0') && name.endsWith('/') ? 'directory' : KINDS[raw.type];
  const isSparse = raw.type === 'S' || [...records.keys()].some((key) => key.startsWith('GNU.sparse.'));
  if (kind === undefined || isSparse) {
    const what = isSparse ? 'a sparse file' : `of the unknown type ${JSON.stringify(raw.type)}`;
    throw new Refusal('image-archive-invalid', { why: `the entry ${JSON.stringify(name)} is ${what}` });
  }
  if (raw.deviceMajor > MAX_DEVICE_MAJOR || raw.deviceMinor > MAX_DEVICE_MINOR) {
    throw new Refusal('image-archive-invalid', {
      why: `the entry ${JSON.stringify(name)} has a device number too large`,
    });
  }
  return {
    name,
    kind,
    mode: raw.mode,
    uid: idOf(records.get('uid'), raw.uid),
    gid: idOf(records.get('gid'), raw.gid),
    sizeBytes: kind === 'file' ? bodyBytes : 0,
    modifiedAt: timeOf(records.get('mtime'), raw.modifiedAt),
    linkName: records.get('linkpath') || longLinkName || raw.linkName,
    deviceMajor: raw.deviceMajor,
    deviceMinor: raw.deviceMinor,
    xattrs: xattrsOf(records),
  };
}

function xattrsOf(records: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  const xattrs = new Map<string, string>();
  for (const [key, value] of records) {
    if (key.startsWith(XATTR_PREFIX)) xattrs.set(key.slice(XATTR_PREFIX.length), value);
  }
  return xattrs;
}

function timeOf(record: string | undefined, fallback: number): string {
  const text = record !== undefined && /^\d{1,11}(\.\d{1,9})?$/.test(record) ? record : String(fallback);
  return Number(text) >= 0 && Number(text) <= MAX_MODIFIED_AT ? text : '0';
}

function idOf(record: string | undefined, fallback: number): number {
  const id = natural(record, fallback);
  if (id > MAX_ID) throw new Refusal('image-archive-invalid', { why: `the user or group id ${id} is too large` });
  return id;
}

function natural(record: string | undefined, fallback: number): number {
  if (record === undefined || record === '') return fallback;
  const value = /^\d{1,16}$/.test(record) ? Number(record) : Number.NaN;
  if (!Number.isSafeInteger(value))
    throw new Refusal('image-archive-invalid', { why: 'a pax header has a broken number' });
  return value;
}

async function exactly(bytes: ByteReader, length: number): Promise<Buffer> {
  const taken = await bytes.take(length);
  if (taken.length < length) throw cutShort();
  return taken;
}

function cutShort(): Refusal {
  return new Refusal('image-archive-invalid', { why: 'unexpected EOF' });
}
