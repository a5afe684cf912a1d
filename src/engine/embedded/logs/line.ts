import { parseTimeNs } from '../spec/time.ts';

/** One line of a log file: what the container wrote at once, up to a line's end or the monitor's buffer. */
export interface LogLine {
  readonly stream: 'stdout' | 'stderr';
  readonly atNs: bigint;
  /** Without the newline that the file adds; `isPartial` says whether the container wrote one. */
  readonly bytes: Uint8Array;
  readonly isPartial: boolean;
}

const SPACE = 0x20;
const decoder = new TextDecoder();

// TIME SP stdout|stderr SP F|P SP bytes LF      F: the line is whole, P: it goes on in the stream's next line
/** Reads one line (without its newline) in the format of Kubernetes log files; `undefined` for what is none. */
export function parseLogLine(line: Uint8Array): LogLine | undefined {
  const first = line.indexOf(SPACE);
  const second = line.indexOf(SPACE, first + 1);
  const third = line.indexOf(SPACE, second + 1);
  if (first < 0 || second < 0 || third < 0) return undefined;
  const stream = decoder.decode(line.subarray(first + 1, second));
  const tag = decoder.decode(line.subarray(second + 1, third));
  const atNs = parseTimeNs(decoder.decode(line.subarray(0, first)));
  if ((stream !== 'stdout' && stream !== 'stderr') || (tag !== 'F' && tag !== 'P') || atNs === undefined)
    return undefined;
  return { stream, atNs, bytes: line.subarray(third + 1), isPartial: tag === 'P' };
}

const NEWLINE = 0x0a;

/** Cuts a growing file into lines; what has no newline yet is kept for the next piece. */
export class LineSplitter {
  #rest: Uint8Array = new Uint8Array(0);

  push(bytes: Uint8Array): LogLine[] {
    const joined = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
    const lines: LogLine[] = [];
    let start = 0;
    for (let end = joined.indexOf(NEWLINE); end >= 0; end = joined.indexOf(NEWLINE, start)) {
      const line = parseLogLine(joined.subarray(start, end));
      if (line !== undefined) lines.push(line);
      start = end + 1;
    }
    this.#rest = joined.slice(start);
    return lines;
  }
}
