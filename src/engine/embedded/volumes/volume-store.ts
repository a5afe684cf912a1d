import { mkdir, readdir, rename, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type Clock, Refusal, Unavailable } from '../../../base/index.ts';
import { replaceFile, syncDirectory } from '../../../files/index.ts';
import { runCommand } from '../host/command.ts';
import { readIfThere } from '../host/process.ts';
import { TurnQueue } from '../host/turn-queue.ts';
import { timestampOf } from '../spec/time.ts';

const VOLUME_VERSION = 1;
/** No volume's name begins so. */
const REMOVING = '.removing-';
/** Copying an image's directory into a new volume: gigabytes on a slow disk. */
const COPY_TIMEOUT_MS = 600_000;

export interface VolumeRecord {
  readonly version: typeof VOLUME_VERSION;
  readonly name: string;
  readonly createdAt: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly isAnonymous: boolean;
}

/** Where the content of a container's image is: its bundle, in which the root is mounted as the container would see it. */
export interface CopySource {
  readonly bundle: string;
  readonly layerCount: number;
  /** Within the image, free of links. */
  readonly path: string;
}

const MOUNT_AND_COPY =
  'mount -t overlay overlay -o "lowerdir=$1,upperdir=upper,workdir=work" merged && exec cp -a -- "merged$2/." "$3"';

/**
 * Volumes of the local driver: `NAME/volume.json` and the content in `NAME/_data`. A directory without
 * a record is left alone: data is never removed but by `remove`.
 */
export class VolumeStore {
  readonly #directory: string;
  readonly #clock: Clock;
  readonly #volumes = new Map<string, VolumeRecord>();
  readonly #turns = new TurnQueue();

  constructor(directory: string, clock: Clock) {
    this.#directory = directory;
    this.#clock = clock;
  }

  async load(): Promise<void> {
    await mkdir(this.#directory, { recursive: true, mode: 0o711 });
    for (const name of await readdir(this.#directory)) {
      const path = join(this.#directory, name, 'volume.json');
      if (name.startsWith(REMOVING)) await rm(join(this.#directory, name), { recursive: true, force: true });
      const text = await readIfThere(path);
      if (text === undefined) continue;
      const record = JSON.parse(text) as VolumeRecord; // Written by `ensure`, replaced atomically.
      if (record.version !== VOLUME_VERSION)
        throw new Refusal('engine-record-version', { path, version: record.version });
      this.#volumes.set(record.name, record);
    }
  }

  list(): VolumeRecord[] {
    return [...this.#volumes.values()];
  }

  path(name: string): string {
    return join(this.#directory, name, '_data');
  }

  /** Makes the volume unless it is there; its path on the host. */
  ensure(name: string, labels: Readonly<Record<string, string>>, isAnonymous: boolean): Promise<string> {
    return this.#turns.run(async () => {
      if (!this.#volumes.has(name)) {
        await mkdir(this.path(name), { recursive: true });
        const createdAt = timestampOf(this.#clock.now());
        const record: VolumeRecord = { version: VOLUME_VERSION, name, createdAt, labels, isAnonymous };
        await replaceFile(join(this.#directory, name, 'volume.json'), JSON.stringify(record));
        await syncDirectory(this.#directory);
        this.#volumes.set(name, record);
      }
      return this.path(name);
    });
  }

  /** Fills an empty volume with what the image has at its place: all of it or, if that fails, nothing. */
  fill(name: string, source: CopySource): Promise<void> {
    return this.#turns.run(async () => {
      const target = this.path(name);
      if ((await readdir(target)).length > 0) return;
      const copy = join(this.#directory, name, '_copy');
      await rm(copy, { recursive: true, force: true });
      await mkdir(copy);
      const lower = Array.from({ length: source.layerCount }, (_, index) => `l/${index}`).join(':');
      const script = [
        '--mount',
        '--propagation',
        'slave',
        '/bin/sh',
        '-c',
        MOUNT_AND_COPY,
        'sh',
        lower,
        source.path,
        copy,
      ];
      const { code, stderr } = await runCommand('unshare', script, { cwd: source.bundle, timeoutMs: COPY_TIMEOUT_MS });
      if (code !== 0) throw new Unavailable('volume-copy-failed', { name, why: stderr.trim() });
      await rmdir(target);
      await rename(copy, target);
    });
  }

  /** Removes a volume; one that is gone is what was wanted. The caller knows that nobody uses it. */
  remove(name: string): Promise<void> {
    return this.#turns.run(async () => {
      if (!this.#volumes.delete(name)) return;
      const doomed = join(this.#directory, REMOVING + name);
      await rename(join(this.#directory, name), doomed);
      await syncDirectory(this.#directory);
      await rm(doomed, { recursive: true, force: true });
    });
  }
}
