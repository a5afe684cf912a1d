import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { messageOf, Refusal } from '../../../../base/index.ts';
import { replaceFile } from '../../../../files/index.ts';
import { type Digest, isDigest } from '../digest.ts';
import type { Compression } from '../layers/decompress.ts';
import { explainDiskFull } from './files.ts';

/** Written first in the file; a reader takes this version only, as there was none before. */
const FORMAT_VERSION = 1;

/** An unpacked layer. */
export interface LayerRecord {
  /** Its directory's name below `l/`; short, as overlayfs takes all paths of an image in one page of memory. */
  readonly directory: string;
  /** Bytes of its files. */
  readonly sizeBytes: number;
  /** Its root is opaque. */
  readonly hidesBelow: boolean;
  /** The archive that it came from, as it came (perhaps compressed). */
  readonly blob: Digest;
  readonly compression: Compression;
}

export interface ImageRecord {
  /** RFC 3339; when it was last given a name here. */
  readonly taggedAt?: string;
  /** Removed by force while a container still stands on it: without names, hidden, its layers kept until the container is gone. */
  readonly isRemoved?: true;
}

export interface StoreState {
  /** Number of the next layer's directory; never used twice. */
  readonly nextLayer: number;
  /** By digest of the layer's plain archive. */
  readonly layers: ReadonlyMap<Digest, LayerRecord>;
  /** By id: the digest of the configuration, which stands among the blobs. */
  readonly images: ReadonlyMap<Digest, ImageRecord>;
  /** Ids by canonical name, with a tag or with a digest (of the manifest that the image was pulled by). */
  readonly names: ReadonlyMap<string, Digest>;
}

const EMPTY: StoreState = { nextLayer: 0, layers: new Map(), images: new Map(), names: new Map() };

/**
 * The store's list of images, layers and names. Changes are made one after the other, each by replacing the file in one step. A
 * change is seen by readers at once, and taken back should its write fail; its promise resolves when it is on disk.
 */
export class Metadata {
  readonly #path: string;
  #state: StoreState;
  #last: Promise<unknown> = Promise.resolve();

  private constructor(path: string, state: StoreState) {
    this.#path = path;
    this.#state = state;
  }

  static async open(path: string): Promise<Metadata> {
    return new Metadata(path, await readState(path));
  }

  get state(): StoreState {
    return this.#state;
  }

  /** Runs `change` on the newest state, after all changes asked for before. Returning the same state writes nothing. */
  async update(change: (state: StoreState) => StoreState): Promise<void> {
    const turn = this.#last.then(() => this.#apply(change));
    // A failed change is its caller's to handle; those after it go on from the state before.
    this.#last = turn.catch(() => undefined);
    await turn;
  }

  async #apply(change: (state: StoreState) => StoreState): Promise<void> {
    const before = this.#state;
    const after = change(before);
    if (after === before) return;
    this.#state = after;
    try {
      await replaceFile(this.#path, encodeState(after));
    } catch (error) {
      this.#state = before;
      throw explainDiskFull(error, dirname(this.#path));
    }
  }
}

function encodeState(state: StoreState): string {
  return `${JSON.stringify({
    version: FORMAT_VERSION,
    nextLayer: state.nextLayer,
    layers: Object.fromEntries(state.layers),
    images: Object.fromEntries(state.images),
    names: Object.fromEntries(state.names),
  })}\n`;
}

async function readState(path: string): Promise<StoreState> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return EMPTY;
    throw new Refusal('image-store-unreadable', { path, why: messageOf(error), cause: error });
  }
  try {
    return decodeState(JSON.parse(text));
  } catch (error) {
    throw new Refusal('image-store-unreadable', { path, why: messageOf(error), cause: error });
  }
}

function decodeState(document: unknown): StoreState {
  const file = fields(document, 'the file');
  if (file.version !== FORMAT_VERSION) throw new Error(`its version is ${String(file.version)}, not ${FORMAT_VERSION}`);
  const { nextLayer } = file;
  if (typeof nextLayer !== 'number' || !Number.isSafeInteger(nextLayer)) throw new Error('nextLayer is not a number');
  return {
    nextLayer,
    layers: mapOf(file.layers, digest, decodeLayer),
    images: mapOf(file.images, digest, decodeImage),
    names: mapOf(file.names, text, digest),
  };
}

function decodeLayer(value: unknown): LayerRecord {
  const layer = fields(value, 'a layer');
  const { sizeBytes, hidesBelow } = layer;
  if (typeof sizeBytes !== 'number' || typeof hidesBelow !== 'boolean') throw new Error('a layer lacks a field');
  const directory = text(layer.directory);
  if (!/^[0-9a-z]+$/.test(directory)) throw new Error('a layer has a strange directory');
  return {
    directory,
    sizeBytes,
    hidesBelow,
    blob: digest(layer.blob),
    compression: compressionName(text(layer.compression)),
  };
}

function compressionName(name: string): Compression {
  if (name === 'none' || name === 'gzip' || name === 'zstd') return name;
  throw new Error(`the compression ${name} is not known`);
}

function decodeImage(value: unknown): ImageRecord {
  const { taggedAt, isRemoved } = fields(value, 'an image');
  return {
    ...(typeof taggedAt === 'string' ? { taggedAt } : {}),
    ...(isRemoved === true ? { isRemoved } : {}),
  };
}

function mapOf<K, V>(value: unknown, key: (value: unknown) => K, item: (value: unknown) => V): Map<K, V> {
  return new Map(Object.entries(fields(value, 'a table')).map(([name, entry]) => [key(name), item(entry)]));
}

function fields(value: unknown, what: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Error(`${what} is not an object`);
  return { ...value };
}

function text(value: unknown): string {
  if (typeof value !== 'string') throw new Error('a text is missing');
  return value;
}

function digest(value: unknown): Digest {
  const written = text(value);
  if (!isDigest(written)) throw new Error(`${written} is not a digest`);
  return written;
}
