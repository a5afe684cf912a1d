import { assert, Refusal, Unavailable } from '../base/index.ts';
import { encodeBatch, recordBytes } from './batch.ts';
import { DiskFull } from './disk.ts';
import { MAX_FRAME_BYTES } from './frame.ts';
import type { HardState, LogRecord, WriteAheadLog } from './log-file.ts';
import type { OpenOptions } from './open.ts';
import type { RecoveredLog, SegmentContent } from './recover.ts';
import { SEED_BYTES } from './seal.ts';
import { prepareSpare, SEGMENT_BYTES, SegmentWriter, segmentName } from './segment.ts';
import { type SnapshotMark, snapshotIndex, snapshotName, writeSnapshotFile } from './snapshot.ts';

/** Records that share one sync; more wait for the next. Keeps a batch well below the frame limit. */
const MAX_BATCH_BYTES = 4 * 1024 * 1024;
/** What one append brings is one frame at least: a larger one would be written, and refused by the reader. */
const MAX_APPEND_BYTES = MAX_FRAME_BYTES - 64 * 1024;

interface Waiting {
  readonly records: readonly LogRecord[];
  readonly hardState: HardState | undefined;
  readonly sizeBytes: number;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** The log as segments on a disk: one batch, one write, one sync at a time; whatever arrives meanwhile shares the next. */
export class SegmentedLog implements WriteAheadLog {
  readonly #options: OpenOptions;
  #older: SegmentContent[];
  #current: SegmentWriter | undefined;
  /** Whether the current segment holds a batch that was synced. */
  #hasDurableBatch = false;
  #nextSequence: number;
  #link: Uint8Array;
  #lastIndex: number;
  #hardState: HardState | undefined;
  #waiting: Waiting[] = [];
  #writing: Promise<void> | undefined;
  #spare: Promise<void> = Promise.resolve();
  #failure: Error | undefined;
  #closed = false;

  constructor(options: OpenOptions, found: RecoveredLog, mark: SnapshotMark | undefined) {
    this.#options = options;
    this.#older = [...found.segments];
    this.#nextSequence = found.nextSequence;
    this.#link = found.link;
    this.#hardState = found.hardState;
    this.#lastIndex = found.records.at(-1)?.index ?? mark?.index ?? 0;
  }

  get lastIndex(): number {
    return this.#lastIndex;
  }

  append(records: readonly LogRecord[], hardState?: HardState): Promise<void> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    if (this.#closed) return Promise.reject(new Unavailable('log-closed'));
    const sizeBytes = records.reduce((sum, record) => sum + recordBytes(record), 0);
    if (sizeBytes > MAX_APPEND_BYTES) {
      return Promise.reject(new Refusal('log-entry-too-large', { sizeBytes, limitBytes: MAX_APPEND_BYTES }));
    }
    return new Promise((resolve, reject) => {
      this.#waiting.push({ records, hardState, sizeBytes, resolve, reject });
      this.#writing ??= this.#writeAll();
    });
  }

  async #writeAll(): Promise<void> {
    // Begin in a later microtask: appends of the same turn share the first sync.
    await Promise.resolve();
    while (this.#waiting.length > 0 && this.#failure === undefined) {
      const batch = this.#takeBatch();
      try {
        await this.#writeBatch(batch);
        for (const one of batch) one.resolve();
      } catch (error) {
        const outage =
          error instanceof DiskFull ? new Unavailable('log-disk-full', { cause: error }) : this.#fail('write', error);
        for (const one of batch) one.reject(outage);
      }
    }
    this.#writing = undefined;
  }

