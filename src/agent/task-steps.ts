import type { Instant } from '../base/index.ts';
import { isTerminal } from '../model/index.ts';
import type { StepKind, TaskEffect, TaskMachine } from './task-events.ts';
import { isWanted } from './task-observe.ts';

/** The engine refused to stop a container that often: it is removed by force. */
export const STOP_REFUSALS_BEFORE_FORCE = 3;

/** Starts the step that is wanted now, or gives up the one under way when the task is not wanted any more. */
export function chooseStep(
  machine: TaskMachine,
  now: Instant,
): { readonly machine: TaskMachine; readonly effects: readonly TaskEffect[] } {
  const { step } = machine;
  if (step !== undefined) {
    const isForLife = step.kind === 'pull' || step.kind === 'create' || step.kind === 'start';
    if (isWanted(machine) || !isForLife || step.isCancelled) return { machine, effects: [] };
    const cancelled = { ...machine, step: { ...step, isCancelled: true } };
    return { machine: cancelled, effects: [{ kind: 'cancel', token: step.token }] };
  }
  const kind = wantedStep(machine);
  if (kind === undefined || (machine.retryAt !== undefined && machine.retryAt > now)) return { machine, effects: [] };
  const token = machine.nextToken;
  return {
    machine: { ...machine, step: { kind, token, isCancelled: false }, nextToken: token + 1, retryAt: undefined },
    effects: [{ kind: 'run', step: kind, token }],
  };
}

function wantedStep(machine: TaskMachine): StepKind | undefined {
  const { container, status } = machine;
  if (!machine.isListed) return undefined;
  if (machine.isUnsure) return 'look';
  const stop = machine.stopRefusals >= STOP_REFUSALS_BEFORE_FORCE ? 'remove' : 'stop';
  const isRunning = container?.phase === 'running';
  if (machine.isRemoved) return container === undefined ? undefined : isRunning ? stop : 'remove';
  if (isTerminal(status.State) || !isWanted(machine) || machine.stopCause !== undefined)
    return isRunning ? stop : undefined;
  if (machine.alone !== undefined) return machine.alone.phase === 'starting' && !isRunning ? 'start' : undefined;
  switch (status.State) {
    case 'preparing':
    case 'ready':
      if (container !== undefined) return undefined;
      return machine.hasImage ? 'create' : 'pull';
    case 'starting':
    case 'running':
      return container?.phase === 'created' ? 'start' : undefined;
    default:
      return undefined;
  }
}
