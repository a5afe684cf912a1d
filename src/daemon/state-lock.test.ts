import { mkdtemp, rm, writeFile } from 'node:fs/promises';
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
  await release();
  await (await lockState(directory))();
});

test.each([
  '',
  '999999 1-boot\n',
  `${process.pid} 1-another-boot\n`,
])('a lock that nobody holds (%j) is replaced', async (left) => {
  await writeFile(join(directory, 'daemon.lock'), left);
  await (await lockState(directory))();
});
