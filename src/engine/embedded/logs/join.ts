import type { ContainerLogRecord } from '../../port/container.ts';
import { timestampOfNs } from '../spec/time.ts';
import type { LogLine } from './line.ts';

/** A record; a line that is longer comes in several, as Docker cuts it too (at 16 KiB there). */
const MAX_RECORD_BYTES = 1_048_576;
const NEWLINE = Uint8Array.of(0x0a);

export interface JoinedLine {
  readonly atNs: bigint;
  readonly record: ContainerLogRecord;
}

/**
 * Joins the pieces of a long line to one record, each stream for itself; its time is that of the first piece. A whole line ends
 * in the newline that the container wrote.
 */
export class LineJoiner {
  readonly #open = new Map<LogLine['stream'], { readonly atNs: bigint; readonly pieces: Uint8Array[]; size: number }>();

  push(line: LogLine): JoinedLine | undefined {
    const open = this.#open.get(line.stream) ?? { atNs: line.atNs, pieces: [], size: 0 };
    open.pieces.push(line.bytes);
    open.size += line.bytes.length;
    if (line.isPartial && open.size < MAX_RECORD_BYTES) {
      this.#open.set(line.stream, open);
      return undefined;
    }
    this.#open.delete(line.stream);
    return joined(line.stream, open.atNs, line.isPartial ? open.pieces : [...open.pieces, NEWLINE]);
  }

  /** What has no end yet: the container ended without writing a newline. */
  flush(): JoinedLine[] {
    const rest = [...this.#open].map(([stream, open]) => joined(stream, open.atNs, open.pieces));
    this.#open.clear();
    return rest;
  }
}

function joined(stream: LogLine['stream'], atNs: bigint, pieces: readonly Uint8Array[]): JoinedLine {
  return { atNs, record: { stream, at: timestampOfNs(atNs), bytes: Buffer.concat(pieces) } };
}

/** A line, or a piece of one, as it was written: for clients that are attached and wait for a prompt without a newline. */
export function asWritten(line: LogLine): JoinedLine {
  return joined(line.stream, line.atNs, line.isPartial ? [line.bytes] : [line.bytes, NEWLINE]);
}
