import { Refusal } from '../../base/index.ts';
import { compareStates, type Task, type TaskTemplate } from '../../model/index.ts';
import type { View } from '../../store/index.ts';
import type { Answer } from '../http/answer.ts';
import type { Exchange } from '../http/exchange.ts';
import { streamContentType } from '../http/raw-stream.ts';
import type { Route } from '../http/router.ts';
import { logFrames } from '../logs/log-frames.ts';
import { type LogRequest, parseLogRequest } from '../logs/log-options.ts';
import { mergedByTime, type TaskLogItem, TaskStreams } from '../logs/task-streams.ts';
import { findObject } from '../lookup.ts';
import { managerOf } from '../manager-door.ts';
import type { ApiPorts } from '../ports.ts';

/** Logs of a service's tasks and of one task, framed as Docker frames them. */
export function logRoutes(ports: ApiPorts): readonly Route[] {
  return [
    {
      method: 'GET',
      path: '/services/{id}/logs',
      deadline: 'unbounded',
      handle: (exchange) => serviceLogs(ports, exchange),
    },
    { method: 'GET', path: '/tasks/{id}/logs', deadline: 'unbounded', handle: (exchange) => taskLogs(ports, exchange) },
  ];
}

function serviceLogs(ports: ApiPorts, exchange: Exchange): Answer {
  const request = parseLogRequest(exchange.query);
  const view = managerOf(ports.swarm).view();
  const service = findObject(view, 'service', exchange.param('id'));
  const tasks = [...view.tasksOfService(service.ID)].sort(byAge);
  const isRaw = hasTerminal(view, tasks, service.Spec.TaskTemplate?.ContainerSpec?.TTY === true);
  const items = request.options.follow
    ? followService(ports, service.ID, request, exchange.signal)
    : mergedByTime(tasks.filter(hasOutput), (task) => ports.logs.taskLogs(task, request.options, exchange.signal));
  return answer(items, request, isRaw, exchange);
}

function taskLogs(ports: ApiPorts, exchange: Exchange): Answer {
  const request = parseLogRequest(exchange.query);
  const view = managerOf(ports.swarm).view();
  const task = findObject(view, 'task', exchange.param('id'));
  const isRaw = hasTerminal(view, [task], false);
  const items = mergedByTime([task], (one) => ports.logs.taskLogs(one, request.options, exchange.signal));
  return answer(items, request, isRaw, exchange);
}

function answer(items: AsyncIterable<TaskLogItem>, request: LogRequest, isRaw: boolean, exchange: Exchange): Answer {
  return {
    kind: 'stream',
    status: 200,
    contentType: streamContentType(isRaw, exchange.apiMinor),
    chunks: logFrames(items, request, isRaw),
  };
}

/** The tasks that there are and those that come; ends when the service is gone and its last task has said its last word. */
async function* followService(
  ports: ApiPorts,
  serviceId: Task['ServiceID'],
  request: LogRequest,
  signal: AbortSignal,
): AsyncGenerator<TaskLogItem> {
  const streams = new TaskStreams((task) => ports.logs.taskLogs(task, request.options, signal), signal);
  const followed = new Set<string>();
  const follow = (task: Task) => {
    if (task.NodeID === undefined || followed.has(task.ID)) return;
    followed.add(task.ID);
    streams.add(task);
  };
  const cancel = ports.swarm.watchCommits((commit) => {
    for (const change of commit.changes) {
      if (change.table === 'task' && change.after?.ServiceID === serviceId) follow(change.after);
      else if (change.table === 'task' && change.after === undefined) followed.delete(change.id);
      else if (change.table === 'service' && change.id === serviceId && change.after === undefined) streams.complete();
    }
  });
  try {
    // Listed in the turn that began to watch: no task falls between.
    for (const task of managerOf(ports.swarm).view().tasksOfService(serviceId)) follow(task);
    yield* streams.items();
  } finally {
    cancel();
  }
}

/** Without follow Swarm asks only for tasks that have run. */
function hasOutput(task: Task): boolean {
  return task.NodeID !== undefined && compareStates(task.Status.State, 'running') >= 0;
}

function byAge(a: Task, b: Task): number {
  return a.CreatedAt < b.CreatedAt ? -1 : a.CreatedAt > b.CreatedAt ? 1 : 0;
}

/** Whether the tasks write to a terminal, whose output has no frames. Some with and some without can't share one answer. */
function hasTerminal(view: View, tasks: readonly Task[], fallback: boolean): boolean {
  const kinds = new Set(tasks.map((task) => terminalOf(view.template(task.ServiceID, task.Internal.SpecVersion))));
  if (kinds.size > 1) throw new Refusal('logs-mixed-terminal');
  return kinds.values().next().value ?? fallback;
}

function terminalOf(template: TaskTemplate | undefined): boolean {
  return template?.Spec.ContainerSpec?.TTY === true;
}
