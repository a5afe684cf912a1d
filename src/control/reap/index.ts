/**
 * History: how many ended tasks of a slot are kept, and the end of tasks that nobody wants any more. Only ended tasks, or ones that
 * never came to a node, are deleted; the last task of a slot without live one stays, for it says that the slot is finished.
 */
export { reapLoop } from './loop.ts';
