import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ContainerId } from '../../../../model/index.ts';
import type { Images } from '../images.ts';
import { archiveOf, member, savedByDocker } from '../testing/archive.ts';
import { never, once, type TestStore, testStore } from '../testing/store.ts';

let store: TestStore;
let images: Images;

beforeEach(async () => {
  store = await testStore();
  images = await store.open();
});
afterEach(async () => {
  await images.close();
  await store.remove();
});

async function importNamed(reference: string): Promise<string> {
  return await images.import(once(archiveOf([{ name: 'file', body: reference }])), { reference, signal: never });
}

describe('remove', () => {
  const container = 'c'.repeat(64) as ContainerId;

  test('the last name takes the image and its files along', async () => {
    const id = await importNamed('a:1');
    await images.tag('a:1', 'b:1');
    expect(await images.remove('a:1')).toEqual([{ Untagged: 'a:1' }]);
    const layer = (await images.resolve(id))?.layers[0] ?? '';
    expect(await images.remove('b:1')).toEqual([
      { Untagged: 'b:1' },
      { Deleted: id },
      { Deleted: expect.stringMatching(/^sha256:/) },
    ]);
    expect(images.list()).toEqual([]);
    await expect(stat(layer)).rejects.toThrow('ENOENT');
    expect(await readdir(join(store.directory, 'blobs/sha256'))).toEqual([]);
    await expect(images.remove('a:1')).rejects.toThrow('No such image: a:1');
  });

  test('by id: one name goes along, several repositories need force', async () => {
    const id = await importNamed('a:1');
    await images.tag('a:1', 'b:1');
    await expect(images.remove(id)).rejects.toThrow(
      `conflict: unable to delete ${id.slice(7, 19)} (must be forced) - image is referenced in multiple repositories`,
    );
    await images.remove('b:1');
    expect(await images.remove(id)).toMatchObject([{ Untagged: 'a:1' }, { Deleted: id }, {}]);
  });

  test('a layer that two images share stays with the other', async () => {
    const layers = [archiveOf([member('base')]), archiveOf([member('top')])];
    const first = savedByDocker(['a:1'], layers);
    const second = savedByDocker(['b:1'], layers.slice(0, 1));
    await images.load(once(first.archive), { signal: never });
    await images.load(once(second.archive), { signal: never });
    expect(await images.remove('a:1')).toHaveLength(3);
    const [left = ''] = (await images.resolve('b:1'))?.layers ?? [];
    expect(await readdir(left)).toEqual(['base']);
  });

  test('a stopped container refuses, force leaves it its layers until it is gone', async () => {
    const id = await importNamed('a:1');
    expect(images.hold(id, container)).toBe(true);
    await expect(images.remove('a:1')).rejects.toThrow(
      `conflict: unable to remove repository reference "a:1" (must force) - container cccccccccccc is using its referenced image ${id.slice(7, 19)}`,
    );
    await expect(images.remove(id)).rejects.toThrow(
      '(must be forced) - image is being used by stopped container cccccccccccc',
    );
    const layer = (await images.resolve('a:1'))?.layers[0] ?? '';
    expect(await images.remove(id, { force: true })).toEqual([{ Untagged: 'a:1' }, { Deleted: id }]);
    expect(await images.resolve(id)).toBeUndefined();
    expect(await readdir(layer)).toEqual(['file']);
    // A restart forgets holds; until they are taken again nothing may go.
    images = await store.open();
    expect(images.hold(id, container)).toBe(true);
    await images.collectGarbage();
    expect(await readdir(layer)).toEqual(['file']);
    images.release(container);
    await images.collectGarbage();
    await expect(stat(layer)).rejects.toThrow('ENOENT');
    expect(images.hold(id, container)).toBe(false);
  });

  test('a running container refuses force too; a name can go', async () => {
    images = await store.open({ isRunning: () => true });
    const id = await importNamed('a:1');
    images.hold(id, container);
    await expect(images.remove(id, { force: true })).rejects.toThrow(
      '(cannot be forced) - image is being used by running container cccccccccccc',
    );
    expect(await images.remove('a:1', { force: true })).toEqual([{ Untagged: 'a:1' }]);
    expect(images.list().map(({ Id, RepoTags }) => [Id, RepoTags])).toEqual([[id, []]]);
  });

  test('prune takes dangling images, with dangling=false all that no container needs', async () => {
    const dangling = await images.import(once(archiveOf([member('x')])), { signal: never });
    const held = await importNamed('held:1');
    await importNamed('free:1');
    images.hold(held, container);
    expect((await images.prune()).ImagesDeleted).toContainEqual({ Deleted: dangling });
    const { SpaceReclaimed } = await images.prune(new Map([['dangling', ['false']]]));
    expect(SpaceReclaimed).toBe('free:1'.length);
    expect(images.list().flatMap(({ RepoTags }) => RepoTags)).toEqual(['held:1']);
  });
});
