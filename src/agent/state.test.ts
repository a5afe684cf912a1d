import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { ManualClock } from '../base/index.ts';
import { fence, NODE, silentLog, task, template } from './agent-world.ts';
import { type AgentRecord, decodeRecord, encodeRecord, readRecord } from './state.ts';
import { fileStateStorage } from './state-file.ts';
import { StateSaver } from './state-saver.ts';

const record: AgentRecord = {
  nodeId: NODE,
  bootId: 'b',
  fence: fence(3),
  tasks: [{ assigned: task('t1'), isAcknowledged: true }],
  templates: [template({ StopGracePeriod: 2n ** 60n })],
};

const directories: string[] = [];

afterEach(async () => {
  for (const directory of directories.splice(0)) await rm(directory, { recursive: true });
});

describe('the record', () => {
  test('comes back as it was, big integers too, but for credentials', () => {
    const secret = {
      ...record,
      templates: record.templates.map((one) => ({ ...one, Credentials: { RegistryAuth: 'x' } })),
    };
    expect(decodeRecord(encodeRecord(record))).toStrictEqual(record);
    expect(decodeRecord(encodeRecord(secret))).toStrictEqual(record);
  });

  test('of another version, cut or damaged is refused with what to do', () => {
    const bytes = encodeRecord(record);
    const newer = Uint8Array.from(bytes);
    newer[4] = 2;
    const damaged = Uint8Array.from(bytes);
    damaged[40] = (damaged[40] ?? 0) ^ 4;
    expect(() => decodeRecord(newer)).toThrow(/version 2.*use a newer one/);
    expect(() => decodeRecord(damaged)).toThrow(/move it away/);
    for (const length of [1, 8, 9, bytes.length - 1])
      expect(() => decodeRecord(bytes.subarray(0, length))).toThrow(/move it away/);
  });
});

describe('the file', () => {
  test('is absent at first, then holds the last record, for its owner only', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'ruche-agent-'));
    directories.push(directory);
    const path = join(directory, 'agent');
    const storage = fileStateStorage(path);
    expect(await readRecord(storage)).toBeUndefined();
    await storage.replace(encodeRecord(record));
    await storage.replace(encodeRecord({ ...record, bootId: 'c' }));
    expect((await readRecord(storage))?.bootId).toBe('c');
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(await readdir(directory)).toEqual(['agent']);
  });
});

describe('saving', () => {
  function saver() {
    const writes: Array<() => void> = [];
    const clock = new ManualClock();
    const replace = () => new Promise<void>((resolve) => writes.push(resolve));
    const storage = { read: () => Promise.resolve(undefined), replace };
    return { clock, writes, saver: new StateSaver(storage, () => record, clock, silentLog) };
  }
  const settled = () => new Promise((resolve) => setImmediate(resolve));

  test('one write at a time, one for all who asked before it began', async () => {
    const { saver: state, writes } = saver();
    const first = Promise.all([state.save(), state.save()]);
    await settled();
    const second = Promise.all([state.save(), state.save(), state.save()]);
    await settled();
    expect(writes).toHaveLength(1);
    writes[0]?.();
    await first;
    await settled();
    expect(writes).toHaveLength(2);
    writes[1]?.();
    await second;
    await settled();
    expect(writes).toHaveLength(2);
  });

  test('what nobody waits for is written soon, together', async () => {
    const { saver: state, writes, clock } = saver();
    state.touch();
    state.touch();
    await settled();
    expect(writes).toHaveLength(0);
    clock.advance(1000);
    await settled();
    expect(writes).toHaveLength(1);
    writes[0]?.();
    await state.close();
  });
});
