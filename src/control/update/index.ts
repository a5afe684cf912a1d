/**
 * Roll-outs: brings the slots of a service to its current spec, a few at a time, watches the new tasks, and pauses or rolls back
 * when too many fail. Only what differs for a container is rolled out (`isDirty`); replicas, labels and update settings restart nothing.
 * - A slot gets one new task a roll-out; its restarts are the restart policy's.
 * - What the next leader must know stands on the service (`UpdateStatus`, `Internal.Rollout`) and its tasks (`Internal.ByUpdate`).
 */
export { isDirty } from './dirty.ts';
export { updateLoop } from './loop.ts';
export { replaceSlot } from './replace-slot.ts';
