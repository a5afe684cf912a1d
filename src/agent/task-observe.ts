import type { Instant } from '../base/index.ts';
import {
  compareStates,
  instantOf,
  isTerminal,
  type TaskState,
  type TaskStatus,
  type Timestamp,
  timestamp,
} from '../model/index.ts';
import type { TaskMachine } from './task-events.ts';
import { type ContainerFacts, containerStatus } from './task-facts.ts';

const UNHEALTHY = 'dockerexec: unhealthy container';
/** Shown instead of Swarm's message where a reboot is the reason. */
const MACHINE_RESTARTED = 'the machine restarted';

/** Whether the task should live: assigned, and desired no later than complete. */
export function isWanted({ isRemoved, desired }: TaskMachine): boolean {
  return !isRemoved && compareStates(desired, 'complete') <= 0;
}

/** The machine one conclusion further from what it knows; `undefined` when there is nothing to conclude. */
export function observe(machine: TaskMachine, now: Instant): TaskMachine | undefined {
  const { State } = machine.status;
  if (isTerminal(State) || machine.isRemoved) return undefined;
  if (compareStates(State, 'accepted') < 0) return to(machine, 'accepted', { message: 'accepted', at: now });
  if (!machine.isListed) return noted(machine, now);
  if (!isWanted(machine)) return observeUnwanted(machine, now) ?? noted(machine, now);
  if (machine.fatal !== undefined) return observeFatal(machine, machine.fatal, now);
  return observeWanted(machine, now) ?? noted(machine, now);
}

function observeUnwanted(machine: TaskMachine, now: Instant): TaskMachine | undefined {
  // Until a step that may bring a container has ended, nobody knows whether there is one to stop.
  if (machine.isUnsure || (machine.step !== undefined && machine.step.kind !== 'stop')) return undefined;
  if (machine.container?.phase === 'running') return undefined;
  return to(machine, 'shutdown', { message: 'shutdown', at: now });
}

function observeFatal(machine: TaskMachine, fatal: string, now: Instant): TaskMachine {
  const { State, Message } = machine.status;
  const end = compareStates(State, 'starting') < 0 ? 'rejected' : 'failed';
  return to(machine, end, { message: Message, error: fatal, at: now });
}

function observeWanted(machine: TaskMachine, now: Instant): TaskMachine | undefined {
  const { container } = machine;
  switch (machine.status.State) {
    case 'accepted':
      return to(machine, 'preparing', { message: 'preparing', at: now });
    case 'preparing':
      return container === undefined ? undefined : to(machine, 'ready', { message: 'prepared', at: now });
    case 'ready':
      // Parks here while no more than `ready` is desired: whoever holds it has a deadline for it in the store.
      if (container === undefined || machine.desired === 'ready') return undefined;
      return to(machine, 'starting', { message: 'starting', at: now });
    case 'starting':
      if (container?.phase === 'running') return observeHealth(machine, container, now);
      // One that ended before it was looked at had started all the same.
      if (hasRun(machine)) return to(machine, 'running', { message: 'started', at: now });
      return observeEnd(machine, now);
    case 'running':
      if (container?.phase === 'running') return observeRunning(machine, container, now);
      return observeEnd(machine, now);
    default:
      return undefined;
  }
}

function hasRun({ container, diedWithMachine, stopCause }: TaskMachine): boolean {
  if (container === undefined || container.phase !== 'ended' || container.health !== 'none') return false;
  return container.startedAt !== undefined && stopCause === undefined && !diedWithMachine;
}

