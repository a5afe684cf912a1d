import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { digestOf } from './digest.ts';
import type { Images } from './images.ts';
import { archiveOf, inPieces, type Member, member, membersOf, savedByDocker } from './testing/archive.ts';
import { never, once, type TestStore, testStore } from './testing/store.ts';

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

const rootfs = archiveOf([
  { name: 'etc/', kind: 'directory', mode: 0o755 },
  { name: 'etc/hostname', body: 'hive\n' },
  { name: 'bin', kind: 'symlink', linkName: 'usr/bin' },
  { name: 'bin/sh', mode: 0o4755, body: 'elf' },
]);

async function importNamed(reference: string, body = reference, changes: readonly string[] = []): Promise<string> {
  return await images.import(once(archiveOf([{ name: 'file', body }])), { reference, changes, signal: never });
}

describe('import', () => {
  test.each([
    ['plain', (bytes: Buffer) => bytes],
    ['gzip', (bytes: Buffer) => gzipSync(bytes)],
    ['zstd', (bytes: Buffer) => zstdCompressSync(bytes)],
  ])('unpacks a %s archive as a layer', async (_name, compress) => {
    const id = await images.import(inPieces(compress(rootfs), 1000), { reference: 'busybox', signal: never });
    const image = await images.resolve('busybox');
    expect(image).toMatchObject({ id, repoDigests: [], config: {} });
    const [layer = ''] = image?.layers ?? [];
    expect(await readFile(join(layer, 'etc/hostname'), 'utf8')).toBe('hive\n');
    expect((await stat(join(layer, 'usr/bin/sh'))).mode & 0o7777).toBe(0o4755);
    expect((await stat(layer)).mode & 0o777).toBe(0o755);
    expect(images.inspect('busybox').RootFS).toEqual({ Type: 'layers', Layers: [digestOf(rootfs)] });
  });

  test('applies Dockerfile instructions and the message', async () => {
    await images.import(once(rootfs), {
      reference: 'app:v1',
      changes: ['ENV PATH=/bin A="b c"', 'CMD ["sh", "-c", "x"]', 'LABEL tier=web', 'EXPOSE 80 53/udp'],
      message: 'made here',
      signal: never,
    });
    expect(images.inspect('app:v1')).toMatchObject({
      RepoTags: ['app:v1'],
      Comment: 'made here',
      Created: '2026-01-01T00:00:00.000Z',
      Size: 8,
      Config: {
        Env: ['PATH=/bin', 'A=b c'],
        Cmd: ['sh', '-c', 'x'],
        Labels: { tier: 'web' },
        ExposedPorts: { '80/tcp': {}, '53/udp': {} },
        Entrypoint: null,
      },
    });
    expect(images.history('app:v1')).toMatchObject([{ Comment: 'made here', Size: 8, Tags: ['app:v1'] }]);
  });

  test('leaves nothing behind when the archive is bad', async () => {
    await expect(
      images.import(once(Buffer.from('no archive at all, and long enough for one block'.repeat(20))), {
        signal: never,
      }),
    ).rejects.toThrow('invalid archive');
    await expect(images.import(once(archiveOf([member('../x')])), { signal: never })).rejects.toMatchObject({
      code: 'image-layer-unsafe',
    });
    await expect(images.import(once(Buffer.from('BZh91AY')), { signal: never })).rejects.toThrow('bzip2');
    await expect(images.import(once(gzipSync(rootfs).subarray(0, 90)), { signal: never })).rejects.toMatchObject({
      code: 'image-archive-invalid',
    });
    await images.collectGarbage();
    expect(images.list()).toEqual([]);
    expect(await readdir(join(store.directory, 'l'))).toEqual([]);
    expect(await readdir(join(store.directory, 'blobs/sha256'))).toEqual([]);
    expect(await readdir(join(store.directory, 'tmp'))).toEqual([]);
  });

  test('ends when aborted', async () => {
    const stop = new AbortController();
    async function* endless() {
      yield rootfs.subarray(0, 512);
      stop.abort(new Error('client gone'));
      for (;;) yield Buffer.alloc(1024, 1);
    }
    await expect(images.import(endless(), { signal: stop.signal })).rejects.toThrow('client gone');
  });
});

