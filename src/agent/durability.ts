import { type Clock, messageOf, Unavailable } from '../base/index.ts';
import { withDeadline } from './deadline.ts';

/** A disk that takes longer to write some kilobytes is as good as none, ms. */
const SAVE_TIMEOUT_MS = 30_000;

/** Whether the assignments that were obeyed are on the disk. */
export class Durability {
  readonly #clock: Clock;
  readonly #save: () => Promise<void>;
  #saved: Promise<boolean> = Promise.resolve(true);
  #failure: unknown;

  constructor(clock: Clock, save: () => Promise<void>) {
    this.#clock = clock;
    this.#save = save;
  }

  /** The assignments have changed: begins to write them. */
  begin(): void {
    this.#saved = this.#save().then(
      () => true,
      (error: unknown) => {
        this.#failure = error;
        return false;
      },
    );
  }

  /** Resolves when they are durable; tries once more when the last write failed, then `Unavailable('agent-state-unwritten')`. */
  async reached(signal: AbortSignal): Promise<void> {
    const limit = { what: 'writing the agent state', timeoutMs: SAVE_TIMEOUT_MS, signal };
    await withDeadline(this.#clock, limit, async () => {
      if (await this.#saved) return;
      this.begin();
      if (await this.#saved) return;
      const cause = this.#failure;
      throw new Unavailable('agent-state-unwritten', { reason: messageOf(cause), cause });
    });
  }
}
