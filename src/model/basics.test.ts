import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SeededRandom } from '../base/index.ts';
import {
  checkDnsName,
  checkSecretName,
  formatDuration,
  instantOf,
  isId,
  type NodeId,
  newId,
  parseTimestamp,
  randomName,
  type TaskId,
  taskDisplayName,
  timestamp,
  timestampOfNanoseconds,
  zeroTimestamp,
} from './index.ts';

describe('ids', () => {
  test('are 25 characters of base 36 and differ', () => {
    const random = new SeededRandom(1);
    const ids = Array.from({ length: 500 }, () => newId(random));
    expect(ids.every(isId)).toBe(true);
    expect(new Set(ids).size).toBe(500);
  });

  test('keep their length at the edges of chance', () => {
    const filled = (byte: number) => ({ below: () => 0, bytes: (length: number) => new Uint8Array(length).fill(byte) });
    expect(newId(filled(0))).toHaveLength(25);
    expect(newId(filled(255))).toHaveLength(25);
  });

  test.each(['', 'a', 'A'.repeat(25), 'a'.repeat(24), 'a'.repeat(26)])('%j is no id', (text) => {
    expect(isId(text)).toBe(false);
  });
});

describe('names', () => {
  test.each(['a', 'a-b', 'a--b', 'a__b', '1a', 'A1', 'x'.repeat(63)])('%s may name a service', (name) => {
    expect(() => checkDnsName(name)).not.toThrow();
  });

  test.each([
    ['', 'meta: name must be provided'],
    ['-a', 'name must be valid as a DNS name component'],
    ['a.b', 'name must be valid as a DNS name component'],
    ['a\n', 'name must be valid as a DNS name component'],
    ['x'.repeat(64), 'name must be 63 characters or fewer'],
  ])('%j is refused', (name, text) => {
    expect(() => checkDnsName(name)).toThrow(`rpc error: code = InvalidArgument desc = ${text}`);
  });

  test('of secrets may have dots and 64 characters', () => {
    expect(() => checkSecretName('a.b-c_d')).not.toThrow();
    expect(() => checkSecretName('y'.repeat(64))).not.toThrow();
    for (const name of ['.a', 'a$', 'a b', 'y'.repeat(65)]) expect(() => checkSecretName(name)).toThrow('invalid name');
    expect(() => checkSecretName(undefined)).toThrow('name must be provided');
  });

  test('made up ones are valid', () => {
    const random = new SeededRandom(7);
    for (let at = 0; at < 200; at++) expect(() => checkDnsName(randomName(random))).not.toThrow();
  });

  test('a task is named by slot, and by node where it has none', () => {
    const task = { ID: 't' as TaskId, ServiceName: 'web', NodeID: 'n' as NodeId };
    expect(taskDisplayName({ ...task, Slot: 3 })).toBe('web.3.t');
    expect(taskDisplayName({ ...task, Slot: 0 })).toBe('web.n.t');
    expect(taskDisplayName({ ...task, Slot: 3, Name: 'own' })).toBe('own');
  });
});

describe('timestamps', () => {
  test.each([
    [0, '1970-01-01T00:00:00Z'],
    [1500, '1970-01-01T00:00:01.5Z'],
    [1_767_312_245_678, '2026-01-02T00:04:05.678Z'],
    [-1, '1969-12-31T23:59:59.999Z'],
  ])('%d ms prints %s', (instant, text) => {
    expect(timestamp(instant)).toBe(text);
    expect(instantOf(text)).toBe(instant);
  });

  test('keep nanoseconds both ways', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 4_000_000_000_000_000_000n }), (ns) => {
        expect(parseTimestamp(timestampOfNanoseconds(ns))).toBe(ns);
      }),
    );
  });

  test('read zones and refuse what is no time', () => {
    expect(parseTimestamp('1970-01-01T01:00:00+01:00')).toBe(0n);
    for (const text of ['', '2026-02-30T00:00:00Z', '2026-01-01', '2026-01-01T00:00:00']) {
      expect(parseTimestamp(text)).toBeUndefined();
    }
    expect(parseTimestamp(zeroTimestamp)).toBe(-62_135_596_800_000_000_000n);
  });
});

test.each([
  [0, '0s'],
  [1, '1ns'],
  [1_100, '1.1µs'],
  [2_000_000, '2ms'],
  [1_500_000_000, '1.5s'],
  [3_600_000_000_000, '1h0m0s'],
  [90_000_000_000, '1m30s'],
  [-5_000_000_000, '-5s'],
  [9_223_372_036_854_775_807n, '2562047h47m16.854775807s'],
])('%d ns is %s', (duration, text) => {
  expect(formatDuration(duration)).toBe(text);
});
