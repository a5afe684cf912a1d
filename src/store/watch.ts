import type { Cancel } from '../base/index.ts';
import type { Commit } from './change.ts';

/** Changes that may wait for one watcher: about 50 MB of what they hold on to. One that falls further behind must list again. */
export const MAX_WATCH_BACKLOG = 50_000;

/** What a watcher is given: all commits since it last asked, in log order. */
export type WatchBatch =
  | { readonly kind: 'commits'; readonly commits: readonly Commit[] }
  /** Commits were dropped because the watcher was too slow: list again, and skip commits that the new list's view holds already. */
  | { readonly kind: 'overflow' };

export interface WatchOptions {
  /** Ends the watch; a `next` that waits resolves with `undefined`. */
  readonly signal?: AbortSignal;
  /** Changes that may wait; `MAX_WATCH_BACKLOG` unless a test wants less. */
  readonly backlog?: number;
}

/**
 * A reader of commits at its own pace. It begins with the turn in which it is made: a list read in the same turn and this watch
 * together miss nothing.
 */
export class Watch implements AsyncIterable<WatchBatch> {
  readonly #backlog: number;
  #commits: Commit[] = [];
  #waitingChanges = 0;
  #hasOverflowed = false;
  #isClosed = false;
  #wake: (() => void) | undefined;
  #leave: Cancel | undefined;

  constructor(options: WatchOptions, join: (watch: Watch) => Cancel) {
    this.#backlog = options.backlog ?? MAX_WATCH_BACKLOG;
    if (options.signal?.aborted === true) {
      this.#isClosed = true;
      return;
    }
    const leave = join(this);
    const onAbort = () => this.close();
    options.signal?.addEventListener('abort', onAbort, { once: true });
    this.#leave = () => {
      leave();
      options.signal?.removeEventListener('abort', onAbort);
    };
  }

  /** The store's side: a commit was applied. */
  push(commit: Commit): void {
    if (this.#isClosed || this.#hasOverflowed) return;
    this.#waitingChanges += Math.max(1, commit.changes.length);
    if (this.#waitingChanges > this.#backlog) {
      this.#commits = [];
      this.#hasOverflowed = true;
    } else {
      this.#commits.push(commit);
    }
    this.#wake?.();
  }

  /** The store's side: all state was replaced, so that no commit leads from the old to the new. */
  reset(): void {
    if (this.#isClosed) return;
    this.#commits = [];
    this.#hasOverflowed = true;
    this.#wake?.();
  }

  /** The next batch; waits for one. `undefined` once the watch is closed. One call at a time. */
  async next(): Promise<WatchBatch | undefined> {
    while (!this.#isClosed && this.#commits.length === 0 && !this.#hasOverflowed) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.#wake = undefined;
    }
    if (this.#isClosed) return undefined;
    return this.#take();
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#commits = [];
    this.#leave?.();
    this.#wake?.();
  }

  async *[Symbol.asyncIterator](): AsyncIterator<WatchBatch> {
    try {
      for (let batch = await this.next(); batch !== undefined; batch = await this.next()) yield batch;
    } finally {
      this.close();
    }
  }

  #take(): WatchBatch {
    const commits = this.#commits;
    const hasOverflowed = this.#hasOverflowed;
    this.#commits = [];
    this.#waitingChanges = 0;
    this.#hasOverflowed = false;
    return hasOverflowed ? { kind: 'overflow' } : { kind: 'commits', commits };
  }
}
