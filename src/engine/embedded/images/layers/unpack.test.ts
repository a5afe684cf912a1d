import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { digestOf } from '../digest.ts';
import { archiveOf, member } from '../testing/archive.ts';
import { never } from '../testing/store.ts';
import { DEFAULT_LAYER_LIMITS, type LayerLimits } from './limits.ts';
import { unpackLayer } from './unpack.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'ruche-images-'));
});
afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});

async function unpack(archive: Buffer, limits: Partial<LayerLimits> = {}, signal = never) {
  const path = join(directory, 'archive');
  await writeFile(path, archive);
  const bytes: number[] = [];
  const options = {
    limits: { ...DEFAULT_LAYER_LIMITS, ...limits },
    signal,
    onBytes: (size: number) => bytes.push(size),
  };
  return { ...(await unpackLayer(path, join(directory, 'layer'), options)), bytes };
}

const plain = archiveOf([member('deep/er/file'), { name: 'zeros', body: Buffer.alloc(300_000) }]);

test.each<[string, Buffer]>([
  ['none', plain],
  ['gzip', gzipSync(plain)],
  ['zstd', zstdCompressSync(plain)],
])('compression %s: the digest is of the plain archive, progress of the compressed bytes', async (compression, archive) => {
  const layer = await unpack(archive);
  expect(layer).toMatchObject({
    diffId: digestOf(plain),
    compression,
    entries: 2,
    sizeBytes: 300_001,
    hidesBelow: false,
  });
  expect(layer.bytes.at(-1)).toBe(archive.length);
  expect((await readFile(join(directory, 'layer/zeros'))).length).toBe(300_000);
});

test('the digest covers what follows the end of the archive', async () => {
  const longer = Buffer.concat([plain, Buffer.alloc(100_000, 7)]);
  expect((await unpack(longer)).diffId).toBe(digestOf(longer));
});

describe('a bomb is refused', () => {
  test('by its ratio', async () => {
    const bomb = gzipSync(archiveOf([{ name: 'zeros', body: Buffer.alloc(4_000_000) }]));
    await expect(unpack(bomb, { maxRatio: 100, ratioFromBytes: 1_000_000 })).rejects.toThrow(
      'more than 100 bytes for each compressed one',
    );
  });
  test('by its size and its entries', async () => {
    await expect(unpack(plain, { maxBytes: 1000 })).rejects.toThrow('more than 1000 bytes');
    await rm(join(directory, 'layer'), { recursive: true });
    await expect(unpack(plain, { maxEntries: 1 })).rejects.toThrow('more than 1 entries');
  });
});

test.each<[string, Buffer]>([
  ['gzip', gzipSync(plain).fill(0x55, 200, 260)],
  ['zstd', zstdCompressSync(plain).fill(0x55, 20, 60)],
  ['tar', Buffer.alloc(2048, 0x55)],
])('broken %s data is refused', async (_kind, archive) => {
  await expect(unpack(archive)).rejects.toMatchObject({ code: 'image-archive-invalid' });
});

test('an aborted unpack ends with the reason given', async () => {
  const stop = new AbortController();
  stop.abort(new Error('asked to stop'));
  await expect(unpack(plain, {}, stop.signal)).rejects.toThrow('asked to stop');
});
