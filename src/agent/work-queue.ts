import { Unavailable } from '../base/index.ts';

/** What waits for the engine. Starting comes before creating, so that what is begun is finished first. */
export type WorkKind = 'stop' | 'start' | 'create' | 'remove' | 'look' | 'pull';

/** Works that wait in one lane; more are refused and tried again by their tasks. */
const MAX_WAITING = 20_000;
/** Looks are cheap reads; as many at once keep an engine's socket busy without flooding it. */
const LOOKS_AT_ONCE = 16;
/** Pulls share one network; each is parallel in itself. */
const PULLS_AT_ONCE = 3;
/** A stop mostly waits for its process, so that more of them go at once; this many per start that the engine does well. */
const STOPS_PER_START = 8;

interface Waiting {
  readonly priority: number;
  readonly begin: () => void;
}

interface Lane {
  readonly limit: number;
  running: number;
  readonly waiting: Waiting[];
}

/**
 * Queues work on the engine: creations, starts and removals share as many places as the engine starts containers best at once;
 * stops have places of their own and never wait behind them.
 */
export class WorkQueue {
  readonly #engine: Lane;
  readonly #stops: Lane;
  readonly #looks: Lane = { limit: LOOKS_AT_ONCE, running: 0, waiting: [] };
  readonly #pulls: Lane = { limit: PULLS_AT_ONCE, running: 0, waiting: [] };

  constructor(startParallelism: number) {
    const limit = Math.max(1, startParallelism);
    this.#engine = { limit, running: 0, waiting: [] };
    this.#stops = { limit: limit * STOPS_PER_START, running: 0, waiting: [] };
  }

  /** Runs `work` when its turn has come. Given up while it waits, it never runs: `Unavailable('step-cancelled')`. */
  async run<T>(kind: WorkKind, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    const lane = this.#laneOf(kind);
    await this.#turn(lane, kind, signal);
    try {
      return await work();
    } finally {
      lane.running -= 1;
      beginNext(lane);
    }
  }

  #laneOf(kind: WorkKind): Lane {
    if (kind === 'stop') return this.#stops;
    if (kind === 'look') return this.#looks;
    return kind === 'pull' ? this.#pulls : this.#engine;
  }

  #turn(lane: Lane, kind: WorkKind, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (lane.waiting.length >= MAX_WAITING) {
        reject(new Unavailable('queue-full', { what: 'the container engine', limit: MAX_WAITING }));
        return;
      }
      const onAbort = () => {
        lane.waiting.splice(lane.waiting.indexOf(waiting), 1);
        reject(new Unavailable('step-cancelled', { what: kind, cause: signal.reason }));
      };
      const waiting: Waiting = {
        priority: kind === 'start' ? 0 : 1,
        begin: () => {
          signal.removeEventListener('abort', onAbort);
          lane.running += 1;
          resolve();
        },
      };
      insert(lane.waiting, waiting);
      if (signal.aborted) onAbort();
      else signal.addEventListener('abort', onAbort, { once: true });
      beginNext(lane);
    });
  }
}

function beginNext(lane: Lane): void {
  while (lane.running < lane.limit) {
    const next = lane.waiting.shift();
    if (next === undefined) return;
    next.begin();
  }
}

/** Behind all of its own priority, before those of a later one. */
function insert(waiting: Waiting[], item: Waiting): void {
  const last = waiting.at(-1);
  // Most come last: thousands of creations must not each look through all that wait.
  if (last === undefined || last.priority <= item.priority) waiting.push(item);
  else {
    const at = waiting.findIndex(({ priority }) => priority > item.priority);
    waiting.splice(at, 0, item);
  }
}
