import { expect, test } from 'vitest';
import { type Entry, encodeEntry, Store } from '../../store/index.ts';
import { nodeObject, put } from '../../store/testing.ts';
import { MemoryLog, MemoryWal, settle } from '../testing.ts';
import { nextTurn } from '../turns.ts';
import { MAX_WAITING_ENTRIES, openSingleMemberLog } from './single-member-log.ts';
import { StoreMachine } from './store-machine.ts';

const entry = (number: number, storeTime = 0): Uint8Array => {
  const made: Entry = {
    version: 1,
    epoch: 1,
    storeTime,
    transactions: [{ preconditions: [], changes: [put('node', nodeObject({}, number))] }],
  };
  return encodeEntry(made);
};

async function open(wal = new MemoryWal(), limits: { interval?: number; bytes?: number } = {}) {
  const store = new Store();
  const machine = new StoreMachine(store, nextTurn);
  const fatal: Error[] = [];
  const notes = new MemoryLog();
  const log = await openSingleMemberLog({
    wal,
    recovered: wal.recovered(),
    machine,
    snapshotInterval: () => limits.interval ?? 10_000,
    ...(limits.bytes === undefined ? {} : { snapshotBytes: limits.bytes }),
    onFatal: (error) => fatal.push(error),
    nextTurn,
    log: notes,
  });
  return { wal, store, machine, log, fatal, notes };
}

test('a proposal resolves when it is durable and applied, and proposals share an append while one is under way', async () => {
  const { wal, store, log } = await open();
  wal.mood = 'slow';
  const first = log.propose(entry(1));
  await settle();
  const others = [log.propose(entry(2)), log.propose(entry(3))];
  await settle();
  expect(store.index).toBe(0);
  wal.release();
  expect((await first).index).toBe(1);
  expect(store.count('node')).toBe(1);
  await settle();
  wal.release();
  expect((await Promise.all(others)).map(({ index }) => index)).toEqual([2, 3]);
  // The hard state of the new term first.
  expect(wal.appends).toEqual([0, 1, 2]);
});

test('a restart finds what was acknowledged, in a new term', async () => {
  const { wal, log, store } = await open();
  for (const number of [1, 2, 3]) await log.propose(entry(number, number * 10));
  const { term } = log.leadership();
  await log.close();
  const again = await open(wal);
  expect([...again.store.list('node')]).toEqual([...store.list('node')]);
  expect([again.store.index, again.store.storeTime]).toEqual([3, 30]);
  expect(again.log.leadership()).toEqual({ role: 'leader', term: term + 1 });
  expect((await again.log.propose(entry(4))).index).toBe(4);
});

test('a snapshot is made every interval of entries while appends go on, and a restart begins with it', async () => {
  const { wal, log } = await open(new MemoryWal(), { interval: 3 });
  for (const number of [1, 2, 3, 4, 5]) await log.propose(entry(number));
  await settle(20);
  expect(wal.snapshots).toBe(1);
  expect(wal.recovered().snapshot?.index).toBe(3);
  expect(wal.recovered().records.map(({ index }) => index)).toEqual([4, 5]);
  await log.close();
  const again = await open(wal, { interval: 3 });
  expect(again.store.count('node')).toBe(5);
  await again.log.propose(entry(6));
  await settle(20);
  expect(wal.recovered().snapshot?.index).toBe(6);
});

test('many bytes call for a snapshot before many entries do', async () => {
  const { wal, log } = await open(new MemoryWal(), { bytes: 100 });
  await log.propose(entry(1));
  await settle(20);
  expect(wal.snapshots).toBe(1);
});

test('a full disk refuses writes, loses nothing and recovers; its index is used again', async () => {
  const { wal, log, fatal } = await open();
  await log.propose(entry(1));
  wal.mood = 'full';
  await expect(log.propose(entry(2))).rejects.toMatchObject({ code: 'log-disk-full' });
  wal.mood = 'good';
  expect((await log.propose(entry(3))).index).toBe(2);
  expect(fatal).toEqual([]);
});

test('a snapshot that finds no room is told of and tried again later', async () => {
  const { wal, log, notes } = await open(new MemoryWal(), { interval: 10 });
  for (let number = 1; number < 10; number++) await log.propose(entry(number));
  wal.mood = 'slow';
  const tenth = log.propose(entry(10));
  await settle();
  wal.mood = 'full';
  wal.release();
  await tenth;
  await settle(20);
  expect(notes.events).toEqual(['warn snapshot not written']);
  wal.mood = 'good';
  await log.propose(entry(11));
  await settle(20);
  expect(wal.snapshots).toBe(1);
});

test('a disk that breaks in the middle of an append leaves its outcome unknown and ends the daemon', async () => {
  const { wal, log, fatal, store } = await open();
  wal.mood = 'slow';
  const leadership: string[] = [];
  log.onLeadership(({ role }) => leadership.push(role));
  const onItsWay = expect(log.propose(entry(1))).rejects.toMatchObject({ code: 'outcome-unknown' });
  await settle();
  const waiting = expect(log.propose(entry(2))).rejects.toMatchObject({ code: 'manager-stopping' });
  wal.mood = 'broken';
  wal.release();
  await Promise.all([onItsWay, waiting]);
  expect(fatal).toHaveLength(1);
  expect(leadership).toEqual(['follower']);
  expect(store.index).toBe(0);
  await expect(log.propose(entry(3))).rejects.toMatchObject({ code: 'log-failed' });
  await expect(log.readBarrier()).rejects.toMatchObject({ code: 'log-failed' });
});

test('an entry that can not be applied ends the daemon', async () => {
  const { log, fatal } = await open();
  await expect(log.propose(Uint8Array.of(9))).rejects.toMatchObject({ code: 'outcome-unknown' });
  expect(fatal[0]).toMatchObject({ code: 'entry-version' });
});

test('what waits has a limit; a closed log takes nothing and hands over what it took', async () => {
  const { wal, log } = await open();
  wal.mood = 'slow';
  const taken = Array.from({ length: 1 + MAX_WAITING_ENTRIES }, (_, at) => log.propose(entry(at + 1)));
  await expect(log.propose(entry(99))).rejects.toMatchObject({ code: 'queue-full' });
  wal.mood = 'good';
  wal.release();
  await Promise.all(taken);
  await log.close();
  expect(wal.isClosed).toBe(true);
  await expect(log.propose(entry(1))).rejects.toMatchObject({ code: 'manager-stopping' });
});
