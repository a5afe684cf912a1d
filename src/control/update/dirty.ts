import {
  matchesConstraints,
  type Node,
  parseConstraints,
  type Service,
  type Task,
  type TaskSpec,
  type TaskTemplate,
} from '../../model/index.ts';
import type { View } from '../../store/index.ts';

/** How far two templates of a service are apart. */
type Difference = 'none' | 'placement' | 'other';

/** Templates are immutable, so each pair is compared once, however many tasks have them. */
const compared = new WeakMap<TaskTemplate, { readonly current: TaskTemplate; readonly difference: Difference }>();

/**
 * Whether a task has to be replaced for the service's current spec: its template or endpoint spec differ. A difference in placement
 * alone matters only when the task's node does not meet the new constraints; labels, replicas and update settings never do.
 */
export function isDirty(view: View, service: Service, task: Task): boolean {
  if (task.Internal.SpecVersion === service.Internal.SpecVersion) return false;
  const old = view.template(service.ID, task.Internal.SpecVersion);
  const current = view.template(service.ID, service.Internal.SpecVersion);
  if (old === undefined || current === undefined) return true;
  const difference = compare(old, current);
  if (difference !== 'placement') return difference === 'other';
  const node = task.NodeID === undefined ? undefined : view.get('node', task.NodeID);
  return node === undefined || !meetsConstraints(current.Spec, node);
}

function meetsConstraints(spec: TaskSpec, node: Node): boolean {
  return matchesConstraints(parseConstraints(spec.Placement?.Constraints ?? []), node);
}

function compare(old: TaskTemplate, current: TaskTemplate): Difference {
  const known = compared.get(old);
  if (known?.current === current) return known.difference;
  const difference = differenceOf(old, current);
  compared.set(old, { current, difference });
  return difference;
}

function differenceOf(old: TaskTemplate, current: TaskTemplate): Difference {
  if (!isSame(old.EndpointSpec, current.EndpointSpec)) return 'other';
  if (isSame(old.Spec, current.Spec)) return 'none';
  const { Placement: _oldPlacement, ...oldRest } = old.Spec;
  const { Placement: _placement, ...rest } = current.Spec;
  return isSame(oldRest, rest) ? 'placement' : 'other';
}

/** Structural equality of JSON values in canonical form; an absent field and an undefined one are the same. */
export function isSame(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a) || Array.isArray(b)) {
    return Array.isArray(a) && Array.isArray(b) && a.length === b.length && a.every((item, at) => isSame(item, b[at]));
  }
  const left = new Map(Object.entries(a).filter(([, value]) => value !== undefined));
  const right = new Map(Object.entries(b).filter(([, value]) => value !== undefined));
  if (left.size !== right.size) return false;
  for (const [key, value] of left) if (!right.has(key) || !isSame(value, right.get(key))) return false;
  return true;
}
