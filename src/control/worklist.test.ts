import { expect, test } from 'vitest';
import { SeededRandom } from '../base/index.ts';
import type { Transaction } from '../store/index.ts';
import { Deadlines } from './deadlines.ts';
import type { Quarantined } from './loop.ts';
import { earliest, MAX_CHANGES_PER_ACT, QUARANTINE_MS, settled, Worklist } from './worklist.ts';

const random = new SeededRandom(1);
const remove = (id: string): Transaction => ({ preconditions: [], changes: [{ kind: 'remove', table: 'task', id }] });

test('deadlines come out in order, and only the last one set for a key', () => {
  const deadlines = new Deadlines<string>();
  for (const [at, key] of ['e', 'c', 'a', 'd', 'b'].entries()) deadlines.set(key, 10 - at);
  deadlines.set('c', 1);
  deadlines.delete('d');
  expect(deadlines.next()).toBe(1);
  expect(deadlines.takeDue(8)).toEqual(['c', 'b', 'a']);
  expect(deadlines.takeDue(100)).toEqual(['e']);
  expect(deadlines.next()).toBeUndefined();
});

test('deadlines are a heap: any order in, sorted out', () => {
  const deadlines = new Deadlines<number>();
  const times = Array.from({ length: 500 }, () => random.below(1000));
  for (const [key, at] of times.entries()) deadlines.set(key, at);
  const out = deadlines.takeDue(1000).map((key) => times[key]);
  expect(out).toEqual(times.toSorted((a, b) => a - b));
});

test('a key is decided once, and again when it is due', () => {
  const list = new Worklist<string>('test');
  const seen: string[] = [];
  list.mark('a');
  list.mark('a');
  list.decide({ now: 0, random }, [], (key) => {
    seen.push(key);
    return { transactions: [], again: 50 };
  });
  expect(list.nextDeadline()).toBe(50);
  list.decide({ now: 50, random }, [], (key) => {
    seen.push(key);
    return settled;
  });
  expect(seen).toEqual(['a', 'a']);
  expect(list.nextDeadline()).toBeUndefined();
});

test('one act decides a limited number of changes, the rest waits', () => {
  const list = new Worklist<string>('test');
  for (let key = 0; key < MAX_CHANGES_PER_ACT + 10; key++) list.mark(`${key}`);
  const first: Transaction[] = [];
  list.decide({ now: 0, random }, first, (key) => ({ transactions: [remove(key)] }));
  expect(first).toHaveLength(MAX_CHANGES_PER_ACT);
  const second: Transaction[] = [];
  list.decide({ now: 0, random }, second, (key) => ({ transactions: [remove(key)] }));
  expect(second).toHaveLength(10);
});

test('an object whose decision throws rests, is reported, and keeps no other from being decided', () => {
  const list = new Worklist<string>('test');
  const reports: Quarantined[] = [];
  const context = (now: number) => ({ now, random, quarantined: (report: Quarantined) => reports.push(report) });
  const out: Transaction[] = [];
  const decide = (key: string) => {
    if (key === 'bad') throw new Error('broken');
    return { transactions: [remove(key)] };
  };
  list.mark('bad');
  list.mark('good');
  list.decide(context(0), out, decide);
  expect(out).toEqual([remove('good')]);
  expect(reports).toMatchObject([{ loop: 'test', key: 'bad', until: QUARANTINE_MS }]);
  list.mark('bad');
  list.decide(context(1), out, decide);
  expect(reports).toHaveLength(1);
  list.decide(context(QUARANTINE_MS), out, () => settled);
  expect(list.nextDeadline()).toBeUndefined();
});

test('the earliest of several deadlines', () => {
  expect(earliest(undefined, 3, 1)).toBe(1);
  expect(earliest(undefined)).toBeUndefined();
});
