import type { Instant } from '../../base/index.ts';
import { type DesiredState, newId, type Service, type Task, type TaskId } from '../../model/index.ts';
import type { Change } from '../../store/index.ts';
import type { LoopContext } from '../loop.ts';
import { timestampOf } from './now.ts';
import type { Place } from './slot.ts';

/** What keeps a replacement from starting: it waits prepared on its node, at desired `ready`. */
export interface Hold {
  readonly startAt: Instant;
  readonly startAfter?: TaskId | undefined;
  readonly startBy?: Instant | undefined;
}

export interface NewTask {
  readonly place: Place;
  /** Without one the task is wanted running at once. */
  readonly hold?: Hold | undefined;
  /** Made by a roll-out, and counts for its failures. */
  readonly byUpdate?: boolean;
}

/** The change that creates a task of the service's current spec, in state `new`. A global service's task comes with its node. */
export function createTask(service: Service, { place, hold, byUpdate }: NewTask, context: LoopContext): Change {
  const at = timestampOf(context.now);
  const desired: DesiredState = hold === undefined ? 'running' : 'ready';
  const task: Task = {
    ID: newId(context.random) as TaskId,
    Version: { Index: 0 },
    CreatedAt: at,
    UpdatedAt: at,
    ServiceID: service.ID,
    Slot: place.kind === 'slot' ? place.slot : 0,
    ...(place.kind === 'node' ? { NodeID: place.nodeId } : {}),
    Status: { Timestamp: at, State: 'new', Message: 'created' },
    DesiredState: desired,
    Internal: {
      Revision: 0,
      SpecVersion: service.Internal.SpecVersion,
      AppliedAt: context.now,
      ...(hold === undefined ? {} : { StartAt: hold.startAt }),
      ...(hold?.startAfter === undefined ? {} : { StartAfter: hold.startAfter }),
      ...(hold?.startBy === undefined ? {} : { StartBy: hold.startBy }),
      ...(byUpdate === true ? { ByUpdate: true } : {}),
    },
  };
  return { kind: 'put', table: 'task', object: task };
}
