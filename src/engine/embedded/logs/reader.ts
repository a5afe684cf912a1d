import { watch } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { Refusal } from '../../../base/index.ts';
import type { ContainerLogOptions, ContainerLogRecord } from '../../port/container.ts';
import { parseTimeNs } from '../spec/time.ts';
import { type LogFile, listLogFiles } from './files.ts';
import { asWritten, type JoinedLine, LineJoiner } from './join.ts';
import { LineSplitter, type LogLine } from './line.ts';

/** What is read of a file at once. */
const CHUNK_BYTES = 65_536;
/** First look back for the last lines; four times as far each time that it was not enough. */
const TAIL_WINDOW_BYTES = 262_144;

export interface LogSource {
  readonly directory: string;
  /** Whether nothing more will be written; asked before the last look at the files. */
  hasEnded(): boolean;
  /** Calls back once when `hasEnded` may have changed; returns how to take that back. */
  onEnd(wake: () => void): () => void;
}

export interface ReadOptions extends ContainerLogOptions {
  /** Pieces of a line as they come, for attached clients. */
  readonly asWritten?: boolean;
}

function timeOption(name: string, text: string | undefined): bigint | undefined {
  if (text === undefined || text === '' || text === '0') return undefined;
  const ns = parseTimeNs(text);
  if (ns === undefined) throw new Refusal('container-log-option-invalid', { name, value: text });
  return ns;
}

/** Reads one file from an offset to its present end. */
async function* readFrom(file: FileHandle, offset: { at: number }): AsyncGenerator<Uint8Array> {
  for (;;) {
    const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
    const { bytesRead } = await file.read(buffer, 0, CHUNK_BYTES, offset.at);
    if (bytesRead === 0) return;
    offset.at += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}

async function openIfThere(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, 'r');
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return undefined;
    throw cause;
  }
}

/** All lines of a log in order; with `follow` it goes on with what comes until the source has ended. */
async function* lines(
  source: LogSource,
  start: Start | undefined,
  follow: boolean,
  signal: AbortSignal,
): AsyncGenerator<LogLine> {
  const alarm = follow ? new Alarm(source, signal) : undefined;
  let splitter = new LineSplitter();
  let position: { file: FileHandle; known: LogFile; offset: { at: number } } | undefined;
  try {
    for (;;) {
      if (signal.aborted) return;
      // Asked before looking, so that what was written before the end is seen.
      const isLast = !follow || source.hasEnded();
      alarm?.arm();
      const files = await listLogFiles(source.directory);
      if (position === undefined) {
        const first =
          files.find((file) => file.inode === start?.inode) ?? (start === undefined ? files[0] : files.at(-1));
        const file = first === undefined ? undefined : await openIfThere(first.path);
        if (file !== undefined && first !== undefined)
          position = { file, known: first, offset: { at: first.inode === start?.inode ? start.offset : 0 } };
      }
      if (position !== undefined) {
        for await (const bytes of readFrom(position.file, position.offset)) yield* splitter.push(bytes);
        const next = nextFile(files, position.known);
        if (next !== undefined) {
          // Nothing is written to a file after its successor is there; what came in between is read first.
          for await (const bytes of readFrom(position.file, position.offset)) yield* splitter.push(bytes);
          await position.file.close();
          const file: FileHandle | undefined = await openIfThere(next.path);
          splitter = new LineSplitter();
          position = file === undefined ? undefined : { file, known: next, offset: { at: 0 } };
          continue;
        }
      }
      if (isLast) return;
      await alarm?.wait();
    }
  } finally {
    alarm?.close();
    await position?.file.close();
  }
}

function nextFile(files: readonly LogFile[], known: LogFile): LogFile | undefined {
  const at = files.findIndex((file) => file.inode === known.inode);
  if (at >= 0) return files[at + 1];
  // Ours was taken away because it is too old: go on with the oldest that is left.
  return files.find((file) => (file.sequence ?? Number.MAX_SAFE_INTEGER) > (known.sequence ?? 0));
}

/** Wakes a follower when the log's directory changes or the container ends. */
class Alarm {
  readonly #signal: AbortSignal;
  readonly #release: Array<() => void> = [];
  #isRung = false;
  #wake: (() => void) | undefined;

