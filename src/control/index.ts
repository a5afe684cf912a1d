/**
 * The leader's decisions: view in, transactions out. Pure; each folder is one loop.
 * replicate (how many) · update (roll-outs) · restart (what ended) · reap (history) · schedule (where).
 * - No loop calls another; they meet in the store. A loop that dies is rebuilt from it.
 * - Work is proportional to what changed, never to the cluster.
 */
export type { Loop, LoopContext } from './loop.ts';
