import type { TaskId } from '../model/index.ts';

/** Labels by which a task's container is found again. They override a user's of the same name, as in Swarm. */
export const TASK_LABEL = 'com.docker.swarm.task';
export const TASK_ID_LABEL = 'com.docker.swarm.task.id';
export const TASK_NAME_LABEL = 'com.docker.swarm.task.name';
export const NODE_ID_LABEL = 'com.docker.swarm.node.id';
export const SERVICE_ID_LABEL = 'com.docker.swarm.service.id';
export const SERVICE_NAME_LABEL = 'com.docker.swarm.service.name';

/** The task of a container with these labels. */
export function taskIdOf(labels: Readonly<Record<string, string>> | undefined): TaskId | undefined {
  // Brands the id that this agent wrote into the label.
  return labels?.[TASK_ID_LABEL] as TaskId | undefined;
}
