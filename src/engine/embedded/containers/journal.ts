import { rmSync } from 'node:fs';
import { readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { replaceFile, syncDirectory } from '../../../files/index.ts';
import type { ContainerId } from '../../../model/index.ts';
import { readIfThere } from '../host/process.ts';
import { type ContainerRecord, decodeRecord, encodeRecord } from './record.ts';

/** Ending of the name of a directory that is being removed. */
const DOOMED = '.removing';

/**
 * One directory a container: `container.json` is its journal, the rest its OCI bundle. A directory without a record is one whose
 * making or removal a crash cut short.
 */
export class Journal {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  bundle(id: ContainerId): string {
    return join(this.#directory, id);
  }

  async write(record: ContainerRecord): Promise<void> {
    await replaceFile(join(this.bundle(record.id), 'container.json'), encodeRecord(record));
  }

  /** Everything there is; `undefined` for a directory without a record. */
  async readAll(): Promise<ReadonlyArray<{ readonly id: ContainerId; readonly record: ContainerRecord | undefined }>> {
    const names = (await readdir(this.#directory)).filter((name) => /^[0-9a-f]{64}$/.test(name));
    return await Promise.all(
      names.map(async (name) => {
        const path = join(this.#directory, name, 'container.json');
        const text = await readIfThere(path);
        return { id: name as ContainerId, record: text === undefined ? undefined : decodeRecord(text, path) };
      }),
    );
  }

  /**
   * Takes a container's directory away. Its name goes first, in one step: a crash leaves either the whole container or a directory
   * that the next start removes. No sync: until the caller is told, the container may come back.
   */
  async remove(id: ContainerId): Promise<void> {
    const doomed = this.bundle(id) + DOOMED;
    try {
      await rename(this.bundle(id), doomed);
    } catch (cause) {
      if (!(cause instanceof Error && 'code' in cause && cause.code === 'ENOENT')) throw cause;
    }
    await removeTree(doomed);
    await syncDirectory(this.#directory);
  }

  /** Ends removals that a crash cut short. */
  async finishRemovals(): Promise<void> {
    for (const name of await readdir(this.#directory)) {
      if (name.endsWith(DOOMED)) await removeTree(join(this.#directory, name));
    }
  }
}

/** What the container wrote may be large and is removed off the loop; the rest is two dozen small files, faster at once. */
async function removeTree(directory: string): Promise<void> {
  const isEmpty = async (name: string): Promise<boolean> => {
    try {
      return (await readdir(join(directory, name))).length === 0;
    } catch (cause) {
      if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return true;
      throw cause;
    }
  };
  if (!(await isEmpty('upper'))) await rm(join(directory, 'upper'), { recursive: true, force: true, maxRetries: 3 });
  rmSync(directory, { recursive: true, force: true, maxRetries: 3 });
}
