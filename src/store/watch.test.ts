import { expect, test } from 'vitest';
import type { Commit } from './change.ts';
import { snapshotSlices } from './snapshot-codec.ts';
import { cluster, nodeObject, put, write } from './testing.ts';

const node = (number: number) => put('node', nodeObject({}, number));

test('a watch gives the commits since it was made, in batches and in order', async () => {
  const store = cluster();
  const watch = store.watch();
  const first = write(store, [node(1)]);
  const second = write(store, [node(2)]);
  expect(await watch.next()).toEqual({ kind: 'commits', commits: [first, second] });
  const waiting = watch.next();
  const third = write(store, [node(3)]);
  expect(await waiting).toEqual({ kind: 'commits', commits: [third] });
});

test('a watcher that is too slow is told so, and goes on from there', async () => {
  const store = cluster();
  const watch = store.watch({ backlog: 3 });
  for (let number = 1; number <= 4; number++) write(store, [node(number)]);
  expect(await watch.next()).toEqual({ kind: 'overflow' });
  const commit = write(store, [node(5)]);
  expect(await watch.next()).toEqual({ kind: 'commits', commits: [commit] });
});

test('a watch ends with its signal, also while it waits', async () => {
  const store = cluster();
  const controller = new AbortController();
  const batches: unknown[] = [];
  const reading = (async () => {
    for await (const batch of store.watch({ signal: controller.signal })) batches.push(batch);
  })();
  write(store, [node(1)]);
  await Promise.resolve();
  controller.abort();
  await reading;
  write(store, [node(2)]);
  expect(batches.length).toBeLessThanOrEqual(1);
  expect(await store.watch({ signal: controller.signal }).next()).toBeUndefined();
});

test('a listener hears each commit within the turn that applied it, until it leaves', () => {
  const store = cluster();
  const heard: Commit[] = [];
  const leave = store.onCommit((commit) => heard.push(commit));
  const commit = write(store, [node(1)]);
  expect(heard).toEqual([commit]);
  leave();
  write(store, [node(2)]);
  expect(heard).toHaveLength(1);
});

test('a restore tells watchers that they missed something', async () => {
  const store = cluster();
  const watch = store.watch();
  write(store, [node(1)]);
  async function* chunks() {
    yield* snapshotSlices(cluster({ nodes: 2 }).hold());
  }
  await store.restore(chunks());
  expect(await watch.next()).toEqual({ kind: 'overflow' });
  expect(store.count('node')).toBe(2);
});
