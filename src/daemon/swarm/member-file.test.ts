import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { NodeId } from '../../model/index.ts';
import { readMember, writeMember } from './member-file.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'ruche-member-'));
});
afterEach(() => rm(directory, { recursive: true }));

const member = {
  nodeId: 'n'.repeat(25) as NodeId,
  advertiseHost: '10.0.0.1',
  advertisePort: 2377,
  listenHost: '0.0.0.0',
  listenPort: 2377,
};

test('a member is read as it was written; without a file the node is none', async () => {
  const path = join(directory, 'member.json');
  expect(await readMember(path)).toBeUndefined();
  await writeMember(path, member);
  expect(await readMember(path)).toEqual(member);
});

test.each([
  '',
  '{"version":1',
  '{"version":2}',
  '{"version":1,"nodeId":"x"}',
  '[]',
])('%j is refused with the file’s name', async (text) => {
  const path = join(directory, 'member.json');
  await writeFile(path, text);
  await expect(readMember(path)).rejects.toThrow(path);
});
