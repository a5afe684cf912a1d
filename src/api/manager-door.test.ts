import { describe, expect, test } from 'vitest';
import type { Outcome, Transaction } from '../store/index.ts';
import { commit, managerOf } from './manager-door.ts';
import type { ManagerPort, SwarmControl, SwarmMembership } from './ports.ts';

const swarm = (membership: SwarmMembership, manager?: Partial<ManagerPort>) =>
  ({ membership: () => membership, manager: () => manager }) as unknown as SwarmControl; // what the door asks

describe('managerOf', () => {
  test.each<[SwarmMembership, string]>([
    [{ kind: 'inactive' }, 'Use "docker swarm init" or "docker swarm join"'],
    [{ kind: 'pending' }, 'Manager is being prepared'],
    [{ kind: 'locked' }, 'Swarm is encrypted'],
    [{ kind: 'error', error: 'x', certificatesExpired: true }, 'Swarm certificates have expired'],
    [
      { kind: 'active', role: 'worker', nodeId: 'n' as never, nodeAddr: '', remoteManagers: [] },
      "Worker nodes can't be used to view or modify cluster state",
    ],
  ])('%j is unavailable, and says why', (membership, message) => {
    expect(() => managerOf(swarm(membership))).toThrow(
      expect.objectContaining({ kind: 'unavailable', message: expect.stringContaining(message) }),
    );
  });
});

describe('commit', () => {
  const nothing: Transaction = { preconditions: [], changes: [] };
  const signal = new AbortController().signal;
  const answering = (...outcomes: readonly Outcome[]) => {
    const left = [...outcomes];
    let asked = 0;
    const update = async (build: (view: never) => Transaction) => {
      asked += 1;
      build(undefined as never);
      return left.shift() ?? outcomes.at(-1);
    };
    return { control: swarm({ kind: 'inactive' }, { update } as Partial<ManagerPort>), asked: () => asked };
  };
  const lost = (kind: 'version' | 'revision'): Outcome => ({
    applied: false,
    index: 1,
    failed:
      kind === 'version' ? { kind, table: 'node', id: 'n', index: 1 } : { kind, table: 'node', id: 'n', revision: 1 },
  });

  test('a lost race is decided again', async () => {
    const { control, asked } = answering(lost('revision'), { applied: true, index: 2 });
    expect(await commit(control, signal, 'the node', () => nothing)).toEqual({ applied: true, index: 2 });
    expect(asked()).toBe(2);
  });

  test('a stale version is the client’s', async () => {
    const { control } = answering(lost('version'));
    await expect(commit(control, signal, 'the node', () => nothing)).rejects.toThrow(
      'rpc error: code = Unknown desc = update out of sequence',
    );
  });

  test('a race that is lost again and again ends', async () => {
    const { control, asked } = answering(lost('revision'));
    await expect(commit(control, signal, 'the node', () => nothing)).rejects.toThrow(
      'the node was changed by somebody',
    );
    expect(asked()).toBe(10);
  });
});
