import { describe, expect, test } from 'vitest';
import type { ContainerId } from '../../../model/index.ts';
import { type ContainerPhase, type ContainerRecord, decodeRecord, encodeRecord, RECORD_VERSION } from './record.ts';
import { decideRecovery, type Findings } from './recovery.ts';

const BOOT = 'boot-1';
const record = (state: ContainerPhase): ContainerRecord => ({
  version: RECORD_VERSION,
  id: 'a'.repeat(64) as ContainerId,
  name: 'c',
  createdAt: '2026-01-01T00:00:00Z',
  image: { id: 'sha256:1', reference: 'i', layers: ['/l'], config: {} },
  create: { Image: 'i', HostConfig: { Memory: 2n ** 53n } },
  args: ['true'],
  env: [],
  hostname: 'c',
  user: { uid: 0, gid: 0, additionalGids: [], home: '/' },
  stopSignal: 'SIGTERM',
  mounts: [],
  log: { driver: 'json-file', maxSizeBytes: 1, maxFiles: 1 },
  state,
});
const nothing: Findings = {
  isSameBoot: true,
  isMonitorAlive: false,
  exit: undefined,
  oomKilled: false,
  runc: undefined,
  monitor: undefined,
  now: 5_000_000,
  bootedAtMs: 1_000_000,
};
const monitor = { pid: 7, startTicks: '9' };
const running = { kind: 'running', startedAt: '1970-01-01T00:00:01Z', bootId: BOOT, pid: 8, monitor } as const;
const starting = { kind: 'starting', bootId: BOOT, at: '1970-01-01T00:00:01Z' } as const;
const exit = { code: 42, atNs: 2_500_000_000n };
const decide = (state: ContainerPhase, found: Partial<Findings>) =>
  decideRecovery(record(state), { ...nothing, ...found }, BOOT);

describe('what becomes of a container', () => {
  test.each([{ kind: 'creating' }, { kind: 'removing' }] as const)('$kind: finished off', (phase) => {
    expect(decide(phase, {})).toEqual({ kind: 'discard' });
  });

  test('created and exited stay, whatever else is found', () => {
    for (const phase of [
      { kind: 'created' },
      { kind: 'exited', startedAt: 'x', finishedAt: 'y', exitCode: 3, oomKilled: false },
    ] as const)
      expect(decide(phase, { exit })).toEqual({ kind: 'keep', phase });
  });

  test('running with its monitor alive: adopted as it is', () => {
    expect(decide(running, { isMonitorAlive: true })).toEqual({ kind: 'keep', phase: running });
  });

  test('running, ended meanwhile: the true code, time and verdict, also across a restart of the machine', () => {
    for (const isSameBoot of [true, false])
      expect(decide(running, { exit, oomKilled: true, isSameBoot })).toEqual({
        kind: 'become',
        clean: true,
        phase: {
          kind: 'exited',
          startedAt: running.startedAt,
          finishedAt: '1970-01-01T00:00:02.5Z',
          exitCode: 42,
          oomKilled: true,
        },
      });
  });

  test('running, monitor gone without a word: 255, why, and cleaned', () => {
    expect(decide(running, {})).toMatchObject({
      clean: true,
      phase: {
        exitCode: 255,
        error: expect.stringContaining('monitor was killed'),
        finishedAt: '1970-01-01T01:23:20Z',
      },
    });
  });

  test('running before a restart of the machine: 255 at the time of the restart at the latest', () => {
    expect(decide(running, { isSameBoot: false, isMonitorAlive: true })).toMatchObject({
      phase: {
        exitCode: 255,
        error: expect.stringContaining('machine was restarted'),
        finishedAt: '1970-01-01T00:16:40Z',
      },
    });
  });

  test('starting: adopted if it runs, recorded if it ran, otherwise as if never started', () => {
    expect(decide(starting, { monitor, runc: { status: 'running', pid: 8 } })).toEqual({
      kind: 'become',
      clean: false,
      phase: { ...running, startedAt: starting.at },
    });
    expect(decide(starting, { exit })).toMatchObject({ clean: true, phase: { kind: 'exited', exitCode: 42 } });
    for (const found of [
      {},
      { monitor, runc: { status: 'created', pid: 8 } },
      { isSameBoot: false, monitor, runc: { status: 'running', pid: 8 } },
    ])
      expect(decide(starting, found)).toEqual({ kind: 'become', clean: true, phase: { kind: 'created' } });
  });
});

test('a record survives its encoding; one of another version is refused', () => {
  const before = record(running);
  const text = encodeRecord(before);
  expect(decodeRecord(text, '/p')).toEqual({ ...before, create: { Image: 'i', HostConfig: { Memory: 2 ** 53 } } });
  expect(() => decodeRecord(text.replace('"version":1', '"version":2'), '/p')).toThrow('/p has format 2');
});
