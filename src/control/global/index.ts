/**
 * Global services: one task on each node that is up, not drained and meets the constraints; the node is the slot. Tasks come with
 * their node and the scheduler only confirms it. Ends tasks on nodes that no longer fit; restarts and roll-outs are others'.
 */
export { globalLoop } from './loop.ts';
