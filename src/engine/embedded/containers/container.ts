import type { Health } from '../health/health.ts';
import { TurnQueue } from '../host/turn-queue.ts';
import type { LogKeeper } from '../logs/keeper.ts';
import type { Journal } from './journal.ts';
import type { ContainerPhase, ContainerRecord } from './record.ts';

/**
 * A container while the daemon runs: its record and who waits for it. The record in memory is never ahead of the one on disk.
 * Changes of phase are made within `turns`, one at a time.
 */
export class Container {
  readonly turns = new TurnQueue();
  readonly bundle: string;
  /** While it runs and its log is kept. */
  logKeeper: LogKeeper | undefined;
  /** While it runs and has a check; the last verdict after it has ended. */
  health: Health | undefined;
  /** Set when removal was asked for: nothing starts it any more. */
  isBeingRemoved = false;
  /** Clients that are told when the phase changes. */
  readonly #watchers = new Set<() => void>();
  readonly #journal: Journal;
  #record: ContainerRecord;
  #isGone = false;
  #lastExitCode = 0;

  constructor(record: ContainerRecord, journal: Journal) {
    this.#record = record;
    this.#noteExitCode(record.state);
    this.#journal = journal;
    this.bundle = journal.bundle(record.id);
  }

  get record(): ContainerRecord {
    return this.#record;
  }

  /** Of the last run that ended or could not begin; 0 when there was none. Outlives the removal. */
  get lastExitCode(): number {
    return this.#lastExitCode;
  }

  get isRunning(): boolean {
    return this.#record.state.kind === 'running';
  }

  /** Removed, also from disk. */
  get isGone(): boolean {
    return this.#isGone;
  }

  get logDirectory(): string {
    return `${this.bundle}/logs`;
  }

  /** Makes the phase durable, then true. */
  async become(state: ContainerPhase): Promise<void> {
    const next = { ...this.#record, state };
    await this.#journal.write(next);
    this.#record = next;
    this.#noteExitCode(state);
    this.#tell();
  }

  /** Not journalled: the directory's new name is what says so. */
  markRemoving(): void {
    this.#record = { ...this.#record, state: { kind: 'removing' } };
    this.#tell();
  }

  markGone(): void {
    this.#isGone = true;
    this.#tell();
  }

  /** Calls back at every change of phase; returns how to take it back. */
  watch(onChange: () => void): () => void {
    this.#watchers.add(onChange);
    return () => this.#watchers.delete(onChange);
  }

  /** Resolves when `holds` is true, now or after a change; rejects when `signal` aborts. */
  until(holds: () => boolean, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (holds()) return resolve();
      if (signal?.aborted) return reject(signal.reason);
      const finish = (end: () => void): void => {
        release();
        signal?.removeEventListener('abort', onAbort);
        end();
      };
      const onAbort = (): void => finish(() => reject(signal?.reason));
      const release = this.watch(() => {
        if (holds()) finish(resolve);
      });
      signal?.addEventListener('abort', onAbort);
    });
  }

  #noteExitCode(state: ContainerPhase): void {
    if (state.kind === 'exited') this.#lastExitCode = state.exitCode;
    else if (state.kind === 'created') this.#lastExitCode = state.exitCode ?? 0;
  }

  #tell(): void {
    for (const watcher of [...this.#watchers]) watcher();
  }
}
