import { compareStates, equalCanonical, type NodeId, type Task, type TaskId } from '../../model/index.ts';
import type { AssignedTask } from '../../rpc/index.ts';
import type { View } from '../../store/index.ts';

/** What a node is told of a task; `undefined` while the task is not this node's to run, or was not placed yet. */
export function assignedTask(view: View, nodeId: NodeId, taskId: TaskId): AssignedTask | undefined {
  const task = view.get('task', taskId);
  return task === undefined ? undefined : toAssigned(task, nodeId);
}

export function toAssigned(task: Task, nodeId: NodeId): AssignedTask | undefined {
  if (task.NodeID !== nodeId || compareStates(task.Status.State, 'assigned') < 0) return undefined;
  return {
    ID: task.ID,
    ServiceID: task.ServiceID,
    Slot: task.Slot,
    NodeID: nodeId,
    SpecVersion: task.Internal.SpecVersion,
    DesiredState: task.DesiredState,
    Status: task.Status,
    ...(task.NetworksAttachments === undefined ? {} : { NetworksAttachments: task.NetworksAttachments }),
    ...(task.GenericResources === undefined ? {} : { GenericResources: task.GenericResources }),
  };
}

/** Whether a node needs not hear of it again: all but the status, which it told us itself, is as before. */
export function isSameAssignment(a: AssignedTask, b: AssignedTask): boolean {
  return (
    a.DesiredState === b.DesiredState &&
    a.SpecVersion === b.SpecVersion &&
    a.ServiceID === b.ServiceID &&
    a.Slot === b.Slot &&
    equalCanonical(a.NetworksAttachments, b.NetworksAttachments) &&
    equalCanonical(a.GenericResources, b.GenericResources)
  );
}
