/**
 * The scheduler: pending tasks onto nodes, by Swarm's filters, order and words. Keeps an account of each node, task by task; rebuilt
 * from the store with a leadership. Nothing is ever moved or preempted here.
 */
export { scheduleLoop } from './loop.ts';
