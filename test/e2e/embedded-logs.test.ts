import { readdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { EmbeddedEngine } from '../../src/engine/embedded/index.ts';
import type { ContainerLogOptions } from '../../src/engine/index.ts';
import type { ContainerId } from '../../src/model/index.ts';
import {
  type EngineDirectories,
  freshName,
  makeDirectories,
  openEngine,
  removeDirectories,
  soon,
} from './harness/embedded.ts';

let directories: EngineDirectories;
let engine: EmbeddedEngine;

beforeAll(async () => {
  directories = makeDirectories();
  engine = await openEngine(directories);
});
afterAll(async () => {
  for (const { Id } of engine.listContainerSummaries({ all: true, filters: {} }) as ReadonlyArray<{ Id: string }>)
    await engine.removeContainer(engine.findContainer(Id), soon());
  await engine.close();
  removeDirectories(directories);
});

async function ended(
  command: string,
  config: Readonly<Record<string, string>> = {},
  type = 'json-file',
): Promise<ContainerId> {
  const LogConfig = { Type: type, Config: config };
  const id = await engine.createContainer(
    freshName(),
    { Image: 'busybox', Cmd: ['sh', '-c', command], HostConfig: { LogConfig } },
    { signal: soon() },
  );
  await engine.startContainer(id, soon());
  await engine.waitContainer(id, 'not-running', soon());
  return id;
}

async function read(
  id: ContainerId,
  options: Partial<ContainerLogOptions> = {},
): Promise<Array<{ stream: string; at: string; text: string }>> {
  const records = [];
  for await (const { stream, at, bytes } of engine.logs(
    id,
    { stdout: true, stderr: true, follow: false, ...options },
    soon(),
  ))
    records.push({ stream, at, text: Buffer.from(bytes).toString() });
  return records;
}

const texts = async (id: ContainerId, options: Partial<ContainerLogOptions> = {}): Promise<string[]> =>
  (await read(id, options)).map(({ text }) => text);

test('streams, times and the last lines', async () => {
  const id = await ended('for i in 1 2 3 4 5; do echo o$i; sleep 0.01; echo e$i >&2; sleep 0.01; done');
  const all = await read(id);
  expect(all.map(({ text }) => text)).toEqual([
    'o1\n',
    'e1\n',
    'o2\n',
    'e2\n',
    'o3\n',
    'e3\n',
    'o4\n',
    'e4\n',
    'o5\n',
    'e5\n',
  ]);
  expect(all.map(({ at }) => at)).toEqual(all.map(({ at }) => at).toSorted());
  expect(all[0]?.at).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{1,9}Z$/);
  expect(await texts(id, { stderr: false, tail: 2 })).toEqual(['o4\n', 'o5\n']);
  expect(await texts(id, { tail: 0 })).toEqual([]);
  expect(await texts(id, { tail: 100 })).toHaveLength(10);
  expect(await texts(id, { since: all[7]?.at ?? '' })).toEqual(['e4\n', 'o5\n', 'e5\n']);
  expect(await texts(id, { until: all[1]?.at ?? '' })).toEqual(['o1\n', 'e1\n']);
  await expect(texts(id, { since: 'yesterday' })).rejects.toMatchObject({ code: 'container-log-option-invalid' });
});

test('a long line is one record, an unfinished one has no newline', async () => {
  const id = await ended('head -c 100000 /dev/zero | tr "\\0" x; echo; printf rest'.replace('tr "\\0" x', 'cat'));
  const lines = await texts(id);
  expect(lines.map((line) => line.length)).toEqual([100_001, 4]);
  expect(lines[1]).toBe('rest');
});

test('following ends with the container and misses nothing', async () => {
  const id = await engine.createContainer(
    freshName(),
    { Image: 'busybox', Cmd: ['sh', '-c', 'for i in $(seq 200); do echo $i; done; sleep 0.05; echo last'] },
    { signal: soon() },
  );
  const following = texts(id, { follow: true });
  await engine.startContainer(id, soon());
  const lines = await following;
  expect(lines).toHaveLength(201);
  expect(lines.at(-1)).toBe('last\n');
});

test('a log that is rotated again and again keeps its newest files, whole and in order', async () => {
  // 400 000 lines are 17 MB of log: eight files of 2 MB, of which three stay.
  const id = await ended('seq 1000000 1399999', { 'max-size': '2m', 'max-file': '3' });
  const numbers = (await texts(id)).map(Number);
  expect(numbers.at(-1)).toBe(1_399_999);
  expect(numbers.every((value, index) => index === 0 || value === (numbers[index - 1] ?? 0) + 1)).toBe(true);
  // At least the two full ones.
  expect(numbers.length).toBeGreaterThan(60_000);
  const { LogPath } = (await engine.inspectContainer(id, soon())) as unknown as { LogPath: string };
  expect(readdirSync(dirname(LogPath)).filter((name) => /^log\.\d+$/.test(name)).length).toBeLessThanOrEqual(3);
  expect(await texts(id, { tail: 3 })).toEqual(['1399997\n', '1399998\n', '1399999\n']);
  expect(await texts(id, { tail: 50_000 })).toHaveLength(50_000);
});

test('a follower sees every line across rotations', async () => {
  const LogConfig = { Type: 'json-file', Config: { 'max-size': '10m', 'max-file': '20' } };
  const id = await engine.createContainer(
    freshName(),
    { Image: 'busybox', Cmd: ['seq', '1000000', '1999999'], HostConfig: { LogConfig } },
    { signal: soon() },
  );
  const following = texts(id, { follow: true });
  await engine.startContainer(id, soon());
  const numbers = (await following).map(Number);
  expect(numbers).toHaveLength(1_000_000);
  expect(numbers.every((value, index) => value === 1_000_000 + index)).toBe(true);
});

test('driver none keeps nothing and says so; unknown drivers and options are refused by name', async () => {
  const id = await ended('echo lost', {}, 'none');
  expect(() => engine.logs(id, { stdout: true, stderr: true, follow: false }, soon())).toThrow(
    'configured logging driver does not support reading',
  );
  await expect(ended('true', {}, 'syslog')).rejects.toThrow(/LogConfig.Type=syslog/);
  await expect(ended('true', { labels: 'x' })).rejects.toThrow(/LogConfig.Config.labels=x/);
});