describe('load', () => {
  test("takes docker save's archive with links between layers, names the image and tells it", async () => {
    const layer = archiveOf([member('a')]);
    const document = JSON.stringify({
      os: 'linux',
      rootfs: { type: 'layers', diff_ids: [digestOf(layer), digestOf(layer)] },
    });
    const archive = archiveOf([
      { name: '1/layer.tar', body: layer },
      { name: '2/layer.tar', kind: 'symlink', linkName: '../1/layer.tar' },
      { name: 'c.json', body: document },
      {
        name: 'manifest.json',
        body: JSON.stringify([
          { Config: 'c.json', RepoTags: ['busybox:1', 'busybox:2'], Layers: ['1/layer.tar', '2/layer.tar'] },
        ]),
      },
    ]);
    const told: string[] = [];
    const [id] = await images.load(inPieces(gzipSync(archive)), {
      onProgress: ({ stream }) => stream && told.push(stream),
      signal: never,
    });
    expect(id).toBe(digestOf(document));
    expect(told).toEqual(['Loaded image: busybox:1\n', 'Loaded image: busybox:2\n']);
    // overlayfs takes no directory twice.
    expect((await images.resolve('busybox:2'))?.layers).toHaveLength(1);
    expect(images.inspect('busybox:1').RootFS.Layers).toHaveLength(2);
  });

  test('what save writes is the same image elsewhere', async () => {
    await images.import(once(gzipSync(rootfs)), { reference: 'app:v1', changes: ['CMD ["sh"]'], signal: never });
    await images.tag('app:v1', 'other/app:v2');
    const pieces: Buffer[] = [];
    for await (const piece of images.save(['app:v1', 'other/app:v2'], never)) pieces.push(piece);
    const archive = Buffer.concat(pieces);
    const second = await testStore();
    try {
      const there = await second.open();
      await there.load(inPieces(archive, 5000), { signal: never });
      const moved = there.inspect('app:v1');
      expect(moved).toEqual({ ...images.inspect('app:v1'), GraphDriver: moved.GraphDriver, Metadata: moved.Metadata });
      expect(moved.RepoTags).toEqual(['app:v1', 'other/app:v2']);
    } finally {
      await second.remove();
    }
    const names = (await membersOf(inPieces(archive))).map(({ header }) => header.name);
    expect(names).toContain('oci-layout');
    // Without Docker's own file it is a plain OCI layout.
    const oci = archiveOf(
      (await membersOf(inPieces(archive)))
        .filter(({ header }) => header.name !== 'manifest.json')
        .map(({ header, body }) => ({ ...header, body: Buffer.from(body, 'latin1') })),
    );
    const third = await testStore();
    try {
      const there = await third.open();
      await there.load(once(oci), { signal: never });
      expect(there.inspect('other/app:v2').Id).toBe(images.inspect('app:v1').Id);
    } finally {
      await third.remove();
    }
  });

  test('what is being saved stays, even when the image is removed meanwhile', async () => {
    await importNamed('app:v1');
    const saving = images.save(['app:v1'], never);
    const pieces = [(await saving.next()).value ?? Buffer.alloc(0)];
    await images.remove('app:v1');
    for await (const piece of saving) pieces.push(piece);
    expect(images.list()).toEqual([]);
    await images.load(once(Buffer.concat(pieces)), { signal: never });
    expect(images.list().flatMap(({ RepoTags }) => RepoTags)).toEqual(['app:v1']);
  });

  test('an image that takes a name leaves the old one dangling', async () => {
    const old = await importNamed('busybox');
    const { archive, id } = savedByDocker(['busybox:latest'], [archiveOf([member('b')])]);
    const told: unknown[] = [];
    await images.load(once(archive), { onProgress: (line) => told.push(line), signal: never });
    expect(told).toContainEqual({
      stream: `The image busybox:latest already exists, renaming the old one with ID ${old} to empty string\n`,
    });
    expect(images.list(new Map([['dangling', ['true']]])).map(({ Id }) => Id)).toEqual([old]);
    expect(images.inspect('busybox').Id).toBe(id);
  });

  test.each<[string, Member[], string]>([
    ['without a list', [member('a')], 'neither manifest.json nor index.json'],
    [
      'that lacks a layer',
      [
        { name: 'manifest.json', body: '[{"Config":"c","Layers":["x"]}]' },
        { name: 'c', body: '{}' },
      ],
      '"x" is not in it',
    ],
    ['whose list is broken', [{ name: 'manifest.json', body: '[{' }], "manifest.json can't be used"],
    [
      'with fewer layers than it says',
      [
        { name: 'manifest.json', body: '[{"Config":"c","Layers":[]}]' },
        { name: 'c', body: `{"rootfs":{"diff_ids":["sha256:${'a'.repeat(64)}"]}}` },
      ],
      '1 layers in its configuration, 0 in the archive',
    ],
  ])('refuses an archive %s', async (_case, members, message) => {
    await expect(images.load(once(archiveOf(members)), { signal: never })).rejects.toThrow(message);
    expect(await readdir(join(store.directory, 'tmp'))).toEqual([]);
  });

  test('refuses a layer that is not the one the configuration names', async () => {
    const { archive } = savedByDocker(['a:1'], [archiveOf([member('a')])]);
    const at = archive.indexOf('sha256:', archive.indexOf('diff_ids')) + 'sha256:'.length;
    archive.write(archive[at] === 0x30 ? '1' : '0', at);
    await expect(images.load(once(archive), { signal: never })).rejects.toMatchObject({ code: 'image-digest-wrong' });
    expect(images.list()).toEqual([]);
  });
});

