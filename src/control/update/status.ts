import { type Service, type TaskId, timestamp, type UpdateState, type UpdateStatus } from '../../model/index.ts';
import type { Transaction } from '../../store/index.ts';
import type { LoopContext } from '../loop.ts';

/** Whether a roll-out or roll-back is under way. */
export function isRolling(service: Service): boolean {
  const state = service.UpdateStatus?.State;
  return state === 'updating' || state === 'rollback_started';
}

/** Whether a failure stopped it; only a new spec goes on. */
export function isPaused(service: Service): boolean {
  const state = service.UpdateStatus?.State;
  return state === 'paused' || state === 'rollback_paused';
}

/** Begins the roll-out of the current spec over `slots` slots; a roll-back that was asked for keeps its status. */
export function begin(service: Service, slots: number, context: LoopContext): Transaction {
  const status: UpdateStatus = isRolling(service)
    ? statusOf(service)
    : { State: 'updating', StartedAt: timestamp(context.now), Message: 'update in progress' };
  const Rollout = { Version: service.Version.Index, Slots: slots, Failed: [] };
  return write(service, { ...service, UpdateStatus: status, Internal: { ...service.Internal, Rollout } });
}

/** Ends it well. */
export function complete(service: Service, context: LoopContext): Transaction {
  const rolledBack = service.UpdateStatus?.State === 'rollback_started';
  return move(
    service,
    rolledBack ? 'rollback_completed' : 'completed',
    rolledBack ? 'rollback completed' : 'update completed',
    context,
  );
}

/** Stops it where it is. */
export function pause(service: Service, message: string): Transaction {
  const state = service.UpdateStatus?.State === 'rollback_started' ? 'rollback_paused' : 'paused';
  return write(service, { ...service, UpdateStatus: { ...statusOf(service), State: state, Message: message } });
}

/** Notes failures that do not stop it. */
export function recordFailures(service: Service, failed: readonly TaskId[]): Transaction {
  return write(service, withFailures(service, failed));
}

export function withFailures(service: Service, failed: readonly TaskId[]): Service {
  const { Rollout } = service.Internal;
  if (Rollout === undefined) return service;
  const all = [...Rollout.Failed, ...failed];
  return { ...service, Internal: { ...service.Internal, Rollout: { ...Rollout, Failed: all } } };
}

/** Puts the previous spec back, with its credentials; there is no way back from there. `undefined` without a previous spec. */
export function rollBack(service: Service, message: string, context: LoopContext): Transaction | undefined {
  const { PreviousSpec, ...rest } = service;
  if (PreviousSpec === undefined) return undefined;
  const {
    PreviousCredentials,
    Credentials: _given,
    PreviousSpecVersion: _before,
    Rollout: _failed,
    ...kept
  } = service.Internal;
  const back: Service = {
    ...rest,
    Spec: PreviousSpec,
    UpdateStatus: { State: 'rollback_started', StartedAt: timestamp(context.now), Message: message },
    Internal: { ...kept, ...(PreviousCredentials === undefined ? {} : { Credentials: PreviousCredentials }) },
  };
  return {
    preconditions: [unchanged(service)],
    changes: [{ kind: 'put', table: 'service', object: back, newVersion: true }],
  };
}

function move(service: Service, state: UpdateState, message: string, context: LoopContext): Transaction {
  const status: UpdateStatus = {
    ...statusOf(service),
    State: state,
    Message: message,
    CompletedAt: timestamp(context.now),
  };
  return write(service, { ...service, UpdateStatus: status });
}

function statusOf(service: Service): UpdateStatus {
  return service.UpdateStatus ?? { State: 'updating', StartedAt: service.UpdatedAt, Message: 'update in progress' };
}

function write(service: Service, by: Service): Transaction {
  return { preconditions: [unchanged(service)], changes: [{ kind: 'put', table: 'service', object: by }] };
}

const unchanged = (service: Service) =>
  ({ kind: 'revision', table: 'service', id: service.ID, revision: service.Internal.Revision }) as const;
