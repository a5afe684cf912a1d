import { matchesConstraints, type Node, parseConstraints, type Service } from '../../model/index.ts';

/** Whether a global service belongs on this node: it is there, up, not drained, and meets the constraints. A paused one keeps its task. */
export function belongsOn(service: Service, node: Node): boolean {
  if (node.Status.State === 'down' || node.Spec.Availability === 'drain') return false;
  const constraints = parseConstraints(service.Spec.TaskTemplate?.Placement?.Constraints ?? []);
  return matchesConstraints(constraints, node);
}

/** Whether a global service may begin a task on this node. */
export function mayRunGlobal(service: Service, node: Node | undefined): boolean {
  return node !== undefined && node.Spec.Availability !== 'pause' && belongsOn(service, node);
}
