/**
 * The leader's decisions: view in, transactions out. Pure; each folder is one loop.
 * replicate, global (how many) · update (roll-outs) · restart (what ended) · enforce (what no longer fits) · allocate (with what)
 * · schedule (where) · reap (history).
 * - No loop calls another; they meet in the store. A loop that dies is rebuilt from it.
 * - Work is proportional to what changed, never to the cluster; what walks more says so.
 * - `act` is called again only when the outcome of all it returned is known.
 */
export type { Loop, LoopContext, Quarantined } from './loop.ts';
export { createLoops } from './loops.ts';
export { isDirty } from './update/index.ts';
