import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ContainerId } from '../../../model/index.ts';
import { syncDirectory, writeDurably } from '../host/durable-file.ts';
import { readIfThere } from '../host/process.ts';
import { type ContainerRecord, decodeRecord, encodeRecord } from './record.ts';

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
    await writeDurably(join(this.bundle(record.id), 'container.json'), encodeRecord(record));
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

  async remove(id: ContainerId): Promise<void> {
    await rm(this.bundle(id), { recursive: true, force: true, maxRetries: 3 });
    await syncDirectory(this.#directory);
  }
}
