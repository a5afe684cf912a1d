import { describe, expect, test } from 'vitest';
import { SeededRandom } from '../base/index.ts';
import { type OpenOptions, openLog } from './open.ts';
import { segmentName } from './segment.ts';
import { SimulatedDisk, type SimulatedFaults } from './simulated-disk.ts';
import { snapshotName } from './snapshot.ts';

const random = new SeededRandom(1);

function open(disk: SimulatedDisk, options: Partial<OpenOptions> = {}) {
  return openLog({
    disk,
    dataKey: new Uint8Array(32).fill(7),
    segmentBytes: 4096,
    randomBytes: (length) => random.bytes(length),
    onFatal: (error) => expect.unreachable(String(error)),
    ...options,
  });
}

const record = (index: number, text = `entry ${index}`) => ({ index, term: 1, bytes: Buffer.from(text) });

async function filled(count: number, text?: string): Promise<SimulatedDisk> {
  const disk = new SimulatedDisk();
  const { log } = await open(disk);
  for (let index = 1; index <= count; index++) await log.append([record(index, text)]);
  await log.close();
  return disk;
}

async function read(disk: SimulatedDisk): Promise<string[]> {
  const { log, recovered } = await open(disk);
  await log.close();
  return recovered.records.map((one) => Buffer.from(one.bytes).toString());
}

describe('appending', () => {
  test('what was appended is found again, in order, across segments', async () => {
    const disk = await filled(40, 'x'.repeat(500));
    expect((await disk.list()).filter((name) => name.startsWith('log-')).length).toBeGreaterThan(3);
    expect(await read(disk)).toHaveLength(40);
  });

  test('appends of one turn share one sync', async () => {
    const disk = new SimulatedDisk();
    const { log } = await open(disk);
    await Promise.all(Array.from({ length: 50 }, (_, i) => log.append([record(i + 1)])));
    expect(disk.syncs.get('batch')).toBe(1);
    expect(log.lastIndex).toBe(50);
  });

  test('a record replaces the one with its index and all after it', async () => {
    const disk = await filled(5);
    const { log } = await open(disk);
    await log.append([record(3, 'other three')]);
    await log.close();
    expect(await read(disk)).toEqual(['entry 1', 'entry 2', 'other three']);
  });

  test('the hard state outlives the segment that it was written in', async () => {
    const disk = new SimulatedDisk();
    const { log } = await open(disk);
    await log.append([], { term: 3, vote: 'n1', commit: 0 });
    for (let index = 1; index <= 20; index++) await log.append([record(index, 'x'.repeat(900))]);
    await log.writeSnapshot({ index: 20, term: 3 }, chunksOf('state'), 20);
    await log.close();
    expect(await disk.list()).not.toContain(segmentName(1));
    const { recovered } = await open(disk);
    expect(recovered.hardState).toEqual({ term: 3, vote: 'n1', commit: 0 });
  });

  test('the hard state is kept also when a snapshot comes before the first append of a life', async () => {
    const disk = await filled(1);
    const first = await open(disk);
    await first.log.append([], { term: 4, vote: 'n2', commit: 1 });
    await first.log.close();
    const second = await open(disk);
    await second.log.writeSnapshot({ index: 1, term: 4 }, chunksOf('state'), 1);
    await second.log.close();
    expect((await open(disk)).recovered.hardState).toEqual({ term: 4, vote: 'n2', commit: 1 });
  });

  test('an entry that no frame can hold is refused and the log goes on', async () => {
    const { log } = await open(new SimulatedDisk());
    const huge = { index: 1, term: 1, bytes: new Uint8Array(17 * 1024 * 1024) };
    await expect(log.append([huge])).rejects.toMatchObject({ code: 'log-entry-too-large' });
    await log.append([record(1)]);
  });

  test('records that fit one by one and not together are refused together', async () => {
    const disk = new SimulatedDisk();
    const { log } = await open(disk);
    const large = (index: number) => ({ index, term: 1, bytes: new Uint8Array(9 * 1024 * 1024) });
    await expect(log.append([large(1), large(2)])).rejects.toMatchObject({ code: 'log-entry-too-large' });
    await log.append([large(1)]);
    await log.append([large(2)]);
    await log.close();
    expect(await read(disk)).toHaveLength(2);
  });

  test('a log that is opened again and again keeps no room for batches that never came', async () => {
    const disk = new SimulatedDisk();
    for (let start = 1; start <= 5; start++) {
      const { log } = await open(disk);
      await log.append([record(start)]);
      await log.close();
    }
    await read(disk);
    const segments = (await disk.list()).filter((name) => name.startsWith('log-'));
    expect(segments).toHaveLength(5);
    for (const name of segments) expect(await (await disk.open(name, { create: false })).size()).toBeLessThan(512);
    expect(await read(disk)).toHaveLength(5);
  });
});

