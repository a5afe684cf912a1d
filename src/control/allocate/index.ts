/**
 * Allocation: what a task needs of the cluster before it can be placed. Tasks wait in state `new` with the reason as their message;
 * with everything at hand they become `pending`. Nothing needs allocating yet: networks and published ports do, once they exist.
 */
export { allocateLoop, PENDING_MESSAGE } from './loop.ts';
