import {
  mayTaskStay,
  type Service,
  type Task,
  type TaskTemplate,
  type TemplateDifference,
  templateDifference,
} from '../../model/index.ts';
import type { View } from '../../store/index.ts';

/** The pair of a template never changes under its key, so each two are compared once, however many tasks have them. */
const compared = new WeakMap<
  TaskTemplate,
  { readonly current: TaskTemplate; readonly difference: TemplateDifference }
>();

/**
 * Whether a task has to be replaced for the service's current spec: its template or endpoint spec differ. A difference in placement
 * alone matters only when the task's node does not meet the new constraints; labels, replicas and update settings never do.
 */
export function isDirty(view: View, service: Service, task: Task): boolean {
  if (task.Internal.SpecVersion === service.Internal.SpecVersion) return false;
  const old = view.template(service.ID, task.Internal.SpecVersion);
  const current = view.template(service.ID, service.Internal.SpecVersion);
  if (old === undefined || current === undefined) return true;
  const node = task.NodeID === undefined ? undefined : view.get('node', task.NodeID);
  return !mayTaskStay(compare(old, current), current, node);
}

function compare(old: TaskTemplate, current: TaskTemplate): TemplateDifference {
  const known = compared.get(old);
  if (known?.current === current) return known.difference;
  const difference = templateDifference(old, current);
  compared.set(old, { current, difference });
  return difference;
}
