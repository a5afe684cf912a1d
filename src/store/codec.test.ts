import { expect, test } from 'vitest';
import type { ConfigId } from '../model/index.ts';
import type { Change, Entry } from './change.ts';
import { decodeEntry, encodeEntry, encodeTransaction, MAX_ENTRY_BYTES, splitTransaction } from './entry-codec.ts';
import { snapshotSlices } from './snapshot-codec.ts';
import { Store } from './store.ts';
import { cluster, nodeObject, put, serviceObject, write } from './testing.ts';

const entryOf = (...changes: Change[]): Entry => ({
  version: 1,
  epoch: 3,
  storeTime: 1_700_000_000_123.5,
  transactions: [{ preconditions: [{ kind: 'exists', table: 'node', id: 'n' }], changes }],
});

async function* chunksOf(store: Store, keep = (_chunk: Uint8Array, _at: number) => true) {
  let at = 0;
  for (const chunk of snapshotSlices(store.hold())) if (keep(chunk, at++)) yield chunk;
}

test('an entry comes back to the digit: bigints, large numbers, labels of any name', () => {
  const service = serviceObject({
    spec: {
      Labels: { Internal: 'a', Revision: 'b', Timestamp: '', constructor: 'c', hasOwnProperty: 'd', 'ä.☃': '' },
      Mode: { Replicated: { Replicas: 2n ** 63n } },
      UpdateConfig: { Delay: 9_007_199_254_740_991, Monitor: -5_000_000_000, MaxFailureRatio: 0.25 },
    },
  });
  const entry = entryOf(put('service', service), { kind: 'remove', table: 'task', id: 't' });
  expect(decodeEntry(encodeEntry(entry))).toEqual(entry);
  expect(decodeEntry(encodeEntry({ ...entry, transactions: [] })).transactions).toEqual([]);
});

test('each transaction stands for itself, whatever was encoded before it', () => {
  const first = encodeEntry(entryOf(put('node', nodeObject())));
  expect(encodeEntry(entryOf(put('node', nodeObject())))).toEqual(first);
});

test('an entry that is cut, longer, of another version or scrambled is refused', () => {
  const bytes = encodeEntry(entryOf(put('node', nodeObject())));
  for (const length of [1, 16, 20, bytes.length - 1])
    expect(() => decodeEntry(bytes.subarray(0, length))).toThrow("can't be read");
  expect(() => decodeEntry(Uint8Array.from([...bytes, 0]))).toThrow('after its end');
  expect(() => decodeEntry(Uint8Array.from([2, ...bytes.subarray(1)]))).toThrow('format 2');
  expect(() => decodeEntry(new Uint8Array(0))).toThrow('format');
  const scrambled = Uint8Array.from(bytes);
  scrambled.fill(0xc1, 21);
  expect(() => decodeEntry(scrambled)).toThrow("can't be read");
});

test('a transaction beyond its limits is refused', () => {
  const removal = { kind: 'remove', table: 'task', id: 't' } as const;
  expect(() => encodeTransaction({ preconditions: [], changes: Array(201).fill(removal) })).toThrow('201 changes');
  const large = serviceObject({ spec: { Labels: { large: 'x'.repeat(MAX_ENTRY_BYTES) } } });
  expect(() => encodeTransaction({ preconditions: [], changes: [put('service', large)] })).toThrow('too large');
});

test('the split helper keeps every change once, with the preconditions of its object', () => {
  const changes = ['a', 'b', 'c'].map((id) => ({ kind: 'remove', table: 'task', id }) as const);
  const own = { kind: 'revision', table: 'task', id: 'c', revision: 4 } as const;
  const all = { kind: 'exists', table: 'service', id: 's' } as const;
  expect(splitTransaction({ preconditions: [own, all], changes }, 2)).toEqual([
    { preconditions: [all], changes: changes.slice(0, 2) },
    { preconditions: [own, all], changes: changes.slice(2) },
  ]);
  expect(splitTransaction({ preconditions: [own], changes })).toEqual([{ preconditions: [own], changes }]);
});

test('a snapshot shows the state of its moment, whatever is written while it is encoded', async () => {
  const store = cluster({ nodes: 600 });
  const slices = snapshotSlices(store.hold());
  const chunks = [slices.next().value];
  write(store, [{ kind: 'remove', table: 'node', id: 'node1' }, put('node', nodeObject({}, 601))]);
  chunks.push(...slices);
  const restored = new Store();
  await restored.restore(
    (async function* () {
      for (const chunk of chunks) if (chunk !== undefined) yield chunk;
    })(),
  );
  expect(restored.count('node')).toBe(600);
  expect(restored.get('node', 'node1')).toBeDefined();
});

test('a snapshot of large objects is cut into more slices', () => {
  const config = (number: number): Change => ({
    kind: 'put',
    table: 'config',
    object: {
      ...{ Version: { Index: 0 }, CreatedAt: '', UpdatedAt: '', Internal: { Revision: 0 } },
      ID: `config${number}` as ConfigId,
      Spec: { Name: `config${number}`, Data: 'x'.repeat(600_000) },
    },
  });
  const store = cluster();
  for (let number = 0; number < 6; number++) write(store, [config(number)]);
  const sizes = [...snapshotSlices(store.hold())].map(({ length }) => length);
  expect(Math.max(...sizes)).toBeLessThan(1_300_000);
});

test('a snapshot that lacks its end, a slice or its version is refused, and the store is as before', async () => {
  const source = cluster({ nodes: 3 });
  const last = [...snapshotSlices(source.hold())].length - 1;
  const store = cluster({ nodes: 1 });
  await expect(store.restore(chunksOf(source, (_chunk, at) => at !== last))).rejects.toThrow('its end is missing');
  await expect(store.restore(chunksOf(source, (_chunk, at) => at !== 1))).rejects.toThrow('it has 3 objects of 4');
  await expect(store.restore(chunksOf(source, (_chunk, at) => at !== 0))).rejects.toThrow('format');
  expect(store.count('node')).toBe(1);
});