describe('names', () => {
  test('an image is found by name, id, and the beginning of its id', async () => {
    const id = await importNamed('busybox');
    for (const text of [
      'busybox',
      'busybox:latest',
      'docker.io/library/busybox',
      id,
      id.slice(7),
      id.slice(7, 19),
      id.slice(0, 12),
    ]) {
      expect((await images.resolve(text))?.id).toBe(id);
    }
    expect(await images.resolve('busybox:1')).toBeUndefined();
    await expect(images.resolve('Busybox')).rejects.toThrow('must be lowercase');
    expect(() => images.inspect('nothere')).toThrow('No such image: nothere:latest');
    expect(() => images.inspect('a'.repeat(64))).toThrow(`No such image: ${'a'.repeat(64)}`);
  });

  test('tag adds a name, and moves one that is taken', async () => {
    const first = await importNamed('a:1');
    const second = await importNamed('b:1');
    await images.tag('a:1', 'c');
    await images.tag(second, 'a:1');
    expect(images.inspect(first).RepoTags).toEqual(['c:latest']);
    expect(images.inspect('a:1').RepoTags).toEqual(['a:1', 'b:1']);
    await expect(images.tag('zzz', 'x')).rejects.toThrow('No such image: zzz:latest');
    await expect(images.tag('c', `x@${first}`)).rejects.toThrow('refusing to create a tag with a digest reference');
  });
});

describe('list', () => {
  test('filters as Docker does', async () => {
    await importNamed('one:1', 'x', ['LABEL tier=web']);
    store.clock.after(5000, () => undefined);
    await new Promise((resolve) => setImmediate(resolve));
    await importNamed('user/two:2', 'y', ['LABEL tier=db']);
    const names = (filters: Record<string, string[]>) =>
      images.list(new Map(Object.entries(filters))).flatMap(({ RepoTags }) => RepoTags);
    expect(names({})).toEqual(['user/two:2', 'one:1']);
    expect(names({ label: ['tier=web'] })).toEqual(['one:1']);
    expect(names({ label: ['tier'], before: ['user/two:2'] })).toEqual(['one:1']);
    expect(names({ since: ['one:1'] })).toEqual(['user/two:2']);
    expect(names({ reference: ['one'] })).toEqual(['one:1']);
    expect(names({ reference: ['o*:?', 'user/*'] })).toEqual(['user/two:2', 'one:1']);
    expect(names({ reference: ['*'] })).toEqual(['one:1']);
    expect(names({ reference: ['[a-o]ne:[0-9]'] })).toEqual(['one:1']);
    expect(names({ dangling: ['true'] })).toEqual([]);
    expect(names({ until: ['2s'] })).toEqual(['one:1']);
    expect(() => names({ colour: ['red'] })).toThrow("invalid filter 'colour'");
    expect(() => names({ dangling: ['maybe'] })).toThrow("invalid filter 'dangling=[maybe]'");
    expect(() => names({ reference: ['[a'] })).toThrow('syntax error in pattern');
  });
});

describe('after a crash', () => {
  test('images are as they were, leavings are swept', async () => {
    await importNamed('a:1');
    const before = images.list();
    await writeFile(join(store.directory, 'tmp', '7'), 'half a download');
    await mkdir(join(store.directory, 'l', 'zz'));
    await writeFile(join(store.directory, 'blobs/sha256', 'f'.repeat(64)), 'nobody refers to it');
    await writeFile(join(store.directory, '.images.json.new'), '{"version":1,');
    images = await store.open();
    expect(images.list()).toEqual(before);
    expect(await readdir(join(store.directory, 'tmp'))).toEqual([]);
    expect(await readdir(join(store.directory, 'l'))).toHaveLength(1);
    expect(await readdir(join(store.directory, 'blobs/sha256'))).toHaveLength(2);
  });

  test('an image whose files are gone is dropped with a warning, the others stay', async () => {
    await importNamed('a:1');
    await importNamed('b:1');
    await rm((await images.resolve('a:1'))?.layers[0] ?? '', { recursive: true });
    images = await store.open();
    expect(images.list().flatMap(({ RepoTags }) => RepoTags)).toEqual(['b:1']);
    expect(store.warnings).toHaveLength(1);
  });

  test('a list that cannot be read is refused, not overwritten', async () => {
    for (const text of ['{"version":2}', '{"version":1', '[]']) {
      await writeFile(join(store.directory, 'images.json'), text);
      await expect(store.open()).rejects.toMatchObject({ code: 'image-store-unreadable' });
      expect(await readFile(join(store.directory, 'images.json'), 'utf8')).toBe(text);
    }
  });
});
