import {
  type ContainerId,
  compareStates,
  type NodeId,
  type Task,
  type TaskStatus,
  timestamp,
} from '../../../src/model/index.ts';
import type { Change, Transaction, View } from '../../../src/store/index.ts';

/** Images that the recording's machines had; there was no registry. */
const images = new Set(['busybox:latest', 'alpine:latest']);

/** What a container does, told from its command as the recording's calls use them. */
type Script = 'runs' | 'fails' | 'ends';

/** A machine that "runs" tasks without containers: the status that each of its tasks has next. */
export function nodeStep(view: View, node: NodeId, now: number): Transaction | undefined {
  const changes: Change[] = [];
  for (const task of view.tasksOfNode(node)) {
    const status = nextStatus(view, task, now);
    if (status === undefined) continue;
    const object = { ...task, Status: status, Internal: { ...task.Internal, AppliedAt: view.storeTime } };
    changes.push({ kind: 'put', table: 'task', object });
  }
  if (changes.length === 0) return undefined;
  const preconditions = changes.flatMap((change) =>
    change.kind === 'put' && change.table === 'task'
      ? [
          {
            kind: 'revision' as const,
            table: 'task' as const,
            id: change.object.ID,
            revision: change.object.Internal.Revision,
          },
        ]
      : [],
  );
  return { preconditions, changes };
}

/** Output of the recording's `logger` service. */
export const loggerOutput = [
  { stream: 'stdout', text: 'out1\n' },
  { stream: 'stderr', text: 'err1\n' },
  { stream: 'stdout', text: 'out2\n' },
] as const;

function nextStatus(view: View, task: Task, now: number): TaskStatus | undefined {
  const { State } = task.Status;
  if (compareStates(State, 'running') > 0) return undefined;
  const says = (state: TaskStatus['State'], Message: string, more: Partial<TaskStatus> = {}): TaskStatus => ({
    ...task.Status,
    Timestamp: timestamp(now),
    State: state,
    Message,
    ...more,
  });
  if (compareStates(task.DesiredState, 'complete') > 0) return says('shutdown', 'shutdown');
  const {
    Image = '',
    Command = [],
    Mounts = [],
  } = view.template(task.ServiceID, task.Internal.SpecVersion)?.Spec.ContainerSpec ?? {};
  if (compareStates(State, 'ready') < 0) {
    if (!images.has(Image)) return says('rejected', 'preparing', { Err: `No such image: ${Image}` });
    const missing = Mounts.find((mount) => mount.Type === 'bind' && mount.Source?.startsWith('/nosuch'));
    if (missing === undefined) return says('ready', 'prepared');
    const Err = `invalid mount config for type "bind": bind source path does not exist: ${missing.Source}`;
    const ContainerStatus = { ContainerID: '' as ContainerId, PID: 0, ExitCode: 0 }; // none was made
    return says('rejected', 'preparing', { Err, ContainerStatus });
  }
  const script = scriptOf(Command);
  if (State === 'ready') {
    if (task.DesiredState === 'ready') return undefined;
    const PID = script === 'runs' ? 4_000_000 : 0;
    return says('running', 'started', { ContainerStatus: { ContainerID: containerOf(task), PID, ExitCode: 0 } });
  }
  if (script === 'runs') return undefined;
  const ExitCode = script === 'fails' ? 3 : 0;
  const ContainerStatus = { ContainerID: containerOf(task), PID: 0, ExitCode };
  return script === 'ends'
    ? says('complete', 'finished', { ContainerStatus })
    : says('failed', 'started', { ContainerStatus, Err: 'task: non-zero exit (3)' });
}

function scriptOf(command: readonly string[]): Script {
  if (command.includes('exit 3')) return 'fails';
  return command[0] === 'true' ? 'ends' : 'runs';
}

function containerOf(task: Task): ContainerId {
  const hex = Buffer.from(task.ID).toString('hex').slice(0, 50).padEnd(64, '0');
  return hex as ContainerId; // 64 hex digits, as an engine's
}
