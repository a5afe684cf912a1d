import type { ServerResponse } from 'node:http';
import { Writable } from 'node:stream';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { list } from './answer.ts';
import { SLICE_BYTES, STALLED_READER_MS, writeAnswer } from './respond.ts';

/** A response whose client takes nothing until `read` is called. */
class PausedResponse extends Writable {
  readonly taken: string[] = [];
  #next: (() => void) | undefined;

  constructor() {
    super({ highWaterMark: 1024, decodeStrings: false });
  }

  override _write(chunk: unknown, _encoding: string, done: () => void): void {
    this.taken.push(String(chunk));
    this.#next = done;
  }

  read(): void {
    const next = this.#next;
    this.#next = undefined;
    next?.();
  }

  writeHead(): this {
    return this;
  }

  flushHeaders(): void {
    this.emit('headers');
  }
}

const asResponse = (response: PausedResponse) => response as unknown as ServerResponse; // what answers are written to

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
afterEach(() => void vi.useRealTimers());

test('a list for a client that never reads stops after one slice and is cut off', async () => {
  const response = new PausedResponse();
  let encoded = 0;
  const items = Array.from({ length: 100_000 }, (_, at) => at);
  const written = writeAnswer(
    asResponse(response),
    list(items, (at) => {
      encoded += 1;
      return { at, padding: 'x'.repeat(100) };
    }),
    {},
  );
  // The first write comes after a few turns of the loop: encoding pauses every few milliseconds.
  await vi.waitUntil(() => response.taken.length === 1);
  expect(encoded * 100).toBeLessThan(2 * SLICE_BYTES);
  vi.advanceTimersByTime(STALLED_READER_MS);
  await written;
  expect(response.destroyed).toBe(true);
  expect(encoded * 100).toBeLessThan(2 * SLICE_BYTES);
});

test('a finished answer that nobody takes is cut off', () => {
  const response = new PausedResponse();
  writeAnswer(asResponse(response), { kind: 'text', status: 200, text: 'x'.repeat(10_000) }, {});
  vi.advanceTimersByTime(STALLED_READER_MS - 1);
  expect(response.destroyed).toBe(false);
  vi.advanceTimersByTime(1);
  expect(response.destroyed).toBe(true);
});

test('a stream asks its source for no more than its reader takes, for as long as that lasts', async () => {
  const response = new PausedResponse();
  let asked = 0;
  let isReleased = false;
  async function* endless() {
    try {
      for (;;) {
        asked += 1;
        yield 'x'.repeat(2_000);
      }
    } finally {
      isReleased = true;
    }
  }
  const written = writeAnswer(
    asResponse(response),
    { kind: 'stream', status: 200, contentType: 'text/plain', chunks: endless() },
    {},
  );
  await vi.waitUntil(() => response.taken.length === 1);
  vi.advanceTimersByTime(10 * STALLED_READER_MS);
  expect([asked, response.destroyed]).toEqual([1, false]);
  response.read();
  await vi.waitUntil(() => asked === 2);
  response.destroy();
  await written;
  expect(isReleased).toBe(true);
});
