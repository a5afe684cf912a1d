/**
 * Constraints after the fact: a node whose labels, role or resources changed gives up the tasks that it could not be given now. They
 * are marked rejected; the restart policy moves them. Paused, drained and down nodes are left to others.
 */
export { enforceLoop } from './loop.ts';
