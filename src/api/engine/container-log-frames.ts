import type { ContainerLogRecord } from '../../engine/index.ts';
import { frame } from '../http/raw-stream.ts';
import { fixedNanoseconds } from '../logs/log-frames.ts';

/** Records as the bytes of the answer: framed, or raw with a terminal. */
export async function* containerLogFrames(
  records: AsyncIterable<ContainerLogRecord>,
  shown: { readonly isRaw: boolean; readonly timestamps: boolean },
): AsyncGenerator<Uint8Array> {
  for await (const record of records) {
    const time = shown.timestamps ? Buffer.from(`${fixedNanoseconds(record.at)} `) : undefined;
    const line = time === undefined ? record.bytes : Buffer.concat([time, record.bytes]);
    yield shown.isRaw ? line : frame(record.stream, line);
  }
}
