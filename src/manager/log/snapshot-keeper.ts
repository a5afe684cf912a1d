import { messageOf, Refusal } from '../../base/index.ts';
import type { LogRecord } from '../../wal/index.ts';
import type { Backlog, LastingOptions } from './single-member-log.ts';

/** Entries of this size together call for a snapshot before their number does: a restart replays them in about a second. */
export const SNAPSHOT_BYTES = 64 * 1024 * 1024;

/** After a snapshot that found no room: entries, as a share of the interval, until the next try. */
const RETRY_SHARE = 10;

/** Makes snapshots when enough was applied since the last one; never two at once, and never in the way of appends. */
export class SnapshotKeeper {
  readonly #options: LastingOptions;
  readonly #fail: (error: Error) => void;
  #entries: number;
  #bytes: number;
  #writing: Promise<void> | undefined;

  constructor(options: LastingOptions, { entries, bytes }: Backlog, fail: (error: Error) => void) {
    this.#options = options;
    this.#fail = fail;
    this.#entries = entries;
    this.#bytes = bytes;
  }

  noteApplied(records: readonly LogRecord[]): void {
    this.#entries += records.length;
    for (const record of records) this.#bytes += record.bytes.length;
    const { snapshotInterval, snapshotBytes = SNAPSHOT_BYTES } = this.#options;
    if (this.#writing !== undefined) return;
    if (this.#entries < snapshotInterval() && this.#bytes < snapshotBytes) return;
    this.#entries = 0;
    this.#bytes = 0;
    this.#writing = this.#write().finally(() => {
      this.#writing = undefined;
    });
  }

  /** Resolves when no snapshot is being written. */
  async settled(): Promise<void> {
    await this.#writing;
  }

  async #write(): Promise<void> {
    const { machine, wal, log, snapshotInterval } = this.#options;
    const { mark, chunks } = machine.snapshot();
    try {
      await wal.writeSnapshot(mark, chunks, mark.index);
      log.info({ index: mark.index }, 'snapshot written');
    } catch (error) {
      if (error instanceof Refusal && error.code === 'log-disk-full') {
        // The log is whole without it; freeing disk space is the operator's.
        log.warn({ index: mark.index, error: messageOf(error) }, 'snapshot not written');
        this.#entries += Math.ceil(snapshotInterval() * (1 - 1 / RETRY_SHARE));
      } else {
        this.#fail(error instanceof Error ? error : new Error(String(error)));
      }
    }
  }
}
