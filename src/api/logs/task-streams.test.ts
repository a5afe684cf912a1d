import { expect, test } from 'vitest';
import type { ContainerLogRecord } from '../../engine/index.ts';
import type { Task } from '../../model/index.ts';
import { fixedNanoseconds, logFrames } from './log-frames.ts';
import { mergedByTime, type TaskLogItem, TaskStreams } from './task-streams.ts';

const task = (id: string) => ({ ID: id, ServiceID: 'svc', NodeID: 'node' }) as unknown as Task; // the fields that logs read
const record = (at: string, text: string): ContainerLogRecord => ({ stream: 'stdout', at, bytes: Buffer.from(text) });

async function* of(...records: readonly ContainerLogRecord[]) {
  yield* records;
}

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

const texts = (items: readonly TaskLogItem[]) =>
  items.map((item) => ('failure' in item ? `! ${item.failure}` : Buffer.from(item.record.bytes).toString()));

test('several tasks merge by time', async () => {
  const logs: Record<string, readonly ContainerLogRecord[]> = {
    a: [record('2026-01-01T00:00:01Z', 'a1'), record('2026-01-01T00:00:03Z', 'a3')],
    b: [record('2026-01-01T00:00:02Z', 'b2'), record('2026-01-01T00:00:04Z', 'b4')],
  };
  const merged = await collect(mergedByTime([task('a'), task('b')], (one) => of(...(logs[one.ID] ?? []))));
  expect(texts(merged)).toEqual(['a1', 'b2', 'a3', 'b4']);
});

test('a task that fails says so once, the others go on', async () => {
  const open = (one: Task): AsyncIterable<ContainerLogRecord> =>
    one.ID === 'bad' ? failing('node down') : of(record('2026-01-01T00:00:01Z', 'good'));
  expect(texts(await collect(mergedByTime([task('bad'), task('ok')], open)))).toEqual(['! node down', 'good']);
});

async function* failing(reason: string): AsyncGenerator<ContainerLogRecord> {
  yield* [];
  throw new Error(reason);
}

test('followed tasks are not read ahead of what is taken', async () => {
  let pulled = 0;
  async function* endless() {
    for (;;) {
      pulled += 1;
      yield record('2026-01-01T00:00:01Z', String(pulled));
    }
  }
  const abort = new AbortController();
  const streams = new TaskStreams(endless, abort.signal);
  streams.add(task('a'));
  const items = streams.items();
  await items.next();
  await items.next();
  expect(pulled).toBeLessThanOrEqual(3);
  abort.abort();
  expect((await items.next()).done).toBe(true);
});

test('a followed stream ends when it is complete and its tasks have ended', async () => {
  const streams = new TaskStreams(() => of(record('2026-01-01T00:00:01Z', 'x')), new AbortController().signal);
  streams.add(task('a'));
  streams.add(task('b'));
  streams.complete();
  expect(texts(await collect(streams.items()))).toEqual(['x', 'x']);
});

test('lines carry time and details in frames', async () => {
  async function* items() {
    yield { task: task('t1'), record: record('2026-01-01T00:00:01.5Z', 'hello\n') };
  }
  const request = {
    options: { stdout: true, stderr: false, follow: false },
    timestamps: true,
    details: true,
  };
  const [bytes] = await collect(logFrames(items(), request, false));
  const text =
    '2026-01-01T00:00:01.500000000Z com.docker.swarm.node.id=node,com.docker.swarm.service.id=svc,com.docker.swarm.task.id=t1 hello\n';
  expect(Buffer.from(bytes ?? []).subarray(0, 8)).toEqual(Buffer.from([1, 0, 0, 0, 0, 0, 0, text.length]));
  expect(
    Buffer.from(bytes ?? [])
      .subarray(8)
      .toString(),
  ).toBe(text);
});

test.each([
  ['2026-01-01T00:00:01Z', '2026-01-01T00:00:01.000000000Z'],
  ['2026-01-01T00:00:01.123456789Z', '2026-01-01T00:00:01.123456789Z'],
  ['2026-01-01T00:00:01.12+02:00', '2026-01-01T00:00:01.120000000+02:00'],
])('%s has nine digits: %s', (at, fixed) => {
  expect(fixedNanoseconds(at)).toBe(fixed);
});
