import type { Service, Task } from '../../model/index.ts';
import { desiredReplicas, maxConcurrent, serviceModeKind } from '../../model/index.ts';
import type { View } from '../../store/index.ts';

export interface ServiceStatus {
  readonly RunningTasks: number;
  readonly DesiredTasks: number;
  readonly CompletedTasks: number;
}

/** The counts of `GET /services?status=true` (behaviour reference 1.6). Costs one pass over the service's tasks. */
export function serviceStatus(view: View, service: Service): ServiceStatus {
  const iteration = service.JobStatus?.JobIteration.Index;
  let RunningTasks = 0;
  let CompletedTasks = 0;
  let wanted = 0;
  for (const task of view.tasksOfService(service.ID)) {
    // Jobs count only the tasks of their present run.
    if (iteration !== undefined && task.JobIteration?.Index !== iteration) continue;
    if (task.Status.State === 'running') RunningTasks += 1;
    if (task.Status.State === 'complete') CompletedTasks += 1;
    if (isWanted(service, task)) wanted += 1;
  }
  return { RunningTasks, DesiredTasks: desiredTasks(service, wanted), CompletedTasks };
}

function desiredTasks(service: Service, wanted: number): number {
  switch (serviceModeKind(service.Spec)) {
    case 'replicated':
      return desiredReplicas(service.Spec);
    case 'replicated-job':
      return maxConcurrent(service.Spec);
    default:
      return wanted;
  }
}

/** Global services have no number of their own: what their loop wants to run is what is desired. */
function isWanted(service: Service, task: Task): boolean {
  if (serviceModeKind(service.Spec) === 'global-job') {
    return task.DesiredState === 'complete' && task.Status.State !== 'complete';
  }
  return task.DesiredState === 'running';
}
