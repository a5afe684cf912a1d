import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { archiveOf, inPieces, type Member, member, membersOf } from '../testing/archive.ts';
import { DEFAULT_LAYER_LIMITS, type LayerLimits } from './limits.ts';
import { type LayerFacts, rewriteLayer } from './rewrite.ts';

async function rewrite(members: readonly Member[], limits: Partial<LayerLimits> = {}) {
  const facts: LayerFacts = { entries: 0, sizeBytes: 0, hidesBelow: false };
  const source = inPieces(archiveOf(members));
  const written = await membersOf(rewriteLayer(source, { ...DEFAULT_LAYER_LIMITS, ...limits }, facts));
  return { facts, headers: written.map(({ header }) => header), bodies: written.map(({ body }) => body) };
}

/** The rewritten archive, one line each. */
async function lines(...spellings: readonly string[]): Promise<string[]> {
  const { headers } = await rewrite(spellings.map(member));
  return headers.map(({ kind, name, linkName, xattrs }) =>
    [kind, name, linkName, ...xattrs.keys()].filter((part) => part !== '').join(' '),
  );
}

describe('names', () => {
  test('are relative to the root, without detours', async () => {
    expect(await lines('./etc/', '/etc//passwd', 'usr/../etc/group', './')).toEqual([
      'directory etc',
      'file etc/passwd',
      'file etc/group',
      'directory ./',
    ]);
  });

  test.each(['../x', 'a/../../x', '/..', 'a/../../etc/'])('%s is refused', async (name) => {
    await expect(lines(name)).rejects.toThrow('it is outside of the image');
  });

  test('through a link of the layer land where a chroot would put them', async () => {
    expect(await lines('bin -> usr/bin', 'bin/sh', 'run -> /var/../run2', 'run/pid', 'up -> ../../..', 'up/x')).toEqual(
      [
        'symlink bin usr/bin',
        'file usr/bin/sh',
        'symlink run /var/../run2',
        'file run2/pid',
        'symlink up ../../..',
        'file x',
      ],
    );
  });

  test('through a link to a link, or a hard link to one, land inside too', async () => {
    expect(await lines('a -> /etc', 'b -> a', 'b/f', 'h => a', 'h/g')).toEqual([
      'symlink a /etc',
      'symlink b a',
      'file etc/f',
      'hardLink h a',
      'file etc/g',
    ]);
  });

  test('a loop of links, a file as parent and a file in the place of a directory are refused', async () => {
    await expect(lines('a -> b', 'b -> a', 'a/x')).rejects.toThrow('too many levels of symbolic links');
    await expect(lines('a', 'a/x')).rejects.toThrow('a parent is not a directory');
    await expect(lines('d/', 'd/x', 'd')).rejects.toThrow('the place of a directory');
    await expect(lines('d/x', './')).resolves.toHaveLength(2);
  });

  test('that occur twice: the last one counts', async () => {
    expect(await lines('a', 'a -> b', 'a', 'd/', 'd/x', 'd/')).toEqual([
      'file a',
      'symlink a b',
      'file a',
      'directory d',
      'file d/x',
      'directory d',
    ]);
  });

  test('that are too long are refused', async () => {
    await expect(lines('x'.repeat(256))).rejects.toThrow('longer than 255 bytes');
    await expect(lines('x/'.repeat(2100))).rejects.toThrow('longer than 4096 bytes');
  });
});

describe('hard links', () => {
  test('name a file of the same layer', async () => {
    expect(await lines('l -> d', 'd/f', 'a => /l/f', 'b => ./a')).toEqual([
      'symlink l d',
      'file d/f',
      'hardLink a d/f',
      'hardLink b a',
    ]);
  });

  test.each([
    ['to a file outside', ['a => ../../etc/shadow'], 'outside of the image'],
    ['to a file that is not there', ['a => /etc/shadow'], 'no file of this layer'],
    ['to a directory', ['d/', 'a => d'], 'no file of this layer'],
    ['to a whiteout', ['.wh.w', 'a => w'], 'no file of this layer'],
    ['to itself before it exists', ['a => a'], 'no file of this layer'],
  ])('%s are refused', async (_case, spellings, message) => {
    await expect(lines(...spellings)).rejects.toThrow(message);
  });

  test('to themselves say nothing', async () => {
    expect(await lines('a', 'a => a')).toEqual(['file a']);
  });
});

