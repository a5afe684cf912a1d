import { isDirty } from '../../control/update/index.ts';
import type { Task } from '../../model/index.ts';
import type { View } from '../../store/index.ts';

/** Whether a task runs what its service asks for now; what the CLI waits for when it says "converged". */
export function isUpToDate(view: View, task: Task): boolean {
  const service = view.get('service', task.ServiceID);
  return service !== undefined && !isDirty(view, service, task);
}
