import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { replaceFile } from './durable.ts';

let directory = '';
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'ruche-files-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

test('a file is made and replaced whole, readable for its owner only, and leaves nothing beside it', async () => {
  const path = join(directory, 'state');
  await replaceFile(path, 'a long first content');
  await replaceFile(path, Buffer.from('second'));
  expect(await readFile(path, 'utf8')).toBe('second');
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  expect(await readdir(directory)).toEqual(['state']);
});

test('the draft of a write that a crash cut short is of no effect on the next', async () => {
  const path = join(directory, 'state');
  await writeFile(join(directory, '.state.new'), 'half a dra');
  await replaceFile(path, 'whole');
  expect(await readFile(path, 'utf8')).toBe('whole');
  expect(await readdir(directory)).toEqual(['state']);
});

test('a write that fails leaves the content before', async () => {
  const path = join(directory, 'state');
  await replaceFile(path, 'before');
  // A directory in the draft's place can't be opened for writing.
  await mkdir(join(directory, '.state.new'));
  await expect(replaceFile(path, 'after')).rejects.toMatchObject({ code: 'EISDIR' });
  expect(await readFile(path, 'utf8')).toBe('before');
});
