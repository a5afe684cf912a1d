import { Unavailable } from '../../base/index.ts';
import type { ContainerLogRecord } from '../port/container.ts';

/**
 * Container output without a terminal comes in frames, one for each line or part of one:
 *
 *     | u8 stream | 0 0 0 | u32 big-endian length | bytes |
 *
 * With `timestamps` each frame's bytes begin with `<RFC 3339, nine digits> `. With a terminal the bytes come raw, each line with its
 * time before it, and so does each further part of a line that is longer than the engine's buffer.
 */
const HEADER_BYTES = 8;

/** The engine cuts lines at 16 KiB; log drivers with larger pieces stay far below this. */
const MAX_FRAME_BYTES = 16 * 1024 * 1024;

/** Size of the engine's copy buffer: the length of all parts of a long line but the last. */
const PART_BYTES = 16 * 1024;

const NEWLINE = 0x0a;
const SPACE = 0x20;

/** Longest time before a line: nanoseconds and a zone's offset. */
const MAX_TIME_BYTES = 36;

/** The records of a framed stream of logs that was asked for with timestamps. */
export async function* framedRecords(
  address: string,
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<ContainerLogRecord> {
  let buffered: Buffer = Buffer.alloc(0);
  for await (const chunk of chunks) {
    buffered = buffered.length === 0 ? Buffer.from(chunk) : Buffer.concat([buffered, chunk]);
    let at = 0;
    while (buffered.length - at >= HEADER_BYTES) {
      const number = buffered[at];
      const length = buffered.readUInt32BE(at + 4);
      if (number === undefined || number > 3 || length > MAX_FRAME_BYTES) throw malformed(address, 'it has no frames');
      const end = at + HEADER_BYTES + length;
      if (end > buffered.length) break;
      const bytes = buffered.subarray(at + HEADER_BYTES, end);
      at = end;
      if (number === 3) throw new Unavailable('engine-said-unavailable', { text: bytes.toString('utf8').trim() });
      yield timed(address, number === 2 ? 'stderr' : 'stdout', bytes);
    }
    buffered = buffered.subarray(at);
  }
}

/** The records of a terminal's output that was asked for with timestamps; all are stdout. */
export async function* terminalRecords(
  address: string,
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<ContainerLogRecord> {
  let buffered: Buffer = Buffer.alloc(0);
  for await (const chunk of chunks) {
    buffered = Buffer.concat([buffered, chunk]);
    for (let end = recordEnd(buffered, false); end > 0; end = recordEnd(buffered, false)) {
      yield timed(address, 'stdout', buffered.subarray(0, end));
      buffered = buffered.subarray(end);
    }
  }
  while (buffered.length > 0) {
    const end = recordEnd(buffered, true);
    yield timed(address, 'stdout', buffered.subarray(0, end));
    buffered = buffered.subarray(end);
  }
}

/** Where the first record ends; 0 while that can't be told yet. */
function recordEnd(bytes: Buffer, isAll: boolean): number {
  const start = bytes.indexOf(SPACE) + 1;
  if (start === 0) return isAll ? bytes.length : 0;
  const newline = bytes.indexOf(NEWLINE, start);
  const lineEnd = newline < 0 ? bytes.length : newline + 1;
  const partEnd = start + PART_BYTES;
  if (lineEnd > partEnd && timeEnd(bytes.subarray(partEnd)) > 0) return partEnd;
  const isCertain = newline >= 0 && (lineEnd <= partEnd || bytes.length >= partEnd + MAX_TIME_BYTES);
  return isAll || isCertain ? lineEnd : 0;
}

function timed(address: string, stream: ContainerLogRecord['stream'], bytes: Buffer): ContainerLogRecord {
  const end = timeEnd(bytes);
  if (end === 0) throw malformed(address, 'a line has no time');
  return { stream, at: bytes.toString('latin1', 0, end), bytes: bytes.subarray(end + 1) };
}

const time = /^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?(?:Z|[+-][0-9]{2}:[0-9]{2}) /;

/** Length of the time that the bytes begin with, 0 without one. */
function timeEnd(bytes: Buffer): number {
  const match = time.exec(bytes.toString('latin1', 0, MAX_TIME_BYTES));
  return match === null ? 0 : match[0].length - 1;
}

function malformed(address: string, why: string): Unavailable {
  return new Unavailable('engine-answer-malformed', { address, what: 'GET /containers/{id}/logs', why });
}
