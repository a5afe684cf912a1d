import type { Cancel } from '../../base/index.ts';
import { Unavailable } from '../../base/index.ts';
import type { ApiEvent, ApiPorts } from '../ports.ts';
import { eventsOfCommit } from './swarm-events.ts';

/** Past events that `since` can still show, as many as Docker keeps. */
const KEPT_EVENTS = 256;

/** Events that wait for one slow reader; beyond that its stream is cut off, since a gap in it would go unnoticed. */
export const MAX_QUEUED_EVENTS = 8192;

interface Reader {
  readonly queue: ApiEvent[];
  wake: () => void;
  isOverrun: boolean;
}

export interface FollowOptions {
  readonly matches: (event: ApiEvent) => boolean;
  /** Nanoseconds since the Unix epoch; absent = no past ones. */
  readonly since?: bigint;
  /** The stream ends when this time has come. */
  readonly until?: bigint;
  readonly signal: AbortSignal;
}

/** Collects the events of the cluster and of the engine and hands them to every reader. Nobody's reading holds up another. */
export class EventJournal {
  readonly #clock: ApiPorts['clock'];
  readonly #kept: ApiEvent[] = [];
  readonly #readers = new Set<Reader>();
  readonly #sources: Cancel[];

  constructor(ports: ApiPorts) {
    this.#clock = ports.clock;
    const publish = (event: ApiEvent) => this.#publish(event);
    const engine = ports.engineInfo.watchEvents?.(publish);
    this.#sources = [
      ports.swarm.watchCommits((commit) => {
        for (const event of eventsOfCommit(commit)) publish(event);
      }),
      ...(engine === undefined ? [] : [engine]),
    ];
  }

  /** Past events from `since` on, then those to come until `until` or the signal. */
  async *follow(options: FollowOptions): AsyncGenerator<ApiEvent> {
    const { matches, since, until, signal } = options;
    const reader: Reader = { queue: [], wake: () => undefined, isOverrun: false };
    if (since !== undefined) reader.queue.push(...this.#kept.filter((event) => BigInt(event.timeNano) >= since));
    const untilMs = until === undefined ? undefined : Number(until / 1_000_000n);
    const stopAlarm =
      untilMs === undefined ? undefined : this.#clock.after(untilMs - this.#clock.now(), () => reader.wake());
    const onAbort = () => reader.wake();
    signal.addEventListener('abort', onAbort);
    this.#readers.add(reader);
    try {
      while (!signal.aborted) {
        for (let event = reader.queue.shift(); event !== undefined; event = reader.queue.shift()) {
          if (until !== undefined && BigInt(event.timeNano) > until) continue;
          if (matches(event)) yield event;
        }
        if (reader.isOverrun) throw new Unavailable('queue-full', { what: 'events', limit: MAX_QUEUED_EVENTS });
        if (untilMs !== undefined && this.#clock.now() >= untilMs) return;
        if (reader.queue.length === 0 && !signal.aborted) {
          await new Promise<void>((wake) => {
            reader.wake = wake;
          });
        }
      }
    } finally {
      this.#readers.delete(reader);
      signal.removeEventListener('abort', onAbort);
      stopAlarm?.();
    }
  }

  close(): void {
    for (const cancel of this.#sources) cancel();
  }

  #publish(event: ApiEvent): void {
    this.#kept.push(event);
    if (this.#kept.length > KEPT_EVENTS) this.#kept.shift();
    for (const reader of this.#readers) {
      if (reader.queue.length >= MAX_QUEUED_EVENTS) reader.isOverrun = true;
      else reader.queue.push(event);
      reader.wake();
    }
  }
}
