import { describe, expect, test } from 'vitest';
import {
  desiredReplicas,
  heartbeatPeriodMs,
  limits,
  maxConcurrent,
  reservations,
  restartPolicy,
  rollbackPolicy,
  serviceModeKind,
  stopGraceMs,
  taskHistoryLimit,
  taskNetworks,
  updatePolicy,
} from '../index.ts';

describe('defaults of', () => {
  test('an absent restart policy', () => {
    expect(restartPolicy({})).toEqual({ condition: 'any', delayMs: 5000, maxAttempts: 0, windowMs: 0 });
    expect(restartPolicy({ RestartPolicy: { Delay: 0 } }).delayMs).toBe(0);
  });

  test('an absent and an empty update config differ in parallelism only', () => {
    const rules = { delayMs: 0, failureAction: 'pause', monitorMs: 5000, maxFailureRatio: 0, order: 'stop-first' };
    expect(updatePolicy({})).toEqual({ parallelism: 1, ...rules });
    expect(rollbackPolicy({ RollbackConfig: {} })).toEqual({ parallelism: 0, ...rules });
  });

  test('the modes', () => {
    expect(desiredReplicas({})).toBe(1);
    expect(desiredReplicas({ Mode: { Replicated: { Replicas: 0 } } })).toBe(0);
    expect(desiredReplicas({ Mode: { Global: {} } })).toBe(0);
    const job = { Mode: { ReplicatedJob: { MaxConcurrent: 3 } } };
    expect([serviceModeKind(job), desiredReplicas(job), maxConcurrent(job)]).toEqual(['replicated-job', 3, 3]);
    expect(serviceModeKind({ Mode: { GlobalJob: {} } })).toBe('global-job');
  });

  test('grace, resources and networks', () => {
    expect(stopGraceMs({})).toBe(10_000);
    expect(stopGraceMs({ StopGracePeriod: 0 })).toBe(0);
    expect(stopGraceMs({ StopGracePeriod: -1 })).toBe(0);
    expect(reservations({})).toEqual({ nanoCpus: 0, memoryBytes: 0, generic: [] });
    expect(limits({ Resources: { Limits: { Pids: 5 } } })).toEqual({ nanoCpus: 0, memoryBytes: 0, pids: 5 });
    expect(taskNetworks({ Networks: [{ Target: 'a' }] })).toEqual([{ Target: 'a' }]);
  });

  test('the swarm', () => {
    expect(taskHistoryLimit({})).toBe(0);
    expect(heartbeatPeriodMs({})).toBe(5000);
    expect(heartbeatPeriodMs({ Dispatcher: { HeartbeatPeriod: 1_000_000 } })).toBe(1);
  });
});
