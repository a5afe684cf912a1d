import { messageOf } from '../../base/index.ts';
import type { ContainerLogRecord } from '../../engine/index.ts';
import type { Task } from '../../model/index.ts';

/** One record of one task, or why a task's output can't be had. */
export type TaskLogItem =
  | { readonly task: Task; readonly record: ContainerLogRecord }
  | { readonly task: Task; readonly failure: string };

export type OpenTaskLog = (task: Task) => AsyncIterable<ContainerLogRecord>;

/** Tasks whose output is merged at once: each holds a stream to a node open. More are read group by group. */
const MAX_MERGED_TASKS = 128;

/**
 * The output of several tasks, merged by time. Nothing is held but one record of each task. A task that fails gives its reason once;
 * the others go on.
 */
export async function* mergedByTime(tasks: readonly Task[], open: OpenTaskLog): AsyncGenerator<TaskLogItem> {
  for (let from = 0; from < tasks.length; from += MAX_MERGED_TASKS) {
    yield* mergeGroup(tasks.slice(from, from + MAX_MERGED_TASKS), open);
  }
}

interface Head {
  readonly iterator: AsyncIterator<ContainerLogRecord>;
  readonly task: Task;
  item: TaskLogItem | undefined;
}

async function* mergeGroup(tasks: readonly Task[], open: OpenTaskLog): AsyncGenerator<TaskLogItem> {
  const heads = tasks.map((task): Head => ({ iterator: open(task)[Symbol.asyncIterator](), task, item: undefined }));
  try {
    await Promise.all(heads.map(advance));
    for (let first = earliest(heads); first !== undefined; first = earliest(heads)) {
      if (first.item !== undefined) yield first.item;
      if (first.item !== undefined && 'failure' in first.item) first.item = undefined;
      else await advance(first);
    }
  } finally {
    await Promise.all(heads.map((head) => head.iterator.return?.()));
  }
}

async function advance(head: Head): Promise<void> {
  try {
    const next = await head.iterator.next();
    head.item = next.done === true ? undefined : { task: head.task, record: next.value };
  } catch (error) {
    head.item = { task: head.task, failure: messageOf(error) };
  }
}

function earliest(heads: readonly Head[]): Head | undefined {
  let first: Head | undefined;
  for (const head of heads) {
    if (head.item === undefined) continue;
    if (first?.item === undefined || timeOf(head.item) < timeOf(first.item)) first = head;
  }
  return first;
}

/** Failures come first. RFC 3339 in UTC compares as text but for the number of digits, which costs at most their order. */
function timeOf(item: TaskLogItem): string {
  return 'failure' in item ? '' : item.record.at;
}

/**
 * The output of tasks as it comes, with tasks added on the way. Each task is asked for its next record only when the one before was
 * taken, so that a slow reader slows the tasks' streams, not this process's memory.
 */
export class TaskStreams {
  readonly #open: OpenTaskLog;
  readonly #signal: AbortSignal;
  readonly #ready: Array<{ readonly item: TaskLogItem; readonly taken: () => void }> = [];
  #running = 0;
  #isComplete = false;
  #wake: () => void = () => undefined;

  constructor(open: OpenTaskLog, signal: AbortSignal) {
    this.#open = open;
    this.#signal = signal;
    signal.addEventListener('abort', () => this.#wakeAll(), { once: true });
  }

  add(task: Task): void {
    this.#running += 1;
    void this.#pump(task).finally(() => {
      this.#running -= 1;
      this.#wake();
    });
  }

  /** No task will be added any more: the stream ends with the last of those there are. */
  complete(): void {
    this.#isComplete = true;
    this.#wake();
  }

  async *items(): AsyncGenerator<TaskLogItem> {
    while (!this.#signal.aborted) {
      for (let next = this.#ready.shift(); next !== undefined; next = this.#ready.shift()) {
        yield next.item;
        next.taken();
      }
      if (this.#isComplete && this.#running === 0) return;
      if (this.#ready.length === 0 && !this.#signal.aborted) {
        await new Promise<void>((wake) => {
          this.#wake = wake;
        });
      }
    }
  }

  async #pump(task: Task): Promise<void> {
    try {
      for await (const record of this.#open(task)) {
        await this.#offer({ task, record });
        if (this.#signal.aborted) return;
      }
    } catch (error) {
      if (!this.#signal.aborted) await this.#offer({ task, failure: messageOf(error) });
    }
  }

  #offer(item: TaskLogItem): Promise<void> {
    if (this.#signal.aborted) return Promise.resolve();
    return new Promise((taken) => {
      this.#ready.push({ item, taken });
      this.#wake();
    });
  }

  #wakeAll(): void {
    for (const { taken } of this.#ready.splice(0)) taken();
    this.#wake();
  }
}
