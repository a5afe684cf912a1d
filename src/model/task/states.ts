/**
 * A task's states in order, as Swarm numbers them (swarmkit api/types.proto); the gaps are Swarm's. `remove` is only ever
 * desired, `orphaned` only ever observed. An observed or desired state never goes down.
 */
export const taskStateOrder = {
  new: 0,
  pending: 64,
  assigned: 192,
  accepted: 256,
  preparing: 320,
  ready: 384,
  starting: 448,
  running: 512,
  complete: 576,
  shutdown: 640,
  failed: 704,
  rejected: 768,
  remove: 800,
  orphaned: 832,
} as const;

export type TaskState = keyof typeof taskStateOrder;

/** The states that an orchestrator may ask for. */
export type DesiredState = 'ready' | 'running' | 'complete' | 'shutdown' | 'remove';

/** Negative when `a` comes before `b`, 0 when equal, positive when after. */
export function compareStates(a: TaskState, b: TaskState): number {
  return taskStateOrder[a] - taskStateOrder[b];
}

/** Whether a task has ended: it will not run again. */
export function isTerminal(state: TaskState): boolean {
  return compareStates(state, 'running') > 0;
}
