import { type FSWatcher, watch } from 'node:fs';
import { TurnQueue } from '../host/turn-queue.ts';
import { keepLogFile } from './files.ts';

/** Keeps the older files of a running container's log; see `keepLogFile`. Costs nothing while the log is not rotated. */
export class LogKeeper {
  readonly #directory: string;
  readonly #maxFiles: number;
  readonly #turns = new TurnQueue();
  readonly #onError: (cause: unknown) => void;
  #watcher: FSWatcher | undefined;

  constructor(directory: string, maxFiles: number, onError: (cause: unknown) => void) {
    this.#directory = directory;
    this.#maxFiles = maxFiles;
    this.#onError = onError;
  }

  /** The directory must be there; call before the container is let go. */
  start(): void {
    this.#watcher = watch(this.#directory, (event, name) => {
      if (event === 'rename' && name === 'log') this.keep();
    });
    this.#watcher.on('error', this.#onError);
    this.keep();
  }

  keep(): void {
    this.#turns.run(() => keepLogFile(this.#directory, this.#maxFiles)).catch(this.#onError);
  }

  stop(): void {
    this.#watcher?.close();
    this.#watcher = undefined;
  }
}
