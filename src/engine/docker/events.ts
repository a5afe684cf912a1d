import type { ContainerId } from '../../model/index.ts';
import type { ContainerEvent } from '../port/container.ts';
import { timeOfNanos } from './times.ts';

/** The actions that the agent needs, as `GET /events` filters them. */
export const watchedActions = ['create', 'start', 'die', 'oom', 'health_status', 'destroy'] as const;

const kindOfAction: Readonly<Record<(typeof watchedActions)[number], ContainerEvent['kind']>> = {
  create: 'created',
  start: 'started',
  die: 'died',
  oom: 'oom',
  health_status: 'healthChanged',
  destroy: 'removed',
};

/** What the engine mixes with a container's labels in an event's attributes. */
const ownAttributes = new Set(['image', 'name', 'exitCode', 'signal', 'execDuration']);

/** An event of the Engine API as the port has it; `undefined` for those that nobody asked for. */
export function containerEvent(message: Readonly<Record<string, unknown>>): ContainerEvent | undefined {
  const { Type, Action, Actor, time, timeNano } = message;
  if (Type !== 'container' || typeof Action !== 'string') return undefined;
  // `health_status: healthy`
  const action = watchedActions.find((known) => Action === known || Action.startsWith(`${known}:`));
  if (action === undefined || typeof Actor !== 'object' || Actor === null) return undefined;
  const { ID, Attributes } = Actor as { readonly ID?: unknown; readonly Attributes?: unknown };
  if (typeof ID !== 'string') return undefined;
  const nanos = typeof timeNano === 'bigint' ? timeNano : BigInt(Number(time ?? 0)) * 1_000_000_000n;
  // Brands the engine's id.
  return { kind: kindOfAction[action], id: ID as ContainerId, labels: labelsIn(Attributes), at: timeOfNanos(nanos) };
}

function labelsIn(attributes: unknown): Readonly<Record<string, string>> {
  if (typeof attributes !== 'object' || attributes === null) return {};
  const labels: Record<string, string> = {};
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === 'string' && !ownAttributes.has(name)) labels[name] = value;
  }
  return labels;
}
