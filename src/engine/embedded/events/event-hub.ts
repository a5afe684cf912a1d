import { type Clock, Unavailable } from '../../../base/index.ts';
import type { ContainerEvent } from '../../port/container.ts';
import type { EngineMessage } from '../../port/local.ts';
import type { ContainerRecord } from '../containers/record.ts';
import { timestampOfNs } from '../spec/time.ts';

/** Events that one reader may be behind; a thousand containers that start and end at once make some thousands. */
const MAX_BEHIND = 20_000;

/** Actions of the Engine API that the agent hears of, by its own names. */
const kinds: Readonly<Record<string, ContainerEvent['kind']>> = {
  create: 'created',
  start: 'started',
  die: 'died',
  oom: 'oom',
  destroy: 'removed',
};

function kindOf(action: string): ContainerEvent['kind'] | undefined {
  return action.startsWith('health_status') ? 'healthChanged' : kinds[action];
}

/** Tells what happens to containers, to the agent and to `docker events`. */
export class EventHub {
  readonly #clock: Clock;
  readonly #listeners = new Set<(message: EngineMessage, record: ContainerRecord) => void>();
  #lastNs = 0n;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** `atNs`: when it happened, if that is known better than now. */
  emit(record: ContainerRecord, action: string, more: Readonly<Record<string, string>> = {}, atNs?: bigint): void {
    const nowNs = atNs ?? BigInt(Math.round(this.#clock.now() * 1000)) * 1000n;
    // Times of two events differ, so that `--since` an event's time loses none.
    this.#lastNs = nowNs > this.#lastNs ? nowNs : this.#lastNs + 1n;
    const image = record.image.reference;
    const message: EngineMessage = {
      status: action,
      id: record.id,
      from: image,
      Type: 'container',
      Action: action,
      Actor: { ID: record.id, Attributes: { ...record.create.Labels, ...more, image, name: record.name } },
      scope: 'local',
      time: Number(this.#lastNs / 1_000_000_000n),
      timeNano: this.#lastNs,
    };
    for (const listener of [...this.#listeners]) listener(message, record);
  }

  subscribe(listener: (message: EngineMessage, record: ContainerRecord) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** `listening` first; from then on nothing is missed. Throws when the reader falls too far behind. */
  async *watch(signal: AbortSignal): AsyncGenerator<'listening' | ContainerEvent> {
    const queue: ContainerEvent[] = [];
    let isOverrun = false;
    let wake: (() => void) | undefined;
    const release = this.subscribe((message, record) => {
      const kind = kindOf(message.Action);
      if (kind === undefined) return;
      if (queue.length >= MAX_BEHIND) isOverrun = true;
      else queue.push({ kind, id: record.id, labels: record.create.Labels ?? {}, at: timestampOfNs(message.timeNano) });
      wake?.();
    });
    const onAbort = (): void => wake?.();
    signal.addEventListener('abort', onAbort);
    try {
      yield 'listening';
      while (!signal.aborted) {
        if (isOverrun) throw new Unavailable('engine-events-lost');
        const next = queue.shift();
        if (next !== undefined) yield next;
        else
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
      }
    } finally {
      signal.removeEventListener('abort', onAbort);
      release();
    }
  }
}
