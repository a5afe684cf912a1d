import { equalCanonical } from '../json/canonical.ts';
import { matchesConstraints, parseConstraints } from '../node/constraint.ts';
import type { Node } from '../node/node.ts';
import type { TaskTemplate } from './service.ts';

/** How far two templates of a service are apart: `placement` = in nothing else. */
export type TemplateDifference = 'none' | 'placement' | 'other';

/** Compares what tasks are made from; the service's name and labels are not part of it. */
export function templateDifference(old: TaskTemplate, current: TaskTemplate): TemplateDifference {
  if (!equalCanonical(old.EndpointSpec, current.EndpointSpec)) return 'other';
  const { Placement: oldPlacement, ...oldRest } = old.Spec;
  const { Placement, ...rest } = current.Spec;
  if (!equalCanonical(oldRest, rest)) return 'other';
  return equalCanonical(oldPlacement, Placement) ? 'none' : 'placement';
}

/**
 * Whether a task whose template differs so from the service's `current` one may stay (behaviour reference 5.2): in nothing, or in
 * placement only while its node satisfies the new constraints. Preferences, platforms and the maximum per node don't count.
 */
export function mayTaskStay(difference: TemplateDifference, current: TaskTemplate, node: Node | undefined): boolean {
  if (difference !== 'placement') return difference === 'none';
  return node !== undefined && matchesConstraints(parseConstraints(current.Spec.Placement?.Constraints ?? []), node);
}