  constructor(source: LogSource, signal: AbortSignal) {
    this.#signal = signal;
    const ring = (): void => {
      this.#isRung = true;
      this.#wake?.();
    };
    const watcher = watch(source.directory, ring);
    // The directory goes with the container; the follower then finds that the source has ended.
    watcher.on('error', ring);
    signal.addEventListener('abort', ring);
    this.#release.push(
      () => watcher.close(),
      source.onEnd(ring),
      () => signal.removeEventListener('abort', ring),
    );
  }

  arm(): void {
    this.#isRung = false;
  }

  async wait(): Promise<void> {
    if (!this.#isRung && !this.#signal.aborted)
      await new Promise<void>((wake) => {
        this.#wake = wake;
      });
    this.#wake = undefined;
  }

  close(): void {
    for (const release of this.#release) release();
  }
}

interface Start {
  readonly inode: bigint;
  readonly offset: number;
}

type Wanted = (line: { readonly stream: LogLine['stream']; readonly atNs: bigint }) => boolean;

/** Where the last `count` wanted records begin; `undefined` when that is the log's beginning. */
async function findTail(directory: string, count: number, isWanted: Wanted): Promise<Start | undefined> {
  const files = await listLogFiles(directory);
  const newest = files.at(-1);
  if (newest === undefined) return undefined;
  let missing = count;
  for (const known of files.toReversed()) {
    const file = await openIfThere(known.path);
    if (file === undefined) continue;
    try {
      const { size } = await file.stat();
      for (let window = TAIL_WINDOW_BYTES; ; window *= 4) {
        const from = Math.max(0, size - window);
        const ends = await recordEnds(file, from, size, isWanted);
        if (ends.length > missing) return { inode: known.inode, offset: ends[ends.length - missing - 1] ?? from };
        if (from > 0) continue;
        missing -= ends.length;
        break;
      }
    } finally {
      await file.close();
    }
    if (missing === 0) return { inode: known.inode, offset: 0 };
  }
  return undefined;
}

/** Offsets behind each whole wanted record between two offsets. */
async function recordEnds(file: FileHandle, from: number, to: number, isWanted: Wanted): Promise<number[]> {
  const buffer = Buffer.allocUnsafe(to - from);
  const { bytesRead } = await file.read(buffer, 0, to - from, from);
  const bytes = buffer.subarray(0, bytesRead);
  const ends: number[] = [];
  let start = from === 0 ? 0 : bytes.indexOf(0x0a) + 1;
  for (let end = bytes.indexOf(0x0a, start); end >= 0; end = bytes.indexOf(0x0a, start)) {
    const [line] = new LineSplitter().push(bytes.subarray(start, end + 1));
    if (line !== undefined && !line.isPartial && isWanted(line)) ends.push(from + end + 1);
    start = end + 1;
  }
  return ends;
}

/**
 * The output of a container, oldest first, chosen as `docker logs` chooses. Pull-based: nothing is read ahead. With `follow` it ends
 * when the container has ended, without at what is there; in both cases when `signal` aborts.
 */
export async function* readLog(
  source: LogSource,
  options: ReadOptions,
  signal: AbortSignal,
): AsyncGenerator<ContainerLogRecord> {
  const since = timeOption('since', options.since);
  const until = timeOption('until', options.until);
  const isWanted: Wanted = ({ stream, atNs }) =>
    options[stream] && (since === undefined || atNs >= since) && (until === undefined || atNs <= until);
  if (options.tail === 0 && !options.follow) return;
  const start =
    options.tail === undefined || options.tail < 0
      ? undefined
      : await findTail(source.directory, options.tail, isWanted);
  const joiner = new LineJoiner();
  for await (const line of lines(source, start, options.follow, signal)) {
    if (until !== undefined && line.atNs > until && options.follow) break;
    const record: JoinedLine | undefined = options.asWritten ? asWritten(line) : joiner.push(line);
    if (record !== undefined && isWanted({ stream: line.stream, atNs: record.atNs })) yield record.record;
  }
  for (const { record, atNs } of joiner.flush()) if (isWanted({ stream: record.stream, atNs })) yield record;
}
