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
 * Splits the first line off a terminal's output. It is read at once, whether the rest is asked for or not, since input waits for
 * it; `line` is `undefined` when the output ends before.
 */
export function splitFirstLine(frames: AsyncIterable<OutputFrame>): {
  readonly line: Promise<string | undefined>;
  readonly rest: AsyncGenerator<OutputFrame>;
} {
  const iterator = frames[Symbol.asyncIterator]();
  const head = readHead(iterator);
  async function* rest(): AsyncGenerator<OutputFrame> {
    const { more } = await head;
    if (more.length > 0) yield { stream: 'stdout', bytes: more };
    for (let next = await iterator.next(); !next.done; next = await iterator.next()) yield next.value;
  }
  return { line: head.then(({ line }) => line), rest: rest() };
}

async function readHead(
  iterator: AsyncIterator<OutputFrame>,
): Promise<{ readonly line: string | undefined; readonly more: Uint8Array }> {
  let text = Buffer.alloc(0);
  for (let next = await iterator.next(); !next.done; next = await iterator.next()) {
    text = Buffer.concat([text, next.value.bytes]);
    const end = text.indexOf(0x0a);
    if (end >= 0) return { line: text.subarray(0, end).toString().trim(), more: text.subarray(end + 1) };
  }
  return { line: undefined, more: text };
}
