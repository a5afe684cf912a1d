import { rm } from 'node:fs/promises';
import { Refusal } from '../../../../base/index.ts';
import { decompress } from '../layers/decompress.ts';
import type { BlobStore, SpooledFile } from '../store/blobs.ts';
import { readTar } from '../tar/reader.ts';

/** An archive of images has a few files per layer; a hundred images of a hundred layers fit. */
const MAX_FILES = 50_000;
/** A link in an archive of old leads to a layer's file at once. */
const MAX_LINK_HOPS = 8;

/**
 * The files of a `docker save` archive, written below the store under names of our own: the archive's names are keys in memory and
 * never paths on disk.
 */
export class ArchiveFiles {
  readonly #files = new Map<string, SpooledFile>();
  readonly #links = new Map<string, string>();

  /** Reads the whole archive, plain or compressed. The caller closes what it got. */
  static async spool(source: AsyncIterable<Buffer>, blobs: BlobStore, signal: AbortSignal): Promise<ArchiveFiles> {
    const archive = new ArchiveFiles();
    try {
      for await (const { header, body } of readTar(decompress(source))) {
        signal.throwIfAborted();
        const name = normal(header.name);
        if (archive.#files.size + archive.#links.size >= MAX_FILES) {
          throw new Refusal('image-archive-invalid', { why: `it has more than ${MAX_FILES} files` });
        }
        if (header.kind === 'symlink') archive.#links.set(name, normal(`${name}/../${header.linkName}`));
        if (header.kind === 'hardLink') archive.#links.set(name, normal(header.linkName));
        if (header.kind === 'file') await archive.#add(name, await blobs.spool(body(), { signal }));
      }
      return archive;
    } catch (error) {
      await archive.close();
      throw error;
    }
  }

  /** A file by its name in the archive, through links. */
  find(name: string): SpooledFile | undefined {
    let current = normal(name);
    for (let hop = 0; hop < MAX_LINK_HOPS; hop++) {
      const target = this.#links.get(current);
      if (target === undefined) return this.#files.get(current);
      current = target;
    }
    return undefined;
  }

  require(name: string): SpooledFile {
    const file = this.find(name);
    if (file === undefined) throw new Refusal('image-archive-invalid', { why: `${JSON.stringify(name)} is not in it` });
    return file;
  }

  /** Removes what is left of the files. */
  async close(): Promise<void> {
    for (const { path } of this.#files.values()) await rm(path, { force: true });
  }

  async #add(name: string, file: SpooledFile): Promise<void> {
    const before = this.#files.get(name);
    if (before !== undefined) await rm(before.path, { force: true });
    this.#files.set(name, file);
  }
}

function normal(name: string): string {
  const parts: string[] = [];
  for (const part of name.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return parts.join('/');
}
