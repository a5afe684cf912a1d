import { assert, type Instant } from '../base/index.ts';
import { compareStates, type DesiredState, isTerminal, type TaskStatus } from '../model/index.ts';
import type { TaskEffect, TaskEvent, TaskMachine, TaskPolicy } from './task-events.ts';
import type { ContainerFacts } from './task-facts.ts';
import { laterFacts } from './task-facts.ts';
import { isWanted, observe } from './task-observe.ts';
import { chooseStep } from './task-steps.ts';

/** First pause after a failed step, ms; doubles with each failure up to the longest. Swarm: always 1 s. */
export const FIRST_RETRY_MS = 1000;
export const LONGEST_RETRY_MS = 30_000;
/** After a reboot: how long a died task waits for a manager to decide before the node starts it again on its own account, ms. */
export const ALONE_RESTART_MS = 15_000;

/** A machine of a task that was just assigned, or of one known from before. */
export function newTask(start: {
  readonly desired: DesiredState;
  /** The agent's own last status, else the manager's. */
  readonly status: TaskStatus;
  readonly policy: TaskPolicy;
}): TaskMachine {
  return {
    policy: start.policy,
    status: start.status,
    desired: start.desired,
    isRemoved: false,
    isListed: false,
    hasImage: false,
    container: undefined,
    isUnsure: false,
    step: undefined,
    nextToken: 1,
    failures: 0,
    stopRefusals: 0,
    retryAt: undefined,
    note: undefined,
    fatal: undefined,
    stopCause: undefined,
    healthBy: undefined,
    diedWithMachine: false,
    alone: undefined,
  };
}

/** When the machine has something to do without any event. */
export function nextDeadline({ retryAt, healthBy, alone }: TaskMachine): Instant | undefined {
  const until = alone?.phase === 'waiting' ? alone.until : undefined;
  const times = [retryAt, healthBy, until].filter((time) => time !== undefined);
  return times.length === 0 ? undefined : Math.min(...times);
}

/**
 * The task state machine (behaviour reference 3.1, 8.3): takes one event, gives the machine after it and what is to be done, in
 * order. Observed state never goes down; a task that has ended is never started; what keeps a task waiting is in its status.
 */
export function advance(
  machine: TaskMachine,
  event: TaskEvent,
  now: Instant,
): { readonly machine: TaskMachine; readonly effects: readonly TaskEffect[] } {
  const effects: TaskEffect[] = [];
  let next = take(machine, event, now);
  for (let seen = observe(next, now); seen !== undefined; seen = observe(next, now)) {
    const [from, to] = [next.status.State, seen.status.State];
    assert(compareStates(to, from) >= 0, 'observed state went down', { from, to });
    if (seen.status !== next.status) effects.push({ kind: 'report', status: seen.status });
    next = seen;
  }
  if (isTerminal(next.status.State) && !isTerminal(machine.status.State)) effects.push({ kind: 'releaseNetwork' });
  const { machine: chosen, effects: steps } = chooseStep(next, now);
  effects.push(...steps);
  if (isGone(chosen)) effects.push({ kind: 'forget' });
  return { machine: chosen, effects };
}

/** Nothing of an unassigned task is left. */
function isGone({ isRemoved, isListed, isUnsure, step, container }: TaskMachine): boolean {
  return isRemoved && isListed && !isUnsure && step === undefined && container === undefined;
}

/** The machine after the bare fact, before any conclusion. */
function take(machine: TaskMachine, event: TaskEvent, now: Instant): TaskMachine {
  switch (event.kind) {
    case 'desired':
      // Desired state never goes down; a lower one is late news.
      if (compareStates(event.state, machine.desired) <= 0) return machine;
      return { ...machine, desired: event.state, failures: 0, retryAt: undefined };
    case 'unassigned':
      return { ...machine, isRemoved: true, failures: 0, retryAt: undefined, alone: undefined };
    case 'listed':
      return takeListed(machine, event.container, event.isAfterReboot, now);
    case 'seen':
      return { ...machine, container: merged(machine, event.container) };
    case 'done':
      return takeDone(machine, event.token, event.container, now);
    case 'failed':
      return takeFailed(machine, event, now);
    case 'engineLost':
      return isTerminal(machine.status.State) ? machine : { ...machine, note: event.text };
    case 'managerReached':
      return machine.alone?.phase === 'waiting' ? { ...machine, alone: undefined } : machine;
    case 'wake':
      return takeWake(machine, now);
  }
}

