import type { ContainerLogRecord } from '../../engine/index.ts';
import { frame } from '../http/raw-stream.ts';
import type { LogRequest } from './log-options.ts';
import type { TaskLogItem } from './task-streams.ts';

/** Turns records into the bytes of the answer: framed, or raw with a terminal. */
export async function* logFrames(
  items: AsyncIterable<TaskLogItem>,
  request: LogRequest,
  isRaw: boolean,
): AsyncGenerator<Uint8Array> {
  for await (const item of items) {
    if ('failure' in item) {
      // Also with a terminal: a frame is what the client recognises as the daemon's word, and nothing follows it from this task.
      yield frame('systemError', Buffer.from(`${item.failure}\n`));
      continue;
    }
    const line = lineOf(item, request);
    yield isRaw ? line : frame(item.record.stream, line);
  }
}

function lineOf(item: Extract<TaskLogItem, { record: ContainerLogRecord }>, request: LogRequest): Uint8Array {
  if (!request.timestamps && !request.details) return item.record.bytes;
  const time = request.timestamps ? `${fixedNanoseconds(item.record.at)} ` : '';
  const details = request.details ? `${detailsOf(item)} ` : '';
  return Buffer.concat([Buffer.from(time + details), item.record.bytes]);
}

/** What the CLI reads to print `service.slot.id@node` before each line. */
function detailsOf({ task }: { readonly task: TaskLogItem['task'] }): string {
  const node = encodeURIComponent(task.NodeID ?? '');
  return `com.docker.swarm.node.id=${node},com.docker.swarm.service.id=${task.ServiceID},com.docker.swarm.task.id=${task.ID}`;
}

/** RFC 3339 with exactly nine digits of a second, as Docker prints log times; clients align on them. */
export function fixedNanoseconds(at: string): string {
  const match = /^([^.Z+]+)(?:\.([0-9]+))?(Z|[+-].*)$/.exec(at);
  if (match === null) return at;
  return `${match[1]}.${(match[2] ?? '').slice(0, 9).padEnd(9, '0')}${match[3]}`;
}
