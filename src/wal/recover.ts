import { Refusal } from '../base/index.ts';
import { decodeBatch } from './batch.ts';
import type { Disk, DiskFile } from './disk.ts';
import {
  decodeFileHeader,
  FILE_HEADER_BYTES,
  FORMAT_VERSION,
  FRAME_HEADER_BYTES,
  findLaterFrame,
  frameBytes,
  frameHeaderAt,
} from './frame.ts';
import type { HardState, LogRecord } from './log-file.ts';
import { keyId, Sealer, TAG_BYTES } from './seal.ts';
import { segmentName, segmentSequence } from './segment.ts';

/** What a segment was found to hold. */
export interface SegmentContent {
  readonly sequence: number;
  readonly lastIndex: number;
}

export interface RecoveredLog {
  readonly records: LogRecord[];
  readonly hardState: HardState | undefined;
  readonly segments: readonly SegmentContent[];
  readonly nextSequence: number;
  readonly link: Uint8Array;
  readonly cutBytes: number;
}

/**
 * Reads all segments. Only the end of the last one may be damaged: the batch that was being written when the machine stopped.
 * It is cut whole, durably, before this returns. Damage before it throws `log-damaged` and changes nothing. (Rot that hits
 * exactly the last synced batch can't be told from a torn one and is cut as well; no single log can.)
 */
export async function recoverSegments(disk: Disk, dataKey: Uint8Array, snapshotIndex: number): Promise<RecoveredLog> {
  const sequences = contiguousTail((await disk.list()).flatMap((name) => segmentSequence(name) ?? []));
  const records: LogRecord[] = [];
  const segments: SegmentContent[] = [];
  let hardState: HardState | undefined;
  let link: Uint8Array = new Uint8Array(TAG_BYTES);
  let cutBytes = 0;
  let previous: Uint8Array | undefined;
  for (const [position, sequence] of sequences.entries()) {
    const isLast = position === sequences.length - 1;
    const file = await disk.open(segmentName(sequence), { create: false });
    try {
      const read = await readSegment(file, { sequence, dataKey, previous, isLast });
      for (const batch of read.batches) {
        for (const record of batch.records) place(records, record, { file: segmentName(sequence), snapshotIndex });
        hardState = batch.hardState ?? hardState;
      }
      cutBytes += read.cutBytes;
      link = read.link;
      previous = read.link;
      segments.push({ sequence, lastIndex: read.lastIndex });
    } finally {
      await file.close();
    }
  }
  const first = records[0];
  if (first !== undefined && first.index > snapshotIndex + 1) {
    throw damaged(segmentName(sequences[0] ?? 0), 0, `entries ${snapshotIndex + 1} to ${first.index - 1} are missing`);
  }
  return {
    records: records.filter((record) => record.index > snapshotIndex),
    hardState,
    segments,
    nextSequence: (sequences.at(-1) ?? 0) + 1,
    link,
    cutBytes,
  };
}

/** Removals of old segments may be lost by a crash in any order: what lies before a gap was dropped on purpose. */
function contiguousTail(found: number[]): number[] {
  const sorted = found.sort((a, b) => a - b);
  let start = sorted.length - 1;
  while (start > 0 && sorted[start - 1] === (sorted[start] ?? 0) - 1) start--;
  return sorted.slice(Math.max(0, start));
}

/** Raft's conflict rule: a record replaces the one with its index and all after it. */
function place(records: LogRecord[], record: LogRecord, where: { file: string; snapshotIndex: number }): void {
  const last = records.at(-1);
  if (last !== undefined && record.index > last.index + 1) {
    throw damaged(where.file, 0, `entry ${record.index} follows entry ${last.index}`);
  }
  const first = records[0];
  if (first !== undefined && record.index <= (last?.index ?? 0))
    records.length = Math.max(0, record.index - first.index);
  records.push(record);
}

interface SegmentRead {
  readonly batches: ReadonlyArray<ReturnType<typeof decodeBatch>>;
  readonly link: Uint8Array;
  readonly lastIndex: number;
  readonly cutBytes: number;
}

async function readSegment(
  file: DiskFile,
  options: { sequence: number; dataKey: Uint8Array; previous: Uint8Array | undefined; isLast: boolean },
): Promise<SegmentRead> {
  const name = segmentName(options.sequence);
  const bytes = await file.read(0, await file.size());
  const header = decodeFileHeader('RUCHELOG', bytes);
  if (header === undefined || header.sequence !== options.sequence) {
    throw damaged(name, 0, 'its header is not readable');
  }
  if (header.version > FORMAT_VERSION) {
    throw new Refusal('log-newer-format', { file: name, version: header.version, newest: FORMAT_VERSION });
  }
  if (!Buffer.from(header.keyId).equals(keyId(options.dataKey))) throw new Refusal('log-wrong-key', { file: name });
  if (options.previous !== undefined && !Buffer.from(header.link).equals(options.previous)) {
    throw damaged(name, 0, 'the segment before it ended differently when this one was begun');
  }
  const sealer = new Sealer(options.dataKey, header.seed, 'log');
  const batches: ReturnType<typeof decodeBatch>[] = [];
  let link: Uint8Array = header.seed;
  let lastIndex = 0;
  let at = FILE_HEADER_BYTES;
  for (let number = 1; ; number++) {
    const frame = frameHeaderAt(bytes, at, header.seed);
    const sealed = frame && bytes.subarray(at + FRAME_HEADER_BYTES, at + FRAME_HEADER_BYTES + frame.length);
    const plain = frame && frame.number === number && sealed ? sealer.open(number, link, sealed) : undefined;
    if (frame === undefined || sealed === undefined || plain === undefined) {
      const ended = { batches, link: number === 1 ? header.seed.subarray(0, TAG_BYTES) : link, lastIndex };
      if (endOfContent(bytes) <= at) {
        if (options.isLast) await dropZeros(file, bytes, at);
        return { ...ended, cutBytes: 0 };
      }
      const later = findLaterFrame(bytes, at, header.seed);
      if (later !== undefined) throw damaged(name, at, `a whole batch follows at byte ${later}`);
      if (!options.isLast) throw damaged(name, at, 'a batch is not whole, and a later segment exists');
      return { ...ended, cutBytes: await cutTail(file, bytes, at) };
    }
    const batch = decodeBatch(plain);
    batches.push(batch);
    lastIndex = Math.max(lastIndex, batch.records.at(-1)?.index ?? 0);
    link = sealed.subarray(sealed.length - TAG_BYTES);
    at += frameBytes(frame.length);
  }
}

/** Durable before the next segment begins: a torn batch in front of one would read as damage. */
async function cutTail(file: DiskFile, bytes: Uint8Array, at: number): Promise<number> {
  await file.truncate(at);
  await file.sync('cut');
  return endOfContent(bytes) - at;
}

/**
 * Gives back the room that was filled with zeros ahead of batches that won't come: the log goes on in a new segment, and a daemon
 * that is restarted again and again would keep a whole one for each start. Not synced: zeros that come back mean nothing.
 */
async function dropZeros(file: DiskFile, bytes: Uint8Array, at: number): Promise<void> {
  if (at < bytes.length) await file.truncate(at);
}

/** Offset behind the last byte that is not zero. */
function endOfContent(bytes: Uint8Array): number {
  let end = bytes.length;
  while (end > 0 && bytes[end - 1] === 0) end--;
  return end;
}

function damaged(file: string, offset: number, reason: string): Refusal {
  return new Refusal('log-damaged', { file, offset, reason });
}
