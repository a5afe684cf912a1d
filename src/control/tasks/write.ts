import { type DesiredState, type Service, type Task, type TaskStatus, taskStateOrder } from '../../model/index.ts';
import type { Change, Precondition, Transaction } from '../../store/index.ts';
import type { LoopContext } from '../loop.ts';
import { timestampOf } from './now.ts';

/** Holds while nobody wrote the task since it was read. */
export function taskUnchanged(task: Task): Precondition {
  return { kind: 'revision', table: 'task', id: task.ID, revision: task.Internal.Revision };
}

/** Holds while the service exists and has the spec that was read; its status may move. */
export function specUnchanged(service: Service): Precondition {
  return { kind: 'version', table: 'service', id: service.ID, index: service.Version.Index };
}

export function put(task: Task): Change {
  return { kind: 'put', table: 'task', object: task };
}

/** Replaces one task, provided that nobody else did. */
export function replaceTask(task: Task, by: Task): Transaction {
  return { preconditions: [taskUnchanged(task)], changes: [put(by)] };
}

/** The task with a later desired state; a desired state never goes down, so an earlier one changes nothing. */
export function desire(task: Task, state: DesiredState): Task {
  return taskStateOrder[state] > taskStateOrder[task.DesiredState] ? { ...task, DesiredState: state } : task;
}

/** The task with a status that the managers observed themselves, stamped with store time; a new message alone does not make it younger. */
export function observe(
  task: Task,
  status: Pick<TaskStatus, 'State' | 'Message'> & { readonly Err?: string | undefined },
  context: LoopContext,
): Task {
  const { Err: _old, ...kept } = task.Status;
  const { Err, ...seen } = status;
  const AppliedAt = seen.State === task.Status.State ? task.Internal.AppliedAt : context.now;
  return {
    ...task,
    Status: { ...kept, ...seen, ...(Err === undefined ? {} : { Err }), Timestamp: timestampOf(context.now) },
    Internal: { ...task.Internal, AppliedAt },
  };
}

/** Asks for the end of a task, as one transaction; none when it is asked for already. */
export function stopTask(task: Task, state: 'shutdown' | 'remove'): readonly Transaction[] {
  const stopped = desire(task, state);
  return stopped === task ? [] : [replaceTask(task, stopped)];
}
