import { expect, test } from 'vitest';
import { ManualClock } from '../base/index.ts';
import { decodeEntry, Store, type Transaction } from '../store/index.ts';
import { nodeObject, put } from '../store/testing.ts';
import { openSingleMemberLog } from './log/single-member-log.ts';
import { StoreMachine } from './log/store-machine.ts';
import { MAX_ENTRY_CHANGES, MAX_LANE_TRANSACTIONS, PROPOSE_TIMEOUT_MS, Proposer } from './proposer.ts';
import { StoreClock } from './store-clock.ts';
import { MemoryLog, MemoryWal, settle } from './testing.ts';
import { nextTurn } from './turns.ts';

async function setUp() {
  const wal = new MemoryWal();
  const store = new Store();
  const clock = new ManualClock(1_000);
  const machine = new StoreMachine(store, nextTurn);
  const options = { wal, recovered: wal.recovered(), machine, nextTurn, log: new MemoryLog() };
  const log = await openSingleMemberLog({ ...options, snapshotInterval: () => 10_000, onFatal: () => undefined });
  const storeClock = new StoreClock(clock, () => store.storeTime);
  storeClock.start();
  const proposer = new Proposer({ log, machine, view: store, clock, storeNow: () => storeClock.now() });
  const entries = () => wal.recovered().records.map(({ bytes }) => decodeEntry(bytes).transactions.length);
  return { wal, store, clock, log, proposer, entries };
}

const create = (number: number): Transaction => ({
  preconditions: [{ kind: 'absent', table: 'node', id: `node${number}` }],
  changes: [put('node', nodeObject({}, number))],
});

test('transactions of one turn share an entry, and so do those that arrive while one is under way', async () => {
  const { wal, proposer, entries, store } = await setUp();
  await Promise.all([proposer.submit(create(1), 'request'), proposer.submit(create(2), 'status')]);
  expect(entries()).toEqual([2]);
  wal.mood = 'slow';
  const first = proposer.submit(create(3), 'request');
  await settle();
  const others = [4, 5, 6].map((number) => proposer.submit(create(number), 'request'));
  wal.mood = 'good';
  wal.release();
  await Promise.all([first, ...others]);
  expect(entries()).toEqual([2, 1, 3]);
  expect(store.storeTime).toBe(1_000);
});

test('each learns what became of its own transaction', async () => {
  const { proposer, store } = await setUp();
  const outcomes = await proposer.submitAll([create(1), create(1), create(2)], 'control');
  expect(outcomes.map((one) => one.status === 'fulfilled' && one.value.applied)).toEqual([true, false, true]);
  expect(outcomes[1]).toMatchObject({ value: { failed: { kind: 'absent', id: 'node1' }, index: 1 } });
  expect(store.count('node')).toBe(2);
});

test('what build throws comes out unchanged, and update sees view and store time', async () => {
  const { proposer } = await setUp();
  const problem = new Error('no such service');
  const failing = () => {
    throw problem;
  };
  await expect(proposer.update(failing)).rejects.toBe(problem);
  const outcome = await proposer.update((view, now) => {
    expect([view.count('node'), now]).toEqual([0, 1_000]);
    return create(1);
  });
  expect(outcome).toEqual({ applied: true, index: 1 });
});

test('no lane keeps another out: a request shares the next entry with a flood of others', async () => {
  const { wal, proposer, entries } = await setUp();
  wal.mood = 'slow';
  const first = proposer.submit(create(1), 'status');
  await settle();
  const flood = proposer.submitAll(
    Array.from({ length: 5_000 }, () => create(2)),
    'status',
  );
  const request = proposer.submit(create(3), 'request');
  wal.release();
  await settle();
  wal.release();
  expect(await request).toEqual({ applied: true, index: 2 });
  wal.mood = 'good';
  wal.release();
  await Promise.all([first, flood]);
  const sizes = entries();
  expect(Math.max(...sizes)).toBe(MAX_ENTRY_CHANGES);
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(5_002);
});

test('an entry keeps its limit of bytes', async () => {
  const { proposer, entries } = await setUp();
  const large = (number: number): Transaction => ({
    preconditions: [],
    changes: [put('node', nodeObject({ labels: { large: 'x'.repeat(600_000) } }, number))],
  });
  await proposer.submitAll([1, 2, 3, 4, 5].map(large), 'request');
  expect(entries()).toEqual([2, 2, 1]);
  const tooLarge = {
    preconditions: [],
    changes: [put('node', nodeObject({ labels: { large: 'x'.repeat(1_600_000) } }))],
  };
  await expect(proposer.submit(tooLarge, 'request')).rejects.toThrow('too large');
});

