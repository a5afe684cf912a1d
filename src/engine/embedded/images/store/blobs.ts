import { createHash } from 'node:crypto';
import { renameSync } from 'node:fs';
import { mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { assert, Refusal } from '../../../../base/index.ts';
import { syncDirectory } from '../../../../files/index.ts';
import { type Digest, digestOf, hexOf, isDigest } from '../digest.ts';
import { explainDiskFull } from './files.ts';

export interface IngestOptions {
  readonly signal: AbortSignal;
  /** Called with the bytes written so far. */
  readonly onBytes?: (sizeBytes: number) => void;
}

/**
 * Content by digest, in the layout of an OCI image directory: `blobs/sha256/<hex>`. A file is there under its digest only when it
 * is whole, right and on disk.
 */
export class BlobStore {
  readonly directory: string;
  readonly #temporary: string;
  readonly #sizes = new Map<Digest, number>();
  #next = 0;

  private constructor(directory: string, temporary: string) {
    this.directory = directory;
    this.#temporary = temporary;
  }

  /** `temporary` is an empty directory on the same file system. */
  static async open(root: string, temporary: string): Promise<BlobStore> {
    const store = new BlobStore(join(root, 'blobs', 'sha256'), temporary);
    await mkdir(store.directory, { recursive: true, mode: 0o700 });
    for (const name of await readdir(store.directory)) {
      const digest = `sha256:${name}`;
      if (isDigest(digest)) store.#sizes.set(digest, (await stat(join(store.directory, name))).size);
    }
    return store;
  }

  /** The blob's size in bytes, or undefined when it isn't here. */
  sizeOf(digest: Digest): number | undefined {
    return this.#sizes.get(digest);
  }

  pathOf(digest: Digest): string {
    return join(this.directory, hexOf(digest));
  }

  list(): readonly Digest[] {
    return [...this.#sizes.keys()];
  }

  /** A new path below the store for a file or directory in the making; what is left there is swept at the next start. */
  temporaryPath(): string {
    return join(this.#temporary, String(this.#next++));
  }

  /** A document of at most `maxBytes`. */
  async read(digest: Digest, maxBytes: number): Promise<Buffer> {
    const size = this.#sizes.get(digest);
    if (size === undefined) throw new Refusal('image-document-invalid', { where: digest, why: 'it is not here' });
    if (size > maxBytes)
      throw new Refusal('image-document-invalid', { where: digest, why: `it is larger than ${maxBytes} bytes` });
    return await readFile(this.pathOf(digest));
  }

  async put(bytes: Uint8Array): Promise<Digest> {
    const digest = digestOf(bytes);
    if (this.#sizes.has(digest)) return digest;
    const path = this.temporaryPath();
    await this.#guard(path, async () => {
      const handle = await open(path, 'wx', 0o600);
      await handle.writeFile(bytes).finally(() => handle.close());
      await this.adopt(path, digest, bytes.byteLength);
    });
    return digest;
  }

  /** Writes a stream to a temporary file and says what it was; the caller adopts or removes it. */
  async spool(source: AsyncIterable<Uint8Array>, options: IngestOptions): Promise<SpooledFile> {
    const path = this.temporaryPath();
    return await this.#guard(path, async () => {
      const handle = await open(path, 'wx', 0o600);
      const hash = createHash('sha256');
      let sizeBytes = 0;
      try {
        for await (const piece of source) {
          options.signal.throwIfAborted();
          hash.update(piece);
          await handle.writeFile(piece);
          sizeBytes += piece.byteLength;
          options.onBytes?.(sizeBytes);
        }
      } finally {
        await handle.close();
      }
      return { path, sizeBytes, digest: `sha256:${hash.digest('hex')}` as Digest };
    });
  }

  /** Takes a finished temporary file over under its digest, which the caller has verified. */
  async adopt(path: string, digest: Digest, sizeBytes: number): Promise<void> {
    if (this.#sizes.has(digest)) return await rm(path, { force: true });
    await this.#guard(path, async () => {
      const handle = await open(path, 'r+');
      await handle.sync().finally(() => handle.close());
      await rename(path, this.pathOf(digest));
      await syncDirectory(this.directory);
    });
    this.#sizes.set(digest, sizeBytes);
  }

  /**
   * Takes a blob out of the store, within this call: who looks or adopts afterwards can't be hit by a removal decided before.
   * The file itself goes later; give the returned path to `rm`.
   */
  detach(digest: Digest): string {
    assert(this.#sizes.delete(digest), 'only a stored blob can be removed', { digest });
    const path = this.temporaryPath();
    renameSync(this.pathOf(digest), path);
    return path;
  }

  async #guard<T>(path: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      await rm(path, { force: true });
      throw explainDiskFull(error, this.directory);
    }
  }
}

export interface SpooledFile {
  readonly path: string;
  readonly sizeBytes: number;
  readonly digest: Digest;
}
