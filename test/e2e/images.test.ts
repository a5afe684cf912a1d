import { execFileSync, spawn } from 'node:child_process';
import { once as eventOnce } from 'node:events';
import { lstat, mkdir, mkdtemp, readdir, readFile, readlink, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { SeededRandom } from '../../src/base/index.ts';
import { digestOf } from '../../src/engine/embedded/images/digest.ts';
import { DEFAULT_LAYER_LIMITS } from '../../src/engine/embedded/images/layers/limits.ts';
import { unpackLayer } from '../../src/engine/embedded/images/layers/unpack.ts';
import { archiveOf, type Member, member } from '../../src/engine/embedded/images/testing/archive.ts';
import { never, once, type TestStore, testStore } from '../../src/engine/embedded/images/testing/store.ts';

let store: TestStore;
const mounts: string[] = [];

beforeEach(async () => {
  store = await testStore();
});
afterEach(async () => {
  for (const path of mounts.splice(0).reverse()) execFileSync('umount', [path]);
  await store.remove();
});

/** A `docker save` archive of these layers, bottom first. */
function saved(name: string, layers: readonly Buffer[]): Buffer {
  const config = JSON.stringify({ os: 'linux', rootfs: { type: 'layers', diff_ids: layers.map(digestOf) } });
  const manifest = [{ Config: 'config', RepoTags: [name], Layers: layers.map((_, at) => `${at}.tar`) }];
  return archiveOf([
    ...layers.map((body, at) => ({ name: `${at}.tar`, body })),
    { name: 'config', body: config },
    { name: 'manifest.json', body: JSON.stringify(manifest) },
  ]);
}

/** Mounts the image as a container would see it. */
async function mounted(layers: readonly Buffer[]): Promise<string> {
  const images = await store.open();
  await images.load(once(saved('app:v1', layers)), { signal: never });
  const image = await images.resolve('app:v1');
  const scratch = join(store.directory, 'scratch');
  const [upper, work, root] = ['upper', 'work', 'root'].map((name) => join(scratch, name));
  for (const path of [upper, work, root]) await mkdir(path ?? '', { recursive: true });
  const options = `lowerdir=${image?.layers.join(':')},upperdir=${upper},workdir=${work}`;
  execFileSync('mount', ['-t', 'overlay', 'overlay', '-o', options, root ?? '']);
  mounts.push(root ?? '');
  return root ?? '';
}

describe('layers under overlayfs', () => {
  test('whiteouts and opaque directories hide what is below', async () => {
    const root = await mounted([
      archiveOf(['gone', 'kept', 'd/a', 'd/b', 'o/x', 'swapped/y', 'low/z'].map(member)),
      archiveOf([
        member('.wh.gone'),
        member('d/.wh.a'),
        member('o/.wh..wh..opq'),
        member('o/new'),
        member('.wh.swapped'),
        member('swapped/'),
        member('swapped/fresh'),
      ]),
      archiveOf([member('top')]),
    ]);
    const list = async (path: string) => (await readdir(join(root, path))).sort();
    expect(await list('')).toEqual(['d', 'kept', 'low', 'o', 'swapped', 'top']);
    expect(await list('d')).toEqual(['b']);
    expect(await list('o')).toEqual(['new']);
    expect(await list('swapped')).toEqual(['fresh']);
  });

  test('an opaque root hides all layers below', async () => {
    const root = await mounted([archiveOf([member('old')]), archiveOf([member('.wh..wh..opq'), member('new')])]);
    expect(await readdir(root)).toEqual(['new']);
  });

  test('owners, setuid, devices, times and capabilities are as the archive says', async () => {
    // cap_setuid+ep in the kernel's own form: bytes above 127 must survive too.
    const capability = Buffer.from('010000028000000000000000000000000000000000'.slice(0, 40), 'hex').toString('latin1');
    const root = await mounted([
      archiveOf([
        { name: 'home/', kind: 'directory', mode: 0o2750, uid: 1000, gid: 50 },
        { name: 'home/su', mode: 0o4711, uid: 7, gid: 3_000_000_000, modifiedAt: '123456.5' },
        { name: 'home/hard', kind: 'hardLink', linkName: 'home/su' },
        { name: 'ping', xattrs: new Map([['security.capability', capability]]) },
        { name: 'zero', kind: 'characterDevice', deviceMajor: 1, deviceMinor: 5, mode: 0o666 },
        { name: 'n\xc3\xa4me', body: 'utf8' },
        { name: 'n\xe4me', body: 'latin1' },
      ]),
    ]);
    expect(await stat(join(root, 'home'))).toMatchObject({ uid: 1000, gid: 50, mode: 0o42750 });
    expect(await stat(join(root, 'home/su'))).toMatchObject({
      uid: 7,
      gid: 3_000_000_000,
      mode: 0o104711,
      mtimeMs: 123_456_500,
      nlink: 2,
    });
    expect(execFileSync('getcap', [join(root, 'ping')], { encoding: 'utf8' })).toContain('cap_setuid=ep');
    expect((await stat(join(root, 'zero'))).rdev).toBe((1 << 8) | 5);
    const names = await readdir(Buffer.from(root), { encoding: 'buffer' });
    expect(names.map((name) => name.toString('latin1'))).toEqual(expect.arrayContaining(['n\xc3\xa4me', 'n\xe4me']));
  });

  test('as many layers as an image may have fit into one mount', async () => {
    const layers = Array.from({ length: 127 }, (_, at) =>
      archiveOf([member(`layer-${at}`), { name: 'last', body: String(at) }]),
    );
    const root = await mounted(layers);
    expect(await readdir(root)).toHaveLength(128);
    expect(await readFile(join(root, 'last'), 'utf8')).toBe('126');
  });
});

test('the mode of directories that the archive leaves out does not hang on the mask of the process', async () => {
  const before = process.umask(0o077);
  try {
    const root = await mounted([archiveOf([member('deep/er/file')])]);
    expect((await stat(join(root, 'deep/er'))).mode & 0o777).toBe(0o755);
    const images = await store.open();
    const [layer = ''] = (await images.resolve('app:v1'))?.layers ?? [];
    expect((await stat(layer)).mode & 0o777).toBe(0o755);
  } finally {
    process.umask(before);
  }
});

test('a full disk is said, and nothing of the failed image stays', async () => {
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', store.directory]);
  mounts.push(store.directory);
  const images = await store.open();
  const big = archiveOf([{ name: 'big', body: Buffer.alloc(600_000) }]);
  await expect(images.import(once(Buffer.concat([big, big])), { signal: never })).rejects.toMatchObject({
    code: 'image-disk-full',
    kind: 'unavailable',
  });
  // The archive fits, its unpacked files don't.
  await expect(images.import(once(big), { signal: never })).rejects.toMatchObject({ code: 'image-disk-full' });
  await images.collectGarbage();
  expect(await readdir(join(store.directory, 'tmp'))).toEqual([]);
  await images.import(once(archiveOf([member('small')])), { reference: 'small', signal: never });
  expect(images.list()).toHaveLength(1);
});

test('an image that was acknowledged survives kill -9 at any moment', async () => {
  const random = new SeededRandom(7);
  const acknowledged = new Set<string>();
  for (let round = 0; round < 6; round++) {
    const child = spawn(process.execPath, ['--input-type=module', '-e', importer(store.directory, round)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const killAfter = 2 + random.below(6);
    let seen = 0;
    for await (const line of createInterface(child.stdout)) {
      acknowledged.add(line);
      // Not between two images, but at some point of the next one.
      if (++seen === killAfter) setTimeout(() => child.kill('SIGKILL'), random.below(40));
    }
    if (child.exitCode === null && child.signalCode === null) await eventOnce(child, 'exit');
    const images = await store.open();
    for (const name of acknowledged) {
      const image = await images.resolve(name);
      expect(await readFile(join(image?.layers[0] ?? '', 'name'), 'utf8')).toBe(name);
    }
    expect(await readdir(join(store.directory, 'l'))).toHaveLength(images.list().length);
    expect(store.warnings).toEqual([]);
  }
  expect(acknowledged.size).toBeGreaterThan(12);
});

/** A program that imports image after image and says each name once it is acknowledged. */
function importer(directory: string, round: number): string {
  const source = (path: string) => JSON.stringify(resolve(import.meta.dirname, '../../src', path));
  return `
    const { openImages } = await import(${source('engine/embedded/images/index.ts')});
    const { archiveOf } = await import(${source('engine/embedded/images/testing/archive.ts')});
    const clock = { now: () => Date.now(), after: () => () => undefined };
    const log = { info() {}, warn(fields) { console.error(fields); } };
    const registries = { insecureRegistries: [], mirrors: [], certificatesDirectory: '/nonexistent', proxy: {} };
    const images = await openImages({ directory: ${JSON.stringify(directory)}, registries, clock, log, isRunning: () => false });
    async function* once(bytes) { yield bytes; }
    for (let at = 0; at < 200; at++) {
      const reference = 'app-${round}:' + at;
      await images.import(once(archiveOf([{ name: 'name', body: reference }])), { reference, signal: new AbortController().signal });
      process.stdout.write(reference + '\\n');
    }`;
}

describe('no archive reaches out of its directory', () => {
  let jail: string;

  beforeEach(async () => {
    jail = await mkdtemp(join(tmpdir(), 'ruche-images-jail-'));
    await mkdir(join(jail, 'etc'));
    await writeFile(join(jail, 'etc/secret'), 'secret');
    await writeFile(join(jail, 'a'), 'a');
  });
  afterEach(async () => {
    await rm(jail, { recursive: true, force: true });
  });

  /** Everything in the jail but the layer, with what could have been changed. */
  async function outside(): Promise<string[]> {
    const lines = await below('.');
    return await Promise.all(
      lines.sort().map(async (path) => {
        const facts = await lstat(join(jail, path));
        const content = facts.isFile()
          ? await readFile(join(jail, path), 'utf8')
          : facts.isSymbolicLink()
            ? await readlink(join(jail, path))
            : '';
        return [
          path,
          facts.mode,
          facts.uid,
          facts.nlink,
          facts.ino,
          facts.mtimeMs * Number(!facts.isDirectory()),
          content,
        ].join(' ');
      }),
    );
  }

  /** Paths in the jail without the layer. Goes through no link: one in a layer may lead anywhere, also back to the jail. */
  async function below(folder: string): Promise<string[]> {
    const entries = await readdir(join(jail, folder), { withFileTypes: true });
    const paths = await Promise.all(
      entries.map(async (entry) => {
        const path = join(folder, entry.name);
        if (path === 'deep/layer') return [];
        const inside = entry.isDirectory() ? await below(path) : [];
        return path === 'deep' ? inside : [path, ...inside];
      }),
    );
    return paths.flat();
  }

  async function unpack(archive: Buffer): Promise<unknown> {
    const file = join(jail, 'deep', 'archive');
    await rm(join(jail, 'deep'), { recursive: true, force: true });
    await mkdir(join(jail, 'deep'));
    await writeFile(file, archive);
    const result = unpackLayer(file, join(jail, 'deep/layer'), { limits: DEFAULT_LAYER_LIMITS, signal: never });
    const outcome = await result.then(
      () => undefined,
      (error: unknown) => error,
    );
    await rm(file);
    return outcome;
  }

  const part = fc.constantFrom('a', 'b', 'c', 'etc', 'secret', '..', '.', '', '.wh.a', '.wh..wh..opq', '.wh...');
  const path = fc.array(part, { minLength: 1, maxLength: 5 }).map((parts) => parts.join('/'));
  const kind = fc.constantFrom(
    'file',
    'directory',
    'symlink',
    'symlink',
    'hardLink',
    'characterDevice',
    'blockDevice',
    'fifo',
  );
  const target = fc.oneof(
    path,
    path.map((each) => `/${each}`),
    fc.constant('../..'),
    fc.constant('../../etc/secret'),
    fc.constant('JAIL/etc/secret'),
    fc.constant('JAIL'),
  );
  // An arbitrary of parts has wider types than the members it makes.
  const hostile = fc.record({
    name: path,
    kind,
    linkName: target,
    mode: fc.constantFrom(0o644, 0o777, 0o4755, 0),
  }) as fc.Arbitrary<Member>;

  test('made of links, ways up, whiteouts and devices', async () => {
    const before = await outside();
    await fc.assert(
      fc.asyncProperty(fc.array(hostile, { minLength: 1, maxLength: 12 }), async (members) => {
        const placed = members.map((each) => ({
          ...each,
          linkName: (each.linkName ?? '').replace('JAIL', jail),
          body: each.kind === 'file' ? 'harm' : '',
        }));
        const error = await unpack(archiveOf(placed));
        // tar itself refuses some archives that contradict themselves; that is no harm.
        if (error !== undefined)
          expect(error).toMatchObject({ code: expect.stringMatching(/^image-layer-(unsafe|unpack-failed)$/) });
        expect(await outside()).toEqual(before);
      }),
      { numRuns: 250 },
    );
  });

  test('damaged at random', async () => {
    const before = await outside();
    const good = archiveOf([
      { name: 'a', kind: 'symlink', linkName: '../../etc' },
      { name: 'a/secret', body: 'harm' },
      { name: 'b', kind: 'hardLink', linkName: 'etc/secret' },
      { name: `${'c'.repeat(120)}`, xattrs: new Map([['user.x', 'y']]) },
      { name: 'd/.wh.a' },
    ]);
    const damage = fc.array(
      fc.tuple(fc.nat(good.length - 1), fc.constantFrom(0, 0x2e, 0x2f, 0x30, 0x31, 0x32, 0x35, 0x37, 0x78, 0xff)),
      { minLength: 1, maxLength: 6 },
    );
    await fc.assert(
      fc.asyncProperty(damage, async (changes) => {
        const damaged = Buffer.from(good);
        for (const [at, value] of changes) damaged[at] = value;
        await unpack(withChecksums(damaged));
        expect(await outside()).toEqual(before);
      }),
      { numRuns: 150 },
    );
  });
});

/** Makes the damage pass the first check: every block that may be a header gets a right checksum. */
function withChecksums(archive: Buffer): Buffer {
  for (let at = 0; at + 512 <= archive.length; at += 512) {
    const block = archive.subarray(at, at + 512);
    if (block.toString('latin1', 257, 262) !== 'ustar') continue;
    block.fill(0x20, 148, 156);
    block.write(
      `${block
        .reduce((sum, byte) => sum + byte, 0)
        .toString(8)
        .padStart(6, '0')}\0 `,
      148,
      'latin1',
    );
  }
  return archive;
}
