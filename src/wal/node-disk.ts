import { type FileHandle, mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { syncDirectory } from '../files/index.ts';
import { type Disk, type DiskFile, DiskFull } from './disk.ts';

/** Zeros are written in pieces of this size. */
const ZERO_CHUNK = Buffer.alloc(1024 * 1024);

/** A directory of this machine as the log's disk. Files are made with mode 0600. */
export async function openNodeDisk(directory: string): Promise<Disk> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  return {
    open: (name, { create }) => translate(() => openFile(join(directory, name), create)),
    list: () => readdir(directory),
    rename: (from, to) => translate(() => rename(join(directory, from), join(directory, to))),
    remove: (name) => rm(join(directory, name), { force: true }),
    syncDirectory: () => syncDirectory(directory),
  };
}

async function openFile(path: string, create: boolean): Promise<DiskFile> {
  const handle = await open(path, create ? 'a+' : 'r+', 0o600).then(async (made) => {
    if (!create) return made;
    await made.close(); // appending mode would ignore offsets
    return open(path, 'r+');
  });
  return new NodeFile(handle);
}

class NodeFile implements DiskFile {
  readonly #handle: FileHandle;

  constructor(handle: FileHandle) {
    this.#handle = handle;
  }

  async size(): Promise<number> {
    return (await this.#handle.stat()).size;
  }

  async read(offset: number, length: number): Promise<Uint8Array> {
    const buffer = Buffer.alloc(length);
    let filled = 0;
    while (filled < length) {
      const { bytesRead } = await this.#handle.read(buffer, filled, length - filled, offset + filled);
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
    return buffer.subarray(0, filled);
  }

  write(offset: number, bytes: Uint8Array): Promise<void> {
    return translate(async () => {
      let written = 0;
      while (written < bytes.length) {
        const result = await this.#handle.write(bytes, written, bytes.length - written, offset + written);
        written += result.bytesWritten;
      }
    });
  }

  truncate(sizeBytes: number): Promise<void> {
    return this.#handle.truncate(sizeBytes);
  }

  async preallocate(sizeBytes: number): Promise<void> {
    for (let at = await this.size(); at < sizeBytes; at += ZERO_CHUNK.length) {
      await this.write(at, ZERO_CHUNK.subarray(0, Math.min(ZERO_CHUNK.length, sizeBytes - at)));
    }
    await translate(() => this.#handle.datasync());
  }

  sync(): Promise<void> {
    return this.#handle.datasync();
  }

  close(): Promise<void> {
    return this.#handle.close();
  }
}

async function translate<T>(operation: () => Promise<T>): Promise<T> {
  try {
    return await operation();
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    throw code === 'ENOSPC' || code === 'EDQUOT' ? new DiskFull(error) : error;
  }
}
