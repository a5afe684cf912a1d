import { Refusal } from '../base/index.ts';
import { type Disk, type DiskFile, DiskFull } from './disk.ts';
import {
  decodeFileHeader,
  encodeFileHeader,
  encodeFrame,
  FILE_HEADER_BYTES,
  FORMAT_VERSION,
  FRAME_HEADER_BYTES,
  frameBytes,
  frameHeaderAt,
} from './frame.ts';
import { keyId, SEED_BYTES, Sealer, TAG_BYTES } from './seal.ts';

export interface SnapshotMark {
  readonly index: number;
  readonly term: number;
}

// snapshot file: file header (sequence = index) | frame 1: u64 term | frame per chunk | last frame: empty.
// Written under a name of its own and renamed when durable: a snapshot that has its name is whole, or the disk damaged it.
const WRITING_NAME = 'snapshot.tmp';

export function snapshotName(index: number): string {
  return `snapshot-${index.toString(16).padStart(12, '0')}`;
}

export function snapshotIndex(name: string): number | undefined {
  const match = /^snapshot-([0-9a-f]{12})$/.exec(name);
  return match?.[1] === undefined ? undefined : Number.parseInt(match[1], 16);
}

/** Writes a snapshot and makes it and its name durable. Leaves the one before in place. */
export async function writeSnapshotFile(
  disk: Disk,
  options: { mark: SnapshotMark; chunks: AsyncIterable<Uint8Array>; dataKey: Uint8Array; seed: Uint8Array },
): Promise<void> {
  const { mark, chunks, dataKey, seed } = options;
  const file = await disk.open(WRITING_NAME, { create: true });
  try {
    await file.truncate(0);
    const header = { version: FORMAT_VERSION, sequence: mark.index, keyId: keyId(dataKey), seed };
    await file.write(0, encodeFileHeader('RUCHESNP', { ...header, link: new Uint8Array(TAG_BYTES) }));
    const writer = new FrameWriter(file, new Sealer(dataKey, seed, 'snapshot'), seed);
    const term = Buffer.alloc(8);
    term.writeBigUInt64BE(BigInt(mark.term));
    await writer.write(term);
    for await (const chunk of chunks) if (chunk.length > 0) await writer.write(chunk);
    await writer.write(new Uint8Array(0));
    await file.sync('snapshot');
    await file.close();
  } catch (error) {
    await file.close();
    // What there is of it holds the room that the log needs to go on.
    if (error instanceof DiskFull) await disk.remove(WRITING_NAME);
    throw error;
  }
  await disk.rename(WRITING_NAME, snapshotName(mark.index));
  await disk.syncDirectory('snapshot-name');
}

class FrameWriter {
  readonly #file: DiskFile;
  readonly #sealer: Sealer;
  readonly #seed: Uint8Array;
  #offset = FILE_HEADER_BYTES;
  #number = 0;
  #link: Uint8Array;

  constructor(file: DiskFile, sealer: Sealer, seed: Uint8Array) {
    this.#file = file;
    this.#sealer = sealer;
    this.#seed = seed;
    this.#link = seed;
  }

  async write(plain: Uint8Array): Promise<void> {
    this.#number++;
    const sealed = this.#sealer.seal(this.#number, this.#link, [plain]);
    const frame = encodeFrame(this.#seed, this.#number, sealed);
    await this.#file.write(this.#offset, frame);
    this.#offset += frame.length;
    this.#link = sealed.at(-1) ?? this.#link;
  }
}

/** The mark of the newest snapshot, if there is one. Reads its head only; `readSnapshotFile` checks all of it. */
export async function newestSnapshot(disk: Disk, dataKey: Uint8Array): Promise<SnapshotMark | undefined> {
  const indexes = (await disk.list()).flatMap((name) => snapshotIndex(name) ?? []);
  if (indexes.length === 0) return undefined;
  const index = Math.max(...indexes);
  const frames = readFrames(disk, index, dataKey);
  try {
    const { value } = await frames.next();
    if (value === undefined || value.length !== 8)
      throw damagedSnapshot(index, FILE_HEADER_BYTES, 'it has no beginning');
    return { index, term: Number(Buffer.from(value).readBigUInt64BE(0)) };
  } finally {
    await frames.return(undefined);
  }
}

/** The chunks as they were given. Throws `log-damaged` where one is not whole, and when the end is missing. */
export async function* readSnapshotFile(disk: Disk, index: number, dataKey: Uint8Array): AsyncGenerator<Uint8Array> {
  let first = true;
  for await (const frame of readFrames(disk, index, dataKey)) {
    if (!first) yield frame;
    first = false;
  }
}

async function* readFrames(disk: Disk, index: number, dataKey: Uint8Array): AsyncGenerator<Uint8Array, undefined> {
  const name = snapshotName(index);
  const file = await disk.open(name, { create: false });
  try {
    const header = decodeFileHeader('RUCHESNP', await file.read(0, FILE_HEADER_BYTES));
    if (header === undefined || header.sequence !== index)
      throw damagedSnapshot(index, 0, 'its header is not readable');
    if (header.version > FORMAT_VERSION) {
      throw new Refusal('log-newer-format', { file: name, version: header.version, newest: FORMAT_VERSION });
    }
    if (!Buffer.from(header.keyId).equals(keyId(dataKey))) throw new Refusal('log-wrong-key', { file: name });
    const seed = Uint8Array.from(header.seed.subarray(0, SEED_BYTES));
    const sealer = new Sealer(dataKey, seed, 'snapshot');
    let link: Uint8Array = seed;
    let at = FILE_HEADER_BYTES;
    for (let number = 1; ; number++) {
      const frame = frameHeaderAt(await file.read(at, FRAME_HEADER_BYTES), 0, seed);
      if (frame === undefined || frame.number !== number) throw damagedSnapshot(index, at, 'a piece of it is missing');
      const sealed = await file.read(at + FRAME_HEADER_BYTES, frame.length);
      const plain = sealed.length === frame.length ? sealer.open(number, link, sealed) : undefined;
      if (plain === undefined) throw damagedSnapshot(index, at, 'a piece of it is not whole');
      if (plain.length === 0) return undefined;
      yield plain;
      link = sealed.subarray(sealed.length - TAG_BYTES);
      at += frameBytes(frame.length);
    }
  } finally {
    await file.close();
  }
}

function damagedSnapshot(index: number, offset: number, reason: string): Refusal {
  return new Refusal('log-damaged', { file: snapshotName(index), offset, reason });
}
