import type { Node } from '../../model/index.ts';

/** Whether anything changed on a node that decides which tasks may be there. Heartbeats do not count. */
export function placementChanged(before: Node | undefined, after: Node | undefined): boolean {
  return (
    before?.Spec !== after?.Spec ||
    before?.Description !== after?.Description ||
    before?.Status.State !== after?.Status.State ||
    before?.Status.Addr !== after?.Status.Addr ||
    before?.Internal.Role !== after?.Internal.Role
  );
}
