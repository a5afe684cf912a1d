import { type Cancel, type Clock, messageOf } from '../base/index.ts';
import type { AgentLog, AgentStateStorage } from './ports.ts';
import { type AgentRecord, encodeRecord } from './state.ts';

/** Changes that nobody waits for are written together after so long, ms. */
const LAZY_SAVE_MS = 200;

interface Waiter {
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** Writes the agent's record: one write at a time, each of the newest state, for all who asked before it began. */
export class StateSaver {
  readonly #storage: AgentStateStorage;
  readonly #record: () => AgentRecord;
  readonly #clock: Clock;
  readonly #log: AgentLog;
  #waiters: Waiter[] = [];
  #cancelLazy: Cancel | undefined;
  #writing: Promise<void> | undefined;

  constructor(storage: AgentStateStorage, record: () => AgentRecord, clock: Clock, log: AgentLog) {
    this.#storage = storage;
    this.#record = record;
    this.#clock = clock;
    this.#log = log;
  }

  /** Resolves when the state as it is now is durable; rejects when the disk refused it. */
  save(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiters.push({ resolve, reject });
      this.#writing ??= this.#write();
    });
  }

  /** Writes soon. */
  touch(): void {
    this.#cancelLazy ??= this.#clock.after(LAZY_SAVE_MS, () => {
      this.#cancelLazy = undefined;
      this.save().catch((error: unknown) => this.#log.error({ reason: messageOf(error) }, 'agent state not written'));
    });
  }

  /** Waits for the write under way and starts no other. */
  async close(): Promise<void> {
    this.#cancelLazy?.();
    await this.#writing;
  }

  async #write(): Promise<void> {
    while (this.#waiters.length > 0) {
      // All that this turn still asks for goes into the same write.
      await undefined;
      const waiters = this.#waiters;
      this.#waiters = [];
      try {
        await this.#storage.replace(encodeRecord(this.#record()));
        for (const { resolve } of waiters) resolve();
      } catch (error) {
        for (const { reject } of waiters) reject(error);
      }
    }
    this.#writing = undefined;
  }
}