  #takeBatch(): Waiting[] {
    let sizeBytes = 0;
    let count = 0;
    for (const one of this.#waiting) {
      if (count > 0 && sizeBytes + one.sizeBytes > MAX_BATCH_BYTES) break;
      sizeBytes += one.sizeBytes;
      count++;
    }
    return this.#waiting.splice(0, count);
  }

  async #writeBatch(batch: readonly Waiting[]): Promise<void> {
    const records = batch.flatMap((one) => one.records);
    const hardState = batch.findLast((one) => one.hardState !== undefined)?.hardState ?? this.#hardState;
    const lastIndex = records.at(-1)?.index ?? 0;
    const plain = encodeBatch({ records, hardState });
    const sizeBytes = plain.reduce((sum, part) => sum + part.length, 0);
    const segment = await this.#segmentFor(sizeBytes);
    try {
      await segment.write(plain, lastIndex);
    } catch (error) {
      if (error instanceof DiskFull) await this.#leave(segment);
      throw error;
    }
    await segment.sync().catch((error) => {
      throw this.#fail('sync', error);
    });
    this.#hasDurableBatch = true;
    this.#hardState = hardState;
    if (records.length > 0) this.#lastIndex = lastIndex;
  }

  async #segmentFor(sizeBytes: number): Promise<SegmentWriter> {
    if (this.#current?.hasRoomFor(sizeBytes)) return this.#current;
    await this.#spare;
    if (this.#failure !== undefined) throw this.#failure;
    const { disk, dataKey, randomBytes, segmentBytes = SEGMENT_BYTES } = this.#options;
    const previousLink = this.#current?.link ?? this.#link;
    const seed = randomBytes(SEED_BYTES);
    const next = await SegmentWriter.create(disk, {
      sequence: this.#nextSequence,
      dataKey,
      seed,
      previousLink,
      segmentBytes,
    });
    const full = this.#current;
    if (full !== undefined) {
      this.#older.push({ sequence: full.sequence, lastIndex: full.lastIndex });
      await full.close();
    }
    this.#current = next;
    this.#hasDurableBatch = false;
    this.#nextSequence++;
    this.#spare = prepareSpare(disk, segmentBytes).catch((error: unknown) => {
      // Without room for a spare the next segment says so itself, when it is needed.
      if (!(error instanceof DiskFull)) this.#fail('spare', error);
    });
    return next;
  }

  /** Nothing more may be written behind a failed write: its number was used. Goes on in a new segment once there is room. */
  async #leave(segment: SegmentWriter): Promise<void> {
    await segment.cut();
    this.#older.push({ sequence: segment.sequence, lastIndex: segment.lastIndex });
    this.#link = segment.link;
    this.#current = undefined;
    this.#hasDurableBatch = false;
  }

  async writeSnapshot(mark: SnapshotMark, chunks: AsyncIterable<Uint8Array>, keepAfter: number): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    assert(keepAfter <= mark.index, 'entries after the snapshot are kept', { keepAfter, index: mark.index });
    const { disk, dataKey, randomBytes } = this.#options;
    try {
      await writeSnapshotFile(disk, { mark, chunks, dataKey, seed: randomBytes(SEED_BYTES) });
    } catch (error) {
      if (error instanceof DiskFull) throw new Unavailable('log-disk-full', { cause: error });
      throw error instanceof Refusal ? error : this.#fail('snapshot', error);
    }
    await this.#dropOlder(mark.index, keepAfter);
  }

  async #dropOlder(snapshot: number, keepAfter: number): Promise<void> {
    const { disk } = this.#options;
    for (const name of await disk.list()) {
      const index = snapshotIndex(name);
      if (index !== undefined && index < snapshot) await disk.remove(snapshotName(index));
    }
    // The newest durable batch has the hard state: its segment stays, whatever it holds besides.
    const spared = this.#hasDurableBatch ? 0 : 1;
    while (this.#older.length > spared && this.#older[0] !== undefined && this.#older[0].lastIndex <= keepAfter) {
      await disk.remove(segmentName(this.#older[0].sequence));
      this.#older.shift();
    }
  }

  #fail(operation: string, cause: unknown): Error {
    if (this.#failure === undefined) {
      this.#failure = new Unavailable('log-failed', { operation, cause });
      for (const one of this.#waiting.splice(0)) one.reject(this.#failure);
      this.#options.onFatal(this.#failure);
    }
    return this.#failure;
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#writing;
    await this.#spare;
    await this.#current?.close();
    this.#current = undefined;
  }
}
