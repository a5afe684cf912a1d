import { describe, expect, test } from 'vitest';
import { SeededRandom } from '../base/index.ts';
import type { SyncPoint } from './disk.ts';
import { openLog } from './open.ts';
import { SimulatedDisk, type SimulatedFaults } from './simulated-disk.ts';

const dataKey = new Uint8Array(32).fill(7);
const SEGMENT = 4096;
const ROUNDS = 24;

interface Outcome {
  readonly acknowledged: number;
  readonly snapshot: number;
  readonly disk: SimulatedDisk;
}

const body = (index: number) => Buffer.from(`entry ${index} `.repeat(1 + (index % 40)));

/** Appends, alone and in groups, with snapshots in between, until done or until the disk halts. */
async function work(disk: SimulatedDisk, random: SeededRandom, start: { index: number }): Promise<Outcome> {
  const done = { acknowledged: start.index, snapshot: 0 };
  const life = (async () => {
    const { log, recovered } = await openLog({
      disk,
      dataKey,
      segmentBytes: SEGMENT,
      randomBytes: (length) => random.bytes(length),
      onFatal: (error) => expect.unreachable(String(error)),
    });
    let index = recovered.records.at(-1)?.index ?? recovered.snapshot?.index ?? 0;
    for (let round = 0; round < ROUNDS; round++) {
      const group = 1 + random.below(3);
      await Promise.all(
        Array.from({ length: group }, () => {
          const record = { index: ++index, term: 1, bytes: body(index) };
          return log.append([record]).then(() => {
            done.acknowledged = Math.max(done.acknowledged, record.index);
          });
        }),
      );
      if (round % 9 === 8) {
        const mark = { index, term: 1 };
        await log.writeSnapshot(mark, chunks(index), index);
        done.snapshot = index;
      }
    }
    await log.close();
  })();
  await Promise.race([life, settled(disk)]);
  return { ...done, disk };
}

async function* chunks(index: number): AsyncGenerator<Uint8Array> {
  for (let i = 0; i < 3; i++) yield body(index + i);
}

/** Resolves once the disk has halted and nothing moves any more. */
async function settled(disk: SimulatedDisk): Promise<void> {
  for (let last = -1; disk.operations !== last || disk.faults.haltAt === undefined; ) {
    last = disk.operations;
    await new Promise((resolve) => setImmediate(resolve));
    if (disk.faults.haltAt === undefined) return new Promise(() => undefined);
  }
}

/** What the next life finds; throws where it finds less than was acknowledged, or something else. */
async function check(before: Outcome, random: SeededRandom): Promise<SimulatedDisk> {
  const { skipSync } = before.disk.faults;
  const disk = before.disk.crash(random, skipSync === undefined ? {} : { skipSync });
  const { log, recovered } = await openLog({
    disk,
    dataKey,
    segmentBytes: SEGMENT,
    randomBytes: (length) => random.bytes(length),
    onFatal: (error) => expect.unreachable(String(error)),
  });
  let next = (recovered.snapshot?.index ?? 0) + 1;
  if (recovered.snapshot !== undefined) {
    let i = recovered.snapshot.index;
    for await (const chunk of recovered.snapshot.chunks()) expect(Buffer.from(chunk)).toEqual(body(i++));
    expect(i).toBe(recovered.snapshot.index + 3);
  }
  for (const record of recovered.records) {
    expect(record.index).toBe(next);
    expect(Buffer.from(record.bytes)).toEqual(body(next));
    next++;
  }
  expect(next - 1).toBeGreaterThanOrEqual(before.acknowledged);
  await log.close();
  return disk;
}

/** Three lives with a crash at `haltAt` in each; the number of operations of the first. */
async function threeLives(seed: number, faults: SimulatedFaults): Promise<number> {
  const random = new SeededRandom(seed);
  const first = await work(new SimulatedDisk(faults), random, { index: 0 });
  const survived = await check(first, random);
  survived.faults = faults;
  survived.operations = 0;
  const second = await work(survived, random, { index: first.acknowledged });
  await check(second, random);
  return first.disk.operations;
}

async function firstLoss(skipSync: SyncPoint, operations: number): Promise<string | undefined> {
  for (let seed = 1; seed <= 6; seed++) {
    for (let haltAt = 1; haltAt < operations; haltAt += 1) {
      try {
        await threeLives(seed, { skipSync, haltAt });
      } catch (error) {
        return `seed ${seed}, halt at ${haltAt}: ${String(error)}`;
      }
    }
  }
  return undefined;
}

describe('a machine that stops at any operation', () => {
  test('never loses what was acknowledged', async () => {
    const operations = await threeLives(1, {});
    expect(operations).toBeGreaterThan(60);
    for (let haltAt = 1; haltAt < operations; haltAt++) await threeLives(haltAt, { haltAt });
  });

  test.each<SyncPoint>([
    'batch',
    'segment',
    'segment-name',
    'cut',
    'snapshot',
    'snapshot-name',
  ])('would lose it without the sync of a %s', async (point) => {
    const operations = await threeLives(1, {});
    expect(await firstLoss(point, operations), `no loss found without the sync ${point}`).toBeDefined();
  });
});
