import type { Disk, DiskFile } from './disk.ts';
import { encodeFileHeader, encodeFrame, FILE_HEADER_BYTES, FORMAT_VERSION, frameBytes } from './frame.ts';
import { keyId, Sealer, TAG_BYTES } from './seal.ts';

/** A segment is replaced by a new one once it holds this much: small enough to drop soon after a snapshot. */
export const SEGMENT_BYTES = 8 * 1024 * 1024;

/** Names sort in log order. */
export function segmentName(sequence: number): string {
  return `log-${sequence.toString(16).padStart(12, '0')}`;
}

export function segmentSequence(name: string): number | undefined {
  const match = /^log-([0-9a-f]{12})$/.exec(name);
  return match?.[1] === undefined ? undefined : Number.parseInt(match[1], 16);
}

/** A file that waits to become the next segment, already filled with zeros. */
const SPARE_NAME = 'spare.tmp';

/** Fills the spare while the current segment is in use, so that the next one begins without writing megabytes first. */
export async function prepareSpare(disk: Disk, segmentBytes: number): Promise<void> {
  const file = await disk.open(SPARE_NAME, { create: true });
  try {
    await file.preallocate(segmentBytes);
  } finally {
    await file.close();
  }
}

/** The segment that is being written: appends sealed frames one after the other. */
export class SegmentWriter {
  readonly sequence: number;
  readonly #file: DiskFile;
  readonly #sealer: Sealer;
  readonly #seed: Uint8Array;
  readonly #segmentBytes: number;
  #offset = FILE_HEADER_BYTES;
  #frames = 0;
  #link: Uint8Array;
  /** Highest record index that this segment holds; what decides whether it may be dropped. */
  lastIndex = 0;

  private constructor(
    file: DiskFile,
    made: { sequence: number; segmentBytes: number; seed: Uint8Array; sealer: Sealer },
  ) {
    this.#file = file;
    this.sequence = made.sequence;
    this.#segmentBytes = made.segmentBytes;
    this.#seed = made.seed;
    this.#sealer = made.sealer;
    this.#link = made.seed;
  }

  /**
   * Makes the next segment and its name durable. `previousLink` is the last tag of the segment before (zeros for the first).
   * Throws `DiskFull` and leaves nothing behind when there is no room.
   */
  static async create(
    disk: Disk,
    options: {
      sequence: number;
      dataKey: Uint8Array;
      seed: Uint8Array;
      previousLink: Uint8Array;
      segmentBytes: number;
    },
  ): Promise<SegmentWriter> {
    const { sequence, dataKey, seed, previousLink, segmentBytes } = options;
    const file = await disk.open(SPARE_NAME, { create: true });
    try {
      if ((await file.size()) < segmentBytes) await file.preallocate(segmentBytes);
      const header = { version: FORMAT_VERSION, sequence, keyId: keyId(dataKey), seed, link: previousLink };
      await file.write(0, encodeFileHeader('RUCHELOG', header));
      // A name without a whole header would read as damage.
      await file.sync('segment');
      await disk.rename(SPARE_NAME, segmentName(sequence));
    } catch (error) {
      await file.close();
      throw error;
    }
    await disk.syncDirectory('segment-name');
    return new SegmentWriter(file, { sequence, segmentBytes, seed, sealer: new Sealer(dataKey, seed, 'log') });
  }

  /** The tag of the last frame: what the next segment's header repeats. */
  get link(): Uint8Array {
    return this.#frames === 0 ? this.#seed.subarray(0, TAG_BYTES) : this.#link;
  }

  hasRoomFor(plainBytes: number): boolean {
    return this.#frames === 0 || this.#offset + frameBytes(plainBytes + TAG_BYTES) <= this.#segmentBytes;
  }

  /** Writes one frame without syncing it. After a failure the segment must not be written again: numbers are nonces. */
  async write(plain: readonly Uint8Array[], lastIndex: number): Promise<void> {
    const number = this.#frames + 1;
    const sealed = this.#sealer.seal(number, this.#link, plain);
    const frame = encodeFrame(this.#seed, number, sealed);
    await this.#file.write(this.#offset, frame);
    this.#frames = number;
    this.#offset += frame.length;
    this.#link = sealed.at(-1) ?? this.#link;
    this.lastIndex = Math.max(this.lastIndex, lastIndex);
  }

  sync(): Promise<void> {
    return this.#file.sync('batch');
  }

  /** Cuts what a failed write may have left behind the last whole frame, durably, and closes. */
  async cut(): Promise<void> {
    await this.#file.truncate(this.#offset);
    await this.#file.sync('cut');
    await this.#file.close();
  }

  close(): Promise<void> {
    return this.#file.close();
  }
}