describe('whiteouts', () => {
  test('become devices 0:0, opaque markers an attribute of the directory as it is', async () => {
    const { headers } = await rewrite([
      { name: 'd/.wh.gone' },
      { name: 'd/.wh..wh..opq' },
      { name: 'd/', kind: 'directory', mode: 0o1777, uid: 7 },
    ]);
    expect(headers).toMatchObject([
      { kind: 'characterDevice', name: 'd/gone', deviceMajor: 0, deviceMinor: 0 },
      { kind: 'directory', name: 'd', mode: 0o1777, uid: 7 },
      { kind: 'directory', name: 'd', mode: 0o1777, uid: 7, xattrs: new Map([['trusted.overlay.opaque', 'y']]) },
    ]);
  });

  test('speak of the layers below only: what the layer itself has stays', async () => {
    expect(await lines('f', '.wh.f', 'd/x', '.wh.d', '.wh.e', 'e/')).toEqual([
      'file f',
      'file d/x',
      'characterDevice e',
      'directory e',
      'directory d trusted.overlay.opaque',
      'directory e trusted.overlay.opaque',
    ]);
  });

  test('of the root hide all layers below', async () => {
    const { facts, headers } = await rewrite([member('.wh..wh..opq')]);
    expect(facts.hidesBelow).toBe(true);
    expect(headers).toEqual([]);
  });

  test('through a link stay inside', async () => {
    expect(await lines('l -> /etc', 'l/.wh.passwd', 'l/.wh..wh..opq')).toEqual([
      'symlink l /etc',
      'characterDevice etc/passwd',
      'directory etc trusted.overlay.opaque',
    ]);
  });

  test.each(['.wh.', '.wh..', '.wh...', 'd/.wh...', '.wh.a/b'])('tricks are refused: %s', async (name) => {
    await expect(lines(name)).rejects.toMatchObject({ code: 'image-layer-unsafe' });
  });

  test('bookkeeping of AUFS is left out', async () => {
    expect(await lines('.wh..wh.plnk/', '.wh..wh.plnk/1.2', '.wh..wh.aufs', 'a')).toEqual(['file a']);
  });
});

describe('attributes', () => {
  test('setuid, owners, devices, times and capabilities stay as they are', async () => {
    const capability = '\x01\x00\x00\x02\xff\x80\x0a\x00\x3d';
    const { headers, bodies } = await rewrite([
      {
        name: 'ping',
        mode: 0o6755,
        uid: 4_000_000_000,
        gid: 5,
        modifiedAt: '1.5',
        body: 'elf',
        xattrs: new Map([['security.capability', capability]]),
      },
      { name: 'null', kind: 'characterDevice', deviceMajor: 1, deviceMinor: 3, mode: 0o666 },
      { name: 'pipe', kind: 'fifo' },
    ]);
    expect(headers).toMatchObject([
      {
        mode: 0o6755,
        uid: 4_000_000_000,
        gid: 5,
        modifiedAt: '1.5',
        xattrs: new Map([['security.capability', capability]]),
      },
      { kind: 'characterDevice', deviceMajor: 1, deviceMinor: 3 },
      { kind: 'fifo' },
    ]);
    expect(bodies[0]).toBe('elf');
  });

  test("overlayfs' own attributes and those of security modules are dropped", async () => {
    const names = [
      'trusted.overlay.redirect',
      'trusted.overlay.opaque',
      'user.overlay.opaque',
      'security.selinux',
      'user.mine',
    ];
    const { headers } = await rewrite([{ name: 'a', xattrs: new Map(names.map((name) => [name, 'v'])) }]);
    expect([...(headers[0]?.xattrs.keys() ?? [])]).toEqual(['user.mine']);
  });
});

describe('bounds', () => {
  test('on the number of entries', async () => {
    await expect(rewrite(['a', 'b', 'c'].map(member), { maxEntries: 2 })).rejects.toThrow('more than 2 entries');
  });
  test('on the bytes of all files, judged by the headers', async () => {
    const files = ['a', 'b'].map((name) => ({ name, body: 'x'.repeat(600) }));
    await expect(rewrite(files, { maxBytes: 1000 })).rejects.toThrow('more than 1000 bytes');
  });
});

/** Names from few parts, so that entries meet: links, parents, whiteouts, ways out. */
const part = fc.constantFrom('a', 'b', 'c', '..', '.', '', '.wh.a', '.wh.b', '.wh..wh..opq', '.wh...', 'etc');
const name = fc.array(part, { minLength: 1, maxLength: 5 }).map((parts) => parts.join('/'));
const hostile = fc.record({
  name,
  kind: fc.constantFrom('file', 'directory', 'symlink', 'symlink', 'hardLink', 'characterDevice', 'fifo'),
  linkName: fc.oneof(
    name,
    name.map((target) => `/${target}`),
    fc.constant('../../../../tmp'),
  ),
}) as fc.Arbitrary<Member>;

test('no entry leads through a link or out of the root, whatever the archive says', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(hostile, { maxLength: 14 }), async (members) => {
      const outcome = await rewrite(members).catch((error: unknown) => error);
      if (outcome instanceof Error) {
        expect(outcome).toMatchObject({ code: 'image-layer-unsafe' });
        return;
      }
      const links = new Set<string>();
      for (const { name: path, kind, linkName } of (outcome as Awaited<ReturnType<typeof rewrite>>).headers) {
        if (path === './') continue;
        for (const place of kind === 'hardLink' ? [path, linkName] : [path]) {
          const parts = place.split('/');
          expect(parts.some((each) => ['', '.', '..'].includes(each) || each.startsWith('.wh.'))).toBe(false);
          expect(parts.slice(0, -1).some((_, at) => links.has(parts.slice(0, at + 1).join('/')))).toBe(false);
        }
        if (kind === 'symlink' || (kind === 'hardLink' && links.has(linkName))) links.add(path);
        else links.delete(path);
      }
    }),
    { numRuns: 1500 },
  );
});
