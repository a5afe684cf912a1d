/**
 * Restarts: what follows a task that ended or whose node is lost, by its restart policy, and the end of holds.
 * - At most one replacement a task, made in the same transaction that gives up the old one.
 * - All that a decision needs (attempts, deadlines) is in the store.
 */
export { decideRestart, isLost } from './decide.ts';
export { belongsOn, mayRunGlobal } from './global-node.ts';
export { restartLoop } from './loop.ts';
export { keepsSlot, specOf, wantsRestart } from './policy.ts';
