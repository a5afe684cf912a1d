import { describe, expect, test } from 'vitest';
import { acceptInit, acceptSettings, availabilityOf } from './spec.ts';

describe('acceptInit', () => {
  test('lays what is given over the defaults', () => {
    const { Spec, Availability } = acceptInit({ Spec: { Orchestration: { TaskHistoryRetentionLimit: 2 } } }, 51);
    expect(Spec).toMatchObject({
      Name: 'default',
      Orchestration: { TaskHistoryRetentionLimit: 2 },
      Raft: { SnapshotInterval: 10_000, ElectionTick: 10 },
    });
    expect(Availability).toBe('active');
  });

  test.each([
    [{ AutoLockManagers: true }, 'EncryptionConfig.AutoLockManagers (locking managers) is not implemented yet'],
    [
      { Spec: { CAConfig: { ExternalCAs: [{ Protocol: 'cfssl', URL: 'https://ca.example' }] } } },
      'CAConfig.ExternalCAs (external certificate authorities) is not implemented yet',
    ],
    [{ DataPathPort: 80 }, 'Datapath port number is not in valid range (1024-49151) : 80'],
  ])('%j is refused', (request, message) => {
    expect(() => acceptInit(request, 51)).toThrow(message);
  });
});

test('settings that an update leaves out become zero', () => {
  expect(acceptSettings({ Orchestration: { TaskHistoryRetentionLimit: 3 } }, 51)).toMatchObject({
    Name: 'default',
    Orchestration: { TaskHistoryRetentionLimit: 3 },
  });
  expect(() => acceptSettings({ CAConfig: { ForceRotate: 1 } }, 51)).toThrow('is not implemented yet');
});

test('a wrong setting is told as wrong, not as missing', () => {
  expect(() => acceptSettings({ Name: 'other', EncryptionConfig: { AutoLockManagers: true } }, 51)).toThrow(
    'swarm spec must be named "default"',
  );
});

test('an availability is read without case; the CLI sends an empty one', () => {
  expect([availabilityOf(undefined), availabilityOf(''), availabilityOf('DRAIN')]).toEqual([
    'active',
    'active',
    'drain',
  ]);
  expect(() => availabilityOf('x')).toThrow('invalid Availability: "x"');
});
