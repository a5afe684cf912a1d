/**
 * Replicated services: as many slots as the spec asks for. Creates what is missing in the lowest free slots, gives up surplus ones in
 * Swarm's order, and takes down the tasks of removed services. Never touches a slot that is right: roll-outs and restarts are others'.
 */
export { replicateLoop } from './loop.ts';
