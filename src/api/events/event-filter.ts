import { type Filters, labelsMatch } from '../filters.ts';
import type { ApiEvent } from '../ports.ts';

/** Filters that name an object of some kind by id or name, or by a prefix of either. */
const objectKeys = [
  'container',
  'image',
  'volume',
  'network',
  'daemon',
  'plugin',
  'node',
  'service',
  'secret',
  'config',
];

/** Whether an event passes `?filters=`. Keys that no event has are ignored, as in Docker. */
export function eventMatches(filters: Filters, event: ApiEvent): boolean {
  return (
    exact(filters, 'type', event.Type) &&
    exact(filters, 'scope', event.scope) &&
    actionMatches(filters, event.Action) &&
    objectKeys.every((key) => objectMatches(filters, key, event)) &&
    labelsMatch(filters, 'label', event.Actor.Attributes)
  );
}

function exact(filters: Filters, key: string, value: string): boolean {
  const values = filters.get(key);
  return values === undefined || values.length === 0 || values.includes(value);
}

/** `exec_create` also means `exec_create: sh`. */
function actionMatches(filters: Filters, action: string): boolean {
  const colon = action.indexOf(':');
  return exact(filters, 'event', action) || (colon > 0 && exact(filters, 'event', action.slice(0, colon)));
}

function objectMatches(filters: Filters, key: string, event: ApiEvent): boolean {
  const values = filters.get(key);
  if (values === undefined || values.length === 0) return true;
  const name = event.Actor.Attributes[key === 'image' && event.Type === 'container' ? 'image' : 'name'] ?? '';
  return values.some((value) => event.Actor.ID.startsWith(value) || name.startsWith(value));
}