describe('damage', () => {
  test('before the last batch is refused with file and offset, and nothing is changed', async () => {
    const disk = await filled(10);
    disk.damage(segmentName(1), 300);
    await expect(open(disk)).rejects.toThrow(/log-000000000001 at byte \d+: .*Nothing was changed/);
    disk.damage(segmentName(1), 300); // a second flip mends it
    expect(await read(disk)).toHaveLength(10);
  });

  test('of a batch in the middle is told from a torn end also when it hits the frame header', async () => {
    const disk = await filled(10);
    const { log } = await open(disk);
    await log.close();
    disk.damage(segmentName(1), 82); // magic of the first frame
    await expect(open(disk)).rejects.toMatchObject({ code: 'log-damaged' });
  });

  test('of the header or of an earlier segment is refused', async () => {
    for (const offset of [3, 20, 60]) {
      const disk = await filled(30, 'x'.repeat(500));
      disk.damage(segmentName(2), offset);
      await expect(open(disk)).rejects.toMatchObject({ code: /log-damaged|log-wrong-key/ });
    }
  });

  test('of a snapshot is refused as it is read', async () => {
    const disk = await filled(3);
    const { log } = await open(disk);
    await log.writeSnapshot({ index: 3, term: 1 }, chunksOf('a', 'b'), 3);
    await log.close();
    disk.damage(snapshotName(3), 190);
    const { recovered } = await open(disk);
    await expect(Array.fromAsync(recovered.snapshot?.chunks() ?? [])).rejects.toMatchObject({ code: 'log-damaged' });
  });

  test('the wrong key is named as such', async () => {
    const disk = await filled(3);
    await expect(open(disk, { dataKey: new Uint8Array(32).fill(8) })).rejects.toMatchObject({ code: 'log-wrong-key' });
  });

  test('nothing of an entry can be read on the disk', async () => {
    const disk = await filled(3, 'very secret');
    const file = await disk.open(segmentName(1), { create: false });
    const bytes = Buffer.from(await file.read(0, await file.size()));
    expect(bytes.includes('very secret')).toBe(false);
  });
});

describe('a failing disk', () => {
  const faulty = (faults: SimulatedFaults) => new SimulatedDisk(faults);

  test('a failed sync is final: it is told once, never tried again, and everything waiting is refused', async () => {
    const disk = faulty({ failSync: 'batch' });
    const fatal: Error[] = [];
    const { log } = await open(disk, { onFatal: (error) => fatal.push(error) });
    const appends = await Promise.allSettled([log.append([record(1)]), log.append([record(2)])]);
    expect(appends.map((one) => one.status)).toEqual(['rejected', 'rejected']);
    await expect(log.append([record(3)])).rejects.toMatchObject({ code: 'log-failed' });
    expect(fatal).toHaveLength(1);
    expect(disk.syncs.get('batch')).toBe(1);
  });

  test('a full disk refuses writes, and writing goes on when there is room', async () => {
    const disk = faulty({ capacityBytes: 9000 });
    const { log } = await open(disk);
    let written = 0;
    for (let index = 1; index <= 20; index++) {
      const result = await log.append([record(written + 1, 'x'.repeat(800))]).catch((error: unknown) => error);
      if (result === undefined) written++;
      else expect(result).toMatchObject({ code: 'log-disk-full', kind: 'unavailable' });
    }
    expect(written).toBeGreaterThan(3);
    expect(written).toBeLessThan(20);
    disk.faults = {};
    await log.append([record(written + 1, 'after')]);
    await log.close();
    const texts = await read(disk);
    expect(texts).toHaveLength(written + 1);
    expect(texts.at(-1)).toBe('after');
  });

  test('a snapshot that finds no room leaves none of it taken', async () => {
    const disk = faulty({ capacityBytes: 20_000 });
    const { log } = await open(disk);
    await log.append([record(1)]);
    const state = Array.from({ length: 40 }, () => 'x'.repeat(1000));
    const writing = log.writeSnapshot({ index: 1, term: 1 }, chunksOf(...state), 1);
    await expect(writing).rejects.toMatchObject({ code: 'log-disk-full' });
    expect(await disk.list()).not.toContain('snapshot.tmp');
    await log.append([record(2)]);
  });

  test('an error while the next segment is prepared is final: what it holds can not be known', async () => {
    const disk = faulty({});
    const fatal: Error[] = [];
    const { log } = await open(disk, { onFatal: (error) => fatal.push(error) });
    const opened = disk.open.bind(disk);
    disk.open = async (name, options) => {
      const file = await opened(name, options);
      // The second preparation is that of the spare: the first made the segment in use.
      if (fatal.length === 0 && disk.syncs.has('segment')) {
        file.preallocate = () => Promise.reject(new Error('input/output error'));
      }
      return file;
    };
    await log.append([record(1)]);
    await log.close();
    expect(fatal).toMatchObject([{ code: 'log-failed' }]);
    await expect(log.append([record(2)])).rejects.toMatchObject({ code: 'log-failed' });
  });
});

async function* chunksOf(...texts: string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield Buffer.from(text);
}