/** STARTING lasts until the engine calls the container healthy, or has had the time for a verdict. */
function observeHealth(machine: TaskMachine, container: ContainerFacts, now: Instant): TaskMachine | undefined {
  const { healthTimeoutMs } = machine.policy;
  if (machine.stopCause !== undefined) return undefined;
  if (container.health === 'unhealthy') return { ...machine, stopCause: UNHEALTHY, healthBy: undefined };
  if (container.health !== 'starting' || healthTimeoutMs === undefined)
    return { ...to(machine, 'running', { message: 'started', at: now }), healthBy: undefined };
  if (machine.healthBy === undefined) return { ...machine, healthBy: now + healthTimeoutMs };
  if (now < machine.healthBy) return undefined;
  return { ...machine, stopCause: `no verdict of the health check within ${healthTimeoutMs} ms`, healthBy: undefined };
}

function observeRunning(machine: TaskMachine, container: ContainerFacts, now: Instant): TaskMachine | undefined {
  if (container.health === 'unhealthy' && machine.stopCause === undefined) return { ...machine, stopCause: UNHEALTHY };
  if (machine.alone?.phase !== 'starting') return undefined;
  const again = to(machine, 'running', { message: 'started again after the machine restarted', at: now });
  return { ...again, alone: undefined, diedWithMachine: false };
}

function observeEnd(machine: TaskMachine, now: Instant): TaskMachine | undefined {
  const { container, status } = machine;
  if (machine.alone !== undefined || container?.phase === 'created') return undefined;
  const message = machine.diedWithMachine ? MACHINE_RESTARTED : status.Message;
  if (container === undefined) {
    const error = machine.stopCause ?? `No such container: ${status.ContainerStatus?.ContainerID ?? 'of this task'}`;
    return to(machine, 'failed', { message, error, at: now });
  }
  const at = endOf(container, status, now);
  // A reboot ends containers in any way; for a service that is never the end of its work, for a job exit 0 is.
  const isCutShort = machine.stopCause !== undefined || (machine.diedWithMachine && machine.desired !== 'complete');
  if (container.exitCode === 0 && !isCutShort) return to(machine, 'complete', { message: 'finished', at });
  return to(machine, 'failed', { message, error: exitText(machine, container), at });
}

/** Swarm's words, which clients match: `task: non-zero exit (N)`, then the cause if there is one. */
function exitText(machine: TaskMachine, { exitCode, error, oomKilled }: ContainerFacts): string {
  if (exitCode === 0 && machine.diedWithMachine) return 'the container ended with the machine';
  const cause = machine.stopCause ?? (error !== '' ? error : oomKilled ? 'out of memory' : undefined);
  const text = `task: non-zero exit (${exitCode})`;
  return cause === undefined ? text : `${text}: ${cause}`;
}

/** The engine's time of the end, unless it can't be: then now. */
function endOf({ finishedAt }: ContainerFacts, status: TaskStatus, now: Instant): Instant | Timestamp {
  if (finishedAt === undefined) return now;
  return (instantOf(finishedAt) ?? 0) >= (instantOf(status.Timestamp) ?? 0) ? finishedAt : now;
}

/** Shows what the task waits for, and takes it back when it goes on. */
function noted(machine: TaskMachine, now: Instant): TaskMachine | undefined {
  if (machine.status.Err === machine.note) return undefined;
  const { State, Message } = machine.status;
  return to(machine, State, { message: Message, error: machine.note, at: now });
}

interface Move {
  readonly message: string;
  readonly error?: string | undefined;
  readonly at: Instant | Timestamp;
}

function to(machine: TaskMachine, state: TaskState, { message, error, at }: Move): TaskMachine {
  const { container, status } = machine;
  const isShown = container !== undefined || isTerminal(state) || status.ContainerStatus !== undefined;
  const gone =
    status.ContainerStatus === undefined ? containerStatus(undefined) : { ...status.ContainerStatus, PID: 0 };
  return {
    ...machine,
    status: {
      Timestamp: typeof at === 'string' ? at : timestamp(at),
      State: state,
      Message: message,
      ...(error === undefined ? {} : { Err: error }),
      ...(isShown ? { ContainerStatus: container === undefined ? gone : containerStatus(container) } : {}),
    },
    note: error !== undefined && !isTerminal(state) ? error : undefined,
  };
}
