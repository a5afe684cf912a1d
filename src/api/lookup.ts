import { Refusal } from '../base/index.ts';
import { taskDisplayName } from '../model/index.ts';
import type { Tables, View } from '../store/index.ts';

/** Tables whose objects clients name by id, name or a prefix of the id. */
export type NamedTable = 'node' | 'service' | 'task' | 'secret' | 'config' | 'volume';

/**
 * The object that a client means by `id` (behaviour reference 1.3): exact id, then exact name, then id prefix. Names compare with
 * case, but those of secrets and configs. Refuses none as 404 and several as 400.
 */
export function findObject<T extends NamedTable>(view: View, table: T, id: string): Tables[T] {
  const exact = view.get(table, id);
  if (exact !== undefined) return exact;
  const named = objectsNamed(view, table, id);
  if (named.length > 0) return only(table, id, named);
  return only(table, id, id === '' ? [] : view.byIdPrefix(table, id));
}

function objectsNamed<T extends NamedTable>(view: View, table: T, name: string): ReadonlyArray<Tables[T]> {
  if (table === 'task') return tasksNamed(view, name) as ReadonlyArray<Tables[T]>; // T is 'task' here
  const found = view.byName(table, name);
  if (table === 'secret' || table === 'config') return found;
  return found.filter((object) => nameOf(table, object) === name);
}

/** Name as look-ups and filters see it: a node's is its hostname. */
export function nameOf<T extends NamedTable>(table: T, object: Tables[T]): string {
  if (table === 'node') return (object as Tables['node']).Description?.Hostname ?? ''; // T is 'node' here
  if (table === 'volume') return (object as Tables['volume']).Name; // T is 'volume' here
  return (object as Tables['service' | 'secret' | 'config']).Spec.Name ?? ''; // T is one of these here
}

/** A task's display name: `<service>.<slot>.<id>` (behaviour reference 1.2). */
export function taskName(view: View, task: Tables['task']): string {
  const template = view.template(task.ServiceID, task.Internal.SpecVersion);
  const ServiceName = view.get('service', task.ServiceID)?.Spec.Name ?? template?.ServiceName ?? '';
  return taskDisplayName({ ...task, ServiceName });
}

/** The name ends in the id, which is unique: one look-up and a comparison instead of an index. */
function tasksNamed(view: View, name: string): readonly Tables['task'][] {
  const task = view.get('task', name.slice(name.lastIndexOf('.') + 1));
  return task !== undefined && taskName(view, task) === name ? [task] : [];
}

function only<T>(object: string, id: string, found: readonly T[]): T {
  const [first] = found;
  if (first === undefined) throw new Refusal('object-not-found', { object, id });
  if (found.length > 1) throw new Refusal('object-ambiguous', { object, id, matches: found.length });
  return first;
}
