import { msOf } from '../duration.ts';
import type { ContainerSpec, GenericResource } from './container-spec.ts';
import type { ServiceSpec, TaskSpec, UpdateConfig } from './service-spec.ts';

/** Swarm's defaults (behaviour reference 1.9), for blocks and fields that a spec leaves out. */
const DEFAULT_RESTART_DELAY_MS = 5_000;
const DEFAULT_MONITOR_MS = 5_000;
const DEFAULT_STOP_GRACE_MS = 10_000;

export type ServiceModeKind = 'replicated' | 'global' | 'replicated-job' | 'global-job';

export function serviceModeKind(spec: ServiceSpec): ServiceModeKind {
  if (spec.Mode?.Global !== undefined) return 'global';
  if (spec.Mode?.ReplicatedJob !== undefined) return 'replicated-job';
  return spec.Mode?.GlobalJob === undefined ? 'replicated' : 'global-job';
}

/** Slots that a replicated service shall have; for a replicated job the completions that it shall reach. 0 for global modes. */
export function desiredReplicas(spec: ServiceSpec): number {
  const job = spec.Mode?.ReplicatedJob;
  if (job !== undefined) return Number(job.TotalCompletions ?? maxConcurrent(spec));
  return serviceModeKind(spec) === 'replicated' ? Number(spec.Mode?.Replicated?.Replicas ?? 1) : 0;
}

/** Tasks of a replicated job that may run at once. */
export function maxConcurrent(spec: ServiceSpec): number {
  return Number(spec.Mode?.ReplicatedJob?.MaxConcurrent ?? 1);
}

export interface RestartRules {
  readonly condition: 'none' | 'on-failure' | 'any';
  readonly delayMs: number;
  /** 0 = without limit. */
  readonly maxAttempts: number;
  /** 0 = all attempts count. */
  readonly windowMs: number;
}

export function restartPolicy(spec: TaskSpec): RestartRules {
  const given = spec.RestartPolicy ?? {};
  return {
    condition: given.Condition ?? 'any',
    delayMs: given.Delay === undefined ? DEFAULT_RESTART_DELAY_MS : msOf(given.Delay),
    maxAttempts: Number(given.MaxAttempts ?? 0),
    windowMs: msOf(given.Window ?? 0),
  };
}

export interface RolloutRules {
  /** Slots changed at once; 0 = all. */
  readonly parallelism: number;
  readonly delayMs: number;
  readonly failureAction: 'pause' | 'continue' | 'rollback';
  readonly monitorMs: number;
  readonly maxFailureRatio: number;
  readonly order: 'stop-first' | 'start-first';
}

export function updatePolicy(spec: ServiceSpec): RolloutRules {
  return rolloutRules(spec.UpdateConfig);
}

export function rollbackPolicy(spec: ServiceSpec): RolloutRules {
  return rolloutRules(spec.RollbackConfig);
}

// Without the block one slot at a time; with the block but without the field all at once, as in Swarm.
function rolloutRules(given: UpdateConfig | undefined): RolloutRules {
  const monitorMs = msOf(given?.Monitor ?? 0);
  return {
    parallelism: given === undefined ? 1 : Number(given.Parallelism ?? 0),
    delayMs: msOf(given?.Delay ?? 0),
    failureAction: given?.FailureAction ?? 'pause',
    monitorMs: monitorMs === 0 ? DEFAULT_MONITOR_MS : monitorMs,
    maxFailureRatio: given?.MaxFailureRatio ?? 0,
    order: given?.Order ?? 'stop-first',
  };
}

/** Time between the stop signal and the kill; 0 kills at once. */
export function stopGraceMs(spec: ContainerSpec): number {
  return spec.StopGracePeriod === undefined ? DEFAULT_STOP_GRACE_MS : Math.max(0, msOf(spec.StopGracePeriod));
}

export interface Reservations {
  /** 1 CPU = 1e9. */
  readonly nanoCpus: number;
  readonly memoryBytes: number;
  readonly generic: readonly GenericResource[];
}

/** What the scheduler sets aside on a node; 0 = nothing. */
export function reservations(spec: TaskSpec): Reservations {
  const given = spec.Resources?.Reservations ?? {};
  return {
    nanoCpus: Number(given.NanoCPUs ?? 0),
    memoryBytes: Number(given.MemoryBytes ?? 0),
    generic: given.GenericResources ?? [],
  };
}

export interface ResourceLimits {
  readonly nanoCpus: number;
  readonly memoryBytes: number;
  readonly pids: number;
}

/** What a container may use at most; 0 = without limit. */
export function limits(spec: TaskSpec): ResourceLimits {
  const given = spec.Resources?.Limits ?? {};
  return {
    nanoCpus: Number(given.NanoCPUs ?? 0),
    memoryBytes: Number(given.MemoryBytes ?? 0),
    pids: Number(given.Pids ?? 0),
  };
}

/** Tasks of a service that may run on one node; 0 = any number. */
export function maxReplicasPerNode(spec: TaskSpec): number {
  return Number(spec.Placement?.MaxReplicas ?? 0);
}

/** The networks that the service's tasks join: the template's, else those of the field that clients below API 1.44 use. */
export function taskNetworks(spec: ServiceSpec) {
  const own = spec.TaskTemplate?.Networks ?? [];
  return own.length > 0 ? own : (spec.Networks ?? []);
}
