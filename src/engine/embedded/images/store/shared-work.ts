/** One running piece of work and those who wait for it. */
interface Shared<T, P> {
  readonly result: Promise<T>;
  readonly stop: AbortController;
  readonly listeners: Set<(progress: P) => void>;
  waiting: number;
  lastProgress: { readonly value: P } | undefined;
}

export interface WaitOptions<P> {
  readonly signal: AbortSignal;
  readonly onProgress: (progress: P) => void;
}

/**
 * Does work for the same key once for all who ask while it runs. All hear its progress; it is stopped when the last of them has
 * given up. A result is not kept: who asks later starts anew, and finds what the work has left.
 */
export class SharedWork<T, P> {
  readonly #running = new Map<string, Shared<T, P>>();

  async run(
    key: string,
    options: WaitOptions<P>,
    work: (signal: AbortSignal, report: (progress: P) => void) => Promise<T>,
  ): Promise<T> {
    options.signal.throwIfAborted();
    const shared = this.#join(key, work);
    shared.waiting += 1;
    shared.listeners.add(options.onProgress);
    if (shared.lastProgress !== undefined) options.onProgress(shared.lastProgress.value);
    const { promise: abandoned, reject } = Promise.withResolvers<never>();
    const giveUp = () => reject(options.signal.reason);
    options.signal.addEventListener('abort', giveUp, { once: true });
    try {
      return await Promise.race([shared.result, abandoned]);
    } finally {
      options.signal.removeEventListener('abort', giveUp);
      shared.listeners.delete(options.onProgress);
      shared.waiting -= 1;
      await this.#stopIfAlone(key, shared, options.signal);
    }
  }

  #join(key: string, work: (signal: AbortSignal, report: (progress: P) => void) => Promise<T>): Shared<T, P> {
    const running = this.#running.get(key);
    if (running !== undefined && !running.stop.signal.aborted) return running;
    const stop = new AbortController();
    const listeners = new Set<(progress: P) => void>();
    const report = (progress: P) => {
      shared.lastProgress = { value: progress };
      for (const listener of listeners) listener(progress);
    };
    // After a stopped predecessor only: two must not write in the same place.
    const before = running?.result.catch(() => undefined) ?? Promise.resolve(undefined);
    const result = before.then(() => work(stop.signal, report));
    const shared: Shared<T, P> = { result, stop, listeners, waiting: 0, lastProgress: undefined };
    this.#running.set(key, shared);
    const forget = () => {
      if (this.#running.get(key) === shared) this.#running.delete(key);
    };
    result.then(forget, forget);
    return shared;
  }

  /** The last one to give up waits for the work's end, so that nothing runs on behind its back. */
  async #stopIfAlone(key: string, shared: Shared<T, P>, signal: AbortSignal): Promise<void> {
    if (!signal.aborted || shared.waiting > 0 || this.#running.get(key) !== shared) return;
    shared.stop.abort(signal.reason);
    await shared.result.catch(() => undefined);
  }
}
