import { Readable } from 'node:stream';
import fc from 'fast-check';
import { pack } from 'tar-stream';
import { describe, expect, test } from 'vitest';
import { archiveOf, inPieces, membersOf } from '../testing/archive.ts';
import { BLOCK_BYTES } from './header.ts';

const bytes = (max: number) => fc.stringMatching(new RegExp(`^[\\x01-\\xff]{1,${max}}$`));
const header = fc.record({
  name: bytes(300),
  mode: fc.integer({ min: 0, max: 0o7777 }),
  uid: fc.integer({ min: 0, max: 2 ** 32 - 2 }),
  gid: fc.integer({ min: 0, max: 2 ** 32 - 2 }),
  modifiedAt: fc.oneof(fc.nat().map(String), fc.constant('1234.5678')),
  xattrs: fc
    .dictionary(fc.stringMatching(/^user\.[a-z]{1,5}$/), bytes(50))
    .map((each) => new Map(Object.entries(each))),
  body: fc.string({ maxLength: 2000 }),
});

test('what was written is read, whatever the bytes of names and attributes', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(header, { maxLength: 5 }), fc.integer({ min: 1, max: 3000 }), async (members, size) => {
      const files = members.map((member) => ({ ...member, name: member.name.replace(/\/+$/, '') || 'f' }));
      const read = await membersOf(inPieces(archiveOf(files), size));
      expect(read.map(({ header: { sizeBytes: _, ...rest }, body }) => ({ ...rest, body }))).toEqual(
        files.map((file) => ({
          ...file,
          kind: 'file',
          linkName: '',
          deviceMajor: 0,
          deviceMinor: 0,
          body: Buffer.from(file.body).toString('latin1'),
        })),
      );
    }),
    { numRuns: 60 },
  );
});

test('archives of another writer are read', async () => {
  const other = pack();
  const long = `${'d'.repeat(120)}/${'f'.repeat(120)}`;
  other.entry({ name: 'dir', type: 'directory', mode: 0o700 });
  other.entry({ name: long, mode: 0o4755, uid: 1000, gid: 50 }, 'body');
  other.entry({ name: 'link', type: 'symlink', linkname: long });
  other.entry({ name: 'null', type: 'character-device', devmajor: 1, devminor: 3 });
  other.finalize();
  const read = await membersOf(Readable.from(other));
  expect(
    read.map(({ header: { name, kind, mode, linkName, deviceMajor, deviceMinor } }) => [
      name,
      kind,
      mode & 0o7000,
      linkName,
      deviceMajor,
      deviceMinor,
    ]),
  ).toEqual([
    ['dir', 'directory', 0, '', 0, 0],
    [long, 'file', 0o4000, '', 0, 0],
    ['link', 'symlink', 0, long, 0, 0],
    ['null', 'characterDevice', 0, '', 1, 3],
  ]);
  expect(read[1]?.body).toBe('body');
});

test('a body that an old writer gave to a directory is passed over', async () => {
  const read = await membersOf(inPieces(archiveOf([{ name: 'dir/', body: 'x'.repeat(600) }, { name: 'after' }])));
  expect(read.map(({ header: { name, kind, sizeBytes } }) => [name, kind, sizeBytes])).toEqual([
    ['dir/', 'directory', 0],
    ['after', 'file', 0],
  ]);
});

describe('a broken archive is refused', () => {
  const good = archiveOf([{ name: 'a', body: 'x'.repeat(600) }]);
  const read = (archive: Buffer) => membersOf(inPieces(archive));

  test('cut in its header or body', async () => {
    for (const length of [100, BLOCK_BYTES, BLOCK_BYTES + 599]) {
      await expect(read(good.subarray(0, length))).rejects.toThrow('invalid archive: unexpected EOF');
    }
  });
  test('with a wrong checksum', async () => {
    const broken = Buffer.from(good);
    broken[0] = 0x62;
    await expect(read(broken)).rejects.toThrow('wrong checksum');
  });
  test('with a pax record that claims more than there is', async () => {
    const pax = archiveOf([{ name: 'n'.repeat(150) }]);
    pax.write('999', BLOCK_BYTES, 'latin1');
    await expect(read(pax)).rejects.toThrow('broken record');
  });
  test('with an endless row of extended headers', async () => {
    const one = archiveOf([{ name: 'n'.repeat(150) }]).subarray(0, 2 * BLOCK_BYTES);
    await expect(read(Buffer.concat(Array.from({ length: 50 }, () => one)))).rejects.toThrow(
      'too many extended headers',
    );
  });
});

test('random damage is either read or refused, and never hangs', async () => {
  const good = archiveOf([
    { name: 'n'.repeat(150), xattrs: new Map([['user.a', 'b']]), body: 'body' },
    { name: 'link', kind: 'symlink', linkName: 'l'.repeat(150) },
    { name: 'dir/', kind: 'directory' },
  ]);
  const damage = fc.array(fc.tuple(fc.nat(good.length - 1), fc.integer({ min: 0, max: 255 })), {
    minLength: 1,
    maxLength: 8,
  });
  await fc.assert(
    fc.asyncProperty(damage, fc.nat(good.length), async (changes, length) => {
      const damaged = Buffer.from(good.subarray(0, length));
      for (const [at, value] of changes) if (at < damaged.length) damaged[at] = value;
      const outcome = await membersOf(inPieces(damaged)).catch((error: unknown) => error);
      if (!Array.isArray(outcome)) expect(outcome).toMatchObject({ code: 'image-archive-invalid' });
    }),
    { numRuns: 300 },
  );
});
