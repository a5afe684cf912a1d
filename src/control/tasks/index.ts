/**
 * What the loops for services share about tasks: slots, creation, orders to stop, holds. Pure, no state; every write of an existing
 * task carries the revision that was read, every new task the service's version.
 */
export { holdFor, holdOver, mayStillRun, STOP_WAIT_MS } from './hold.ts';
export { isGlobal, isReplicated } from './mode.ts';
export { createTask, type Hold, type NewTask } from './new-task.ts';
export { placementChanged } from './node-change.ts';
export {
  isAssigned,
  isLive,
  isOfSpec,
  isOver,
  isWantedAgain,
  isYounger,
  newestOf,
  type Place,
  parseSlotKey,
  placeOf,
  type SlotKey,
  slotKey,
  slotKeyOf,
  tasksOfPlace,
} from './slot.ts';
export { desire, observe, put, replaceTask, specUnchanged, stopTask, taskUnchanged } from './write.ts';
