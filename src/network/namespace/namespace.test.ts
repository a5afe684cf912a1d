import { access, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { makeNamespace, type RunProgram, removeNamespace } from './namespace.ts';

const { signal } = new AbortController();
let directory = '';
let ran: string[] = [];
const run: RunProgram = async (file, args) => {
  ran.push([file, ...args].join(' '));
  return { code: 0, stderr: '' };
};

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'ruche-netns-'));
  ran = [];
});
afterEach(() => rm(directory, { recursive: true, force: true }));

test('a namespace is made with loopback up', async () => {
  expect(await makeNamespace('task1', signal, run, directory)).toBe(join(directory, 'task1'));
  expect(ran).toEqual(['ip netns add task1', 'ip -n task1 link set lo up']);
});

test('a name without namespace, left by a making that was cut short, is made anew', async () => {
  const path = join(directory, 'task1');
  await writeFile(path, '');
  await makeNamespace('task1', signal, run, directory);
  expect(ran).toEqual(['ip netns add task1', 'ip -n task1 link set lo up']);
  await expect(access(path)).rejects.toMatchObject({ code: 'ENOENT' });
});

test('what is gone is not removed again; what ip says is told', async () => {
  await removeNamespace('task1', signal, run, directory);
  expect(ran).toEqual([]);
  const failing: RunProgram = async () => ({ code: 1, stderr: 'no room\n' });
  await expect(makeNamespace('task1', signal, failing, directory)).rejects.toMatchObject({
    code: 'network-namespace-failed',
    facts: { why: 'no room' },
  });
  await expect(makeNamespace('../etc', signal, run, directory)).rejects.toMatchObject({
    code: 'network-namespace-name-invalid',
  });
});
