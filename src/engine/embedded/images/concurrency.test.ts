import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Refusal } from '../../../base/index.ts';
import { archiveOf } from './testing/archive.ts';
import { never, once, testStore } from './testing/store.ts';

// Few bodies and names, so that operations meet on the same layers and tags.
const operation = fc.record({
  kind: fc.constantFrom('import', 'import', 'tag', 'remove', 'force', 'prune'),
  body: fc.constantFrom('one', 'two'),
  name: fc.constantFrom('a:1', 'b:1', 'c:1'),
  other: fc.constantFrom('a:1', 'b:1', 'c:1'),
});

test('whatever runs at the same time, each listed image is whole and nothing else is left', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(operation, { minLength: 4, maxLength: 14 }), async (operations) => {
      const store = await testStore();
      try {
        const images = await store.open();
        const outcomes = await Promise.allSettled(
          operations.map(async ({ kind, body, name, other }) => {
            if (kind === 'tag') return await images.tag(name, other);
            if (kind === 'remove' || kind === 'force') return await images.remove(name, { force: kind === 'force' });
            if (kind === 'prune') return await images.prune(new Map([['dangling', ['false']]]));
            return await images.import(once(archiveOf([{ name: 'file', body }])), { reference: name, signal: never });
          }),
        );
        for (const outcome of outcomes) {
          if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ code: 'image-unknown' });
        }
        await images.collectGarbage();
        const listed = images.list();
        for (const { Id } of listed) {
          const [layer = ''] = (await images.resolve(Id))?.layers ?? [];
          expect(await readFile(join(layer, 'file'), 'utf8')).toMatch(/one|two/);
        }
        const layers = new Set(listed.flatMap(({ Id }) => images.inspect(Id).RootFS.Layers ?? []));
        expect(await readdir(join(store.directory, 'l'))).toHaveLength(layers.size);
        expect(await readdir(join(store.directory, 'blobs/sha256'))).toHaveLength(layers.size + listed.length);
        expect(await readdir(join(store.directory, 'tmp'))).toEqual([]);
        const again = await store.open();
        expect(again.list()).toEqual(listed);
        expect(store.warnings).toEqual([]);
      } finally {
        await store.remove();
      }
    }),
    { numRuns: 15 },
  );
});

test('errors are refusals that say what to do, never plain ones', async () => {
  const store = await testStore();
  try {
    const images = await store.open();
    const outcomes = await Promise.allSettled([
      images.remove('nothere'),
      images.tag('nothere', 'x'),
      images.pull('Bad Name', { signal: never }),
      images.load(once(Buffer.alloc(0)), { signal: never }),
      images.import(once(Buffer.alloc(0)), { changes: ['RUN x'], signal: never }),
      images.import(once(Buffer.alloc(0)), { platform: 'a/b/c/d', signal: never }),
    ]);
    expect(() => images.save(['nothere'], never)).toThrow('No such image: nothere:latest');
    for (const outcome of outcomes) expect(outcome).toMatchObject({ status: 'rejected', reason: expect.any(Refusal) });
  } finally {
    await store.remove();
  }
});
