import { type Clock, messageOf, type Random, Unavailable } from '../base/index.ts';
import type { ContainerEvent, ContainerInspect, Engine } from '../engine/index.ts';
import { nextBackoffMs, pause, withDeadline } from './deadline.ts';

const FIRST_BACKOFF_MS = 100;
const LONGEST_BACKOFF_MS = 8000;
/** An engine that takes longer to begin its events is taken for hanging, ms. */
const LISTEN_TIMEOUT_MS = 15_000;
const LIST_TIMEOUT_MS = 30_000;
/** While it listens, the engine is asked again whether it still answers so often, ms: a hanging one ends no stream. */
const CHECK_PERIOD_MS = 30_000;
/** An outage is told only when it lasts so long, ms: a restart of the engine is no news for every task. */
const OUTAGE_TOLD_AFTER_MS = 2000;

export interface EngineFollowerOptions {
  readonly engine: Engine;
  readonly clock: Clock;
  readonly random: Random;
  /** Containers with this label are listed. */
  readonly label: string;
  readonly onList: (containers: readonly ContainerInspect[]) => void;
  readonly onEvent: (event: ContainerEvent) => void;
  /** The engine does not answer; told once an outage. */
  readonly onLost: (reason: string) => void;
}

/**
 * Follows the engine: its events, with a list after every (re)connection so that nothing in between is missed. An engine that
 * ends its stream, does not answer or hangs is reconnected with growing pauses.
 */
export class EngineFollower {
  readonly #options: EngineFollowerOptions;
  #reconnect = new AbortController();

  constructor(options: EngineFollowerOptions) {
    this.#options = options;
  }

  /** Runs until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, random, onLost } = this.#options;
    let backoffMs = 0;
    let lostAt: number | undefined;
    let isTold = false;
    while (!signal.aborted) {
      const listed = () => {
        backoffMs = 0;
        lostAt = undefined;
        isTold = false;
      };
      const reason = await this.#follow(signal, listed);
      if (signal.aborted) return;
      lostAt ??= clock.now();
      if (!isTold && clock.now() - lostAt >= OUTAGE_TOLD_AFTER_MS) {
        isTold = true;
        onLost(reason);
      }
      backoffMs = nextBackoffMs(backoffMs, FIRST_BACKOFF_MS, LONGEST_BACKOFF_MS);
      await pause(clock, 1 + random.below(backoffMs), signal);
    }
  }

  /** Lists again, since something seems to have been missed. */
  relist(): void {
    this.#reconnect.abort(new Unavailable('deadline-passed', { what: 'a look at a container', timeoutMs: 0 }));
  }

  /** One connection, to its end; gives the reason. */
  async #follow(signal: AbortSignal, onListed: () => void): Promise<string> {
    const { clock, engine, onEvent } = this.#options;
    this.#reconnect = new AbortController();
    const connection = this.#reconnect;
    const stop = () => connection.abort(signal.reason);
    signal.addEventListener('abort', stop, { once: true });
    const events = engine.watch(connection.signal)[Symbol.asyncIterator]();
    try {
      const limit = {
        what: 'listening to the container engine',
        timeoutMs: LISTEN_TIMEOUT_MS,
        signal: connection.signal,
      };
      await withDeadline(clock, limit, () => events.next());
      await this.#list(connection.signal);
      onListed();
      this.#check(connection);
      for (;;) {
        const next = await endsWith(connection.signal, events.next());
        if (next.done === true) return 'the container engine ended its events';
        if (next.value !== 'listening') onEvent(next.value);
      }
    } catch (error) {
      return messageOf(error);
    } finally {
      connection.abort(new Unavailable('step-cancelled', { what: 'following the engine' }));
      signal.removeEventListener('abort', stop);
    }
  }

  async #list(signal: AbortSignal): Promise<void> {
    const { clock, engine, label, onList } = this.#options;
    const limit = { what: 'listing containers', timeoutMs: LIST_TIMEOUT_MS, signal };
    onList(await withDeadline(clock, limit, (inner) => engine.listContainers(label, inner)));
  }

  /** Lists from time to time: finds out an engine that hangs, and mends what an event should have told. */
  #check(connection: AbortController): void {
    const { clock } = this.#options;
    const cancel = clock.after(CHECK_PERIOD_MS, () => {
      // A connection may last for months, and hears of every check once.
      connection.signal.removeEventListener('abort', cancel);
      this.#list(connection.signal).then(
        () => this.#check(connection),
        (error: unknown) => connection.abort(error),
      );
    });
    connection.signal.addEventListener('abort', cancel, { once: true });
  }
}

/** `promise`, or the signal's reason as soon as it aborts. */
function endsWith<T>(signal: AbortSignal, promise: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason);
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}
