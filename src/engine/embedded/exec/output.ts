import type { Readable } from 'node:stream';
import type { OutputFrame } from '../../port/exec.ts';

export interface OutputSource {
  readonly stream: OutputFrame['stream'];
  readonly readable: Readable;
}

/** Yields what comes from several pipes, as it comes. Pull-based: what nobody takes stays in the pipes, and the process waits. */
export async function* mergeOutput(sources: readonly OutputSource[]): AsyncGenerator<OutputFrame> {
  let wake: (() => void) | undefined;
  const ring = (): void => wake?.();
  for (const { readable } of sources) {
    for (const event of ['readable', 'end', 'close', 'error']) readable.on(event, ring);
  }
  for (;;) {
    let isIdle = true;
    for (const { stream, readable } of sources) {
      const bytes: Buffer | null = readable.read();
      if (bytes === null) continue;
      isIdle = false;
      yield { stream, bytes };
    }
    if (!isIdle) continue;
    if (sources.every(({ readable }) => readable.readableEnded || readable.destroyed)) return;
    await new Promise<void>((resolve) => {
      wake = resolve;
    });
  }
}

/**
 * Splits the first line off a terminal's output; resolves `line` with it, or with `undefined` when the output ends before. The rest
 * goes through.
 */
export function splitFirstLine(frames: AsyncIterable<OutputFrame>): {
  readonly line: Promise<string | undefined>;
  readonly rest: AsyncGenerator<OutputFrame>;
} {
  const { promise, resolve } = Promise.withResolvers<string | undefined>();
  async function* rest(): AsyncGenerator<OutputFrame> {
    let first: Buffer | undefined = Buffer.alloc(0);
    for await (const frame of frames) {
      if (first === undefined) {
        yield frame;
        continue;
      }
      first = Buffer.concat([first, frame.bytes]);
      const end = first.indexOf(0x0a);
      if (end < 0) continue;
      resolve(first.subarray(0, end).toString().trim());
      const more = first.subarray(end + 1);
      first = undefined;
      if (more.length > 0) yield { stream: frame.stream, bytes: more };
    }
    resolve(undefined);
  }
  return { line: promise, rest: rest() };
}