test('a full lane refuses, the others do not', async () => {
  const { wal, proposer } = await setUp();
  wal.mood = 'slow';
  const flood = proposer.submitAll(
    Array.from({ length: MAX_LANE_TRANSACTIONS }, () => create(2)),
    'status',
  );
  await expect(proposer.submit(create(3), 'status')).rejects.toMatchObject({ code: 'queue-full' });
  const request = proposer.submit(create(3), 'request');
  wal.mood = 'good';
  await settle();
  wal.release();
  expect((await request).applied).toBe(true);
  await flood;
});

test('a caller that gives up is let go: before the log nothing happens, after it nobody knows', async () => {
  const { wal, proposer, store } = await setUp();
  wal.mood = 'slow';
  const [early, late] = [new AbortController(), new AbortController()];
  const sent = expect(proposer.submit(create(1), 'request', late.signal)).rejects.toMatchObject({
    code: 'outcome-unknown',
  });
  await settle();
  const waiting = expect(proposer.submit(create(2), 'request', early.signal)).rejects.toMatchObject({
    code: 'request-cancelled',
  });
  late.abort();
  early.abort();
  await Promise.all([sent, waiting]);
  wal.mood = 'good';
  wal.release();
  await settle();
  expect([...store.list('node')].map(({ ID }) => ID)).toEqual(['node1']);
});

test('a disk that does not answer holds nobody', async () => {
  const { wal, proposer, clock } = await setUp();
  wal.mood = 'slow';
  const sent = expect(proposer.submit(create(1), 'request')).rejects.toMatchObject({ code: 'outcome-unknown' });
  await settle();
  const waiting = expect(proposer.submit(create(2), 'request')).rejects.toMatchObject({ code: 'deadline-passed' });
  clock.advance(PROPOSE_TIMEOUT_MS);
  await Promise.all([sent, waiting]);
  // Who comes while it still hangs is not held longer.
  const later = expect(proposer.submit(create(3), 'request')).rejects.toMatchObject({ code: 'deadline-passed' });
  clock.advance(PROPOSE_TIMEOUT_MS);
  await later;
  wal.mood = 'good';
  wal.release();
  await settle();
  expect((await proposer.submit(create(3), 'request')).applied).toBe(true);
});

test('a full disk refuses clearly, and the next transaction goes through', async () => {
  const { wal, proposer } = await setUp();
  wal.mood = 'full';
  await expect(proposer.submit(create(1), 'request')).rejects.toMatchObject({ code: 'log-disk-full' });
  wal.mood = 'good';
  expect((await proposer.submit(create(1), 'request')).applied).toBe(true);
});

test('a closed proposer refuses what waits and what comes', async () => {
  const { wal, proposer } = await setUp();
  wal.mood = 'slow';
  const sent = proposer.submit(create(1), 'request');
  await settle();
  const waiting = expect(proposer.submit(create(2), 'request')).rejects.toMatchObject({ code: 'manager-stopping' });
  proposer.close();
  await waiting;
  await expect(proposer.submit(create(3), 'request')).rejects.toMatchObject({ code: 'manager-stopping' });
  wal.release();
  expect((await sent).applied).toBe(true);
});

test('store time runs with the clock, never back, and slews after a step of the clock', () => {
  let applied = 5_000;
  let now = 10_000;
  const clock = { now: () => now, after: () => () => undefined };
  const storeClock = new StoreClock(clock, () => applied);
  storeClock.start();
  expect(storeClock.now()).toBe(10_000);
  now += 1_000;
  expect(storeClock.now()).toBe(11_000);
  now -= 4_000;
  expect(storeClock.now()).toBe(11_000);
  now += 1_000;
  expect(storeClock.now()).toBe(11_500);
  now += 3_600_000;
  expect(storeClock.now()).toBe(11_500 + 7_500);
  applied = 50_000;
  expect(storeClock.now()).toBe(50_000);
});

test('a new leader closes a gap at once, unless it is too long to be true', () => {
  const clock = new ManualClock(1_000_000);
  const storeClock = new StoreClock(clock, () => 500);
  storeClock.start();
  expect(storeClock.now()).toBe(1_000_000);
  storeClock.stop();
  const wrong = new StoreClock(new ManualClock(400 * 24 * 3_600_000), () => 500);
  wrong.start();
  expect(wrong.now()).toBe(500);
});
