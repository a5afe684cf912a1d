import type { ContainerInspect } from '../engine/index.ts';
import { type ContainerId, type ContainerStatus, type Timestamp, zeroTimestamp } from '../model/index.ts';

/** What the agent needs to know of a task's container, as of one look at it. */
export interface ContainerFacts {
  readonly id: ContainerId;
  readonly phase: 'created' | 'running' | 'ended';
  readonly pid: number;
  readonly exitCode: number;
  /** The engine's own words for why it ended; empty when it has none. */
  readonly error: string;
  readonly oomKilled: boolean;
  /** `none` without a health check. */
  readonly health: 'none' | 'starting' | 'healthy' | 'unhealthy';
  readonly startedAt?: Timestamp;
  readonly finishedAt?: Timestamp;
}

/** The facts of an inspected container. */
export function containerFacts(inspect: ContainerInspect): ContainerFacts {
  const { State } = inspect;
  return {
    id: inspect.Id,
    phase: phaseOf(inspect),
    pid: State.Pid,
    exitCode: State.ExitCode,
    error: State.Error,
    oomKilled: State.OOMKilled,
    health: State.Health?.Status ?? 'none',
    ...(isSet(State.StartedAt) ? { startedAt: State.StartedAt } : {}),
    ...(isSet(State.FinishedAt) ? { finishedAt: State.FinishedAt } : {}),
  };
}

/** The facts of a container that was just made and not looked at. */
export function createdFacts(id: ContainerId): ContainerFacts {
  return { id, phase: 'created', pid: 0, exitCode: 0, error: '', oomKilled: false, health: 'none' };
}

/**
 * What is known after a new look. Looks may arrive out of order; an older one of the same run (same container, same start) never
 * takes back that it ended, or started.
 */
export function laterFacts(known: ContainerFacts | undefined, seen: ContainerFacts): ContainerFacts {
  if (known === undefined || known.id !== seen.id) return seen;
  if (known.phase === 'ended' && seen.phase === 'running' && known.startedAt === seen.startedAt) return known;
  if (known.phase !== 'created' && seen.phase === 'created') return known;
  return seen;
}

/** As the Docker API shows it in a task's status; a task without container has an empty id there. */
export function containerStatus(facts: ContainerFacts | undefined): ContainerStatus {
  // Brands the empty id that Swarm shows.
  if (facts === undefined) return { ContainerID: '' as ContainerId, PID: 0, ExitCode: 0 };
  return { ContainerID: facts.id, PID: facts.pid, ExitCode: facts.exitCode };
}

function phaseOf({ State }: ContainerInspect): ContainerFacts['phase'] {
  if (State.Running || State.Status === 'restarting') return 'running';
  return State.Status === 'created' ? 'created' : 'ended';
}

function isSet(time: string): boolean {
  return time !== '' && time !== zeroTimestamp;
}
