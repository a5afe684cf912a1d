import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { lockState } from './state-lock.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'ruche-lock-'));
});
afterEach(() => rm(directory, { recursive: true }));

test('a second daemon on the same state is refused with the process that holds it', async () => {
  const release = await lockState(directory);
  await expect(lockState(directory)).rejects.toThrow(`process ${process.pid}`);
  expect(await readdir(directory)).toEqual(['daemon.lock']);
  await release();
  await (await lockState(directory))();
  expect(await readdir(directory)).toEqual([]);
});

test('of several that start at once one gets the lock', async () => {
  const tries = await Promise.allSettled(Array.from({ length: 8 }, () => lockState(directory)));
  expect(tries.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
});

test.each([
  '',
  '999999 1-boot\n',
  `${process.pid} 1-another-boot\n`,
])('a lock that nobody holds (%j) is replaced', async (left) => {
  await writeFile(join(directory, 'daemon.lock'), left);
  await (await lockState(directory))();
});