function takeListed(
  machine: TaskMachine,
  container: ContainerFacts | undefined,
  isAfterReboot: boolean,
  now: Instant,
): TaskMachine {
  // What a step under way has changed the list may not show yet; the step's end brings newer facts.
  const isIdle = machine.step === undefined;
  const known = isIdle ? merged(machine, container) : machine.container;
  const isUnsure = machine.isUnsure && !isIdle;
  // The engine answers: what failed is tried at once, and what it failed for stands until it succeeds.
  const note = machine.failures === 0 ? undefined : machine.note;
  const fresh = { isListed: true, isUnsure, retryAt: undefined, note };
  const listed = { ...machine, ...fresh, container: known };
  const hadRun = machine.status.State === 'starting' || machine.status.State === 'running';
  const died = isAfterReboot && !machine.isListed && hadRun && isWanted(machine) && known?.phase !== 'running';
  if (!died) return listed;
  const startsAgain = machine.policy.restartsAlone && machine.status.State === 'running' && known?.phase === 'ended';
  return {
    ...listed,
    diedWithMachine: true,
    alone: startsAgain ? { phase: 'waiting', until: now + ALONE_RESTART_MS } : undefined,
  };
}

function takeDone(
  machine: TaskMachine,
  token: number,
  container: ContainerFacts | undefined,
  now: Instant,
): TaskMachine {
  if (machine.step?.token !== token) return machine;
  const { kind } = machine.step;
  if (kind === 'look') return { ...machine, step: undefined, isUnsure: false, container: merged(machine, container) };
  const known = kind === 'pull' ? machine.container : merged(machine, container);
  const hadNoEffect =
    (kind === 'start' && known?.phase === 'created') || (kind === 'stop' && known?.phase === 'running');
  if (hadNoEffect) {
    const text = `the engine said that it did ${kind} the container, but it is ${known.phase}`;
    return takeFailed(machine, { token, text, temporary: true }, now);
  }
  return {
    ...machine,
    step: undefined,
    container: known,
    hasImage: machine.hasImage || kind === 'pull',
    failures: 0,
    retryAt: undefined,
    note: undefined,
  };
}

function takeFailed(
  machine: TaskMachine,
  failure: { readonly token: number; readonly text: string; readonly temporary: boolean },
  now: Instant,
): TaskMachine {
  if (machine.step?.token !== failure.token) return machine;
  const { kind, isCancelled } = machine.step;
  const settled = { ...machine, step: undefined, isUnsure: kind !== 'pull' };
  if (isCancelled) return settled;
  // After a failed stop or removal there is nothing but another try.
  const isFinal = !failure.temporary && (kind === 'pull' || kind === 'create' || kind === 'start');
  if (isFinal) return { ...settled, isUnsure: false, fatal: failure.text };
  return {
    ...settled,
    failures: machine.failures + 1,
    stopRefusals: machine.stopRefusals + (kind === 'stop' && !failure.temporary ? 1 : 0),
    retryAt: now + Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** machine.failures),
    note: `${failure.text} (will try again)`,
  };
}

function takeWake(machine: TaskMachine, now: Instant): TaskMachine {
  const retryAt = machine.retryAt !== undefined && machine.retryAt <= now ? undefined : machine.retryAt;
  const isAloneDue = machine.alone?.phase === 'waiting' && machine.alone.until <= now;
  return { ...machine, retryAt, alone: isAloneDue ? { phase: 'starting' } : machine.alone };
}

function merged(machine: TaskMachine, seen: ContainerFacts | undefined): ContainerFacts | undefined {
  return seen === undefined ? undefined : laterFacts(machine.container, seen);
}
