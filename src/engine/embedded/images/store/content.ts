import { renameSync } from 'node:fs';
import { chmod, mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { assert, messageOf, Refusal } from '../../../../base/index.ts';
import { syncDirectory } from '../../../../files/index.ts';
import type { Digest } from '../digest.ts';
import { type ImageConfig, MAX_CONFIG_BYTES, parseImageConfig } from '../documents/image-config.ts';
import type { LayerLimits } from '../layers/limits.ts';
import { type UnpackedLayer, unpackLayer } from '../layers/unpack.ts';
import { BlobStore } from './blobs.ts';
import { emptyDirectory, explainDiskFull, syncFilesystem } from './files.ts';
import { Lease, Pins } from './lease.ts';
import { type LayerRecord, Metadata, type StoreState } from './metadata.ts';
import { SharedWork } from './shared-work.ts';

/** Events with fields, as the daemon's log takes them. */
export interface ImageLog {
  info(fields: object, event: string): void;
  warn(fields: object, event: string): void;
}

/** Where a layer comes from: a stored blob. */
export interface LayerSource {
  readonly blob: Digest;
  /** What its plain archive must have; undefined where nobody said (import). */
  readonly diffId: Digest | undefined;
}

export interface EnsureOptions {
  readonly lease: Lease;
  readonly signal: AbortSignal;
  /** Compressed bytes unpacked so far. */
  readonly onBytes: (sizeBytes: number) => void;
}

// <root>/images.json      list of images, layers, names
// <root>/blobs/sha256/…   configurations and layer archives
// <root>/l/<n>            unpacked layers, short names: overlayfs takes all paths of an image in one page
// <root>/empty            lower directory of an image without layers
// <root>/tmp              what is in the making; emptied at start
/**
 * Blobs, unpacked layers and the list of images. What the list names is on disk and whole; what it doesn't name goes at the next
 * start or collection, unless a lease holds it.
 */
export class Content {
  readonly root: string;
  readonly blobs: BlobStore;
  readonly metadata: Metadata;
  readonly #limits: LayerLimits;
  readonly #configs = new Map<Digest, ImageConfig>();
  readonly #unpacking = new SharedWork<Digest, number>();
  readonly #pins = new Pins();
  #nextLayer: number;

  private constructor(root: string, blobs: BlobStore, metadata: Metadata, limits: LayerLimits) {
    this.root = root;
    this.blobs = blobs;
    this.metadata = metadata;
    this.#limits = limits;
    this.#nextLayer = metadata.state.nextLayer;
  }

  static async open(root: string, limits: LayerLimits, log: ImageLog): Promise<Content> {
    if (/[:,\\]/.test(root))
      throw new Refusal('image-store-unreadable', { path: root, why: 'overlayfs takes no path with : , or \\' });
    await mkdir(join(root, 'l'), { recursive: true, mode: 0o700 });
    await mkdir(join(root, 'empty'), { recursive: true });
    // Layers hold setuid files and devices: whoever made the directory, nobody but its owner gets in.
    await chmod(root, 0o700);
    await chmod(join(root, 'empty'), 0o755);
    await emptyDirectory(join(root, 'tmp'));
    const metadata = await Metadata.open(join(root, 'images.json'));
    const content = new Content(root, await BlobStore.open(root, join(root, 'tmp')), metadata, limits);
    await content.#loadImages(log);
    await content.#sweepLayers();
    await content.collect();
    return content;
  }

  get state(): StoreState {
    return this.metadata.state;
  }

  /** What a lease names is not collected until it is released. */
  lease(): Lease {
    return new Lease(this.#pins);
  }

  /** The configuration of a stored image. */
  config(id: Digest): ImageConfig {
    const config = this.#configs.get(id);
    assert(config !== undefined, 'every image in the list has its configuration in memory', { id });
    return config;
  }

  layer(diffId: Digest): LayerRecord {
    const layer = this.state.layers.get(diffId);
    assert(layer !== undefined, 'every layer of an image in the list is in the list', { diffId });
    return layer;
  }

  /** Lower directories for overlayfs, topmost first. */
  lowerDirectories(config: ImageConfig): string[] {
    const paths: string[] = [];
    for (const diffId of config.diffIds.toReversed()) {
      const layer = this.layer(diffId);
      const path = join(this.root, 'l', layer.directory);
      // overlayfs refuses a directory given twice; the upper occurrence hides all that the lower one could show.
      if (!paths.includes(path)) paths.push(path);
      if (layer.hidesBelow) break;
    }
    return paths.length === 0 ? [join(this.root, 'empty')] : paths;
  }

  /** Unpacks a stored blob unless its layer is here already; whoever wants the same blob at the same time shares the work. */
  async ensureLayer(source: LayerSource, options: EnsureOptions): Promise<Digest> {
    if (source.diffId !== undefined && this.#holdsLayer(source.diffId, options.lease)) return source.diffId;
    for (;;) {
      const diffId = await this.#unpacking.run(
        source.blob,
        { signal: options.signal, onProgress: options.onBytes },
        (signal, report) => this.#unpack(source, signal, report),
      );
      if (source.diffId !== undefined && source.diffId !== diffId) throw wrongLayer(source.diffId, diffId);
      if (this.#holdsLayer(diffId, options.lease)) return diffId;
    }
  }

  /** Adds an image whose blobs and layers are here and leased; on return it survives a power cut. */
  async addImage(id: Digest, change: (state: StoreState) => StoreState): Promise<void> {
    const config = parseImageConfig(await this.blobs.read(id, MAX_CONFIG_BYTES));
    await syncFilesystem(this.root);
    await this.metadata.update((state) => {
      for (const diffId of config.diffIds)
        assert(state.layers.has(diffId), 'layers come before their image', { id, diffId });
      this.#configs.set(id, config);
      return change(state);
    });
  }

  /** Takes out layers and blobs that no image needs and no lease holds. Says which layers went and the bytes of files given back. */
  async collect(): Promise<{ readonly layers: readonly Digest[]; readonly sizeBytes: number }> {
    const gone: Array<readonly [Digest, LayerRecord]> = [];
    await this.metadata.update((state) => {
      const live = this.#liveLayers(state);
      gone.push(...[...state.layers].filter(([diffId]) => !live.has(diffId) && !this.#pins.has(diffId)));
      if (gone.length === 0) return state;
      const dead = new Set(gone.map(([diffId]) => diffId));
      return { ...state, layers: new Map([...state.layers].filter(([diffId]) => !dead.has(diffId))) };
    });
    const trash = [...gone.map(([, layer]) => this.#detachLayer(layer)), ...this.#detachBlobs()];
    for (const path of trash) await rm(path, { recursive: true, force: true });
    return {
      layers: gone.map(([diffId]) => diffId),
      sizeBytes: gone.reduce((sum, [, { sizeBytes }]) => sum + sizeBytes, 0),
    };
  }

  #holdsLayer(diffId: Digest, lease: Lease): boolean {
    lease.pin(diffId);
    return this.state.layers.has(diffId);
  }

  async #unpack(source: LayerSource, signal: AbortSignal, report: (sizeBytes: number) => void): Promise<Digest> {
    const directory = this.blobs.temporaryPath();
    try {
      const options = { limits: this.#limits, signal, onBytes: report };
      const unpacked = await unpackLayer(this.blobs.pathOf(source.blob), directory, options);
      if (source.diffId === undefined || source.diffId === unpacked.diffId)
        await this.#keep(directory, source, unpacked);
      return unpacked.diffId;
    } catch (error) {
      throw explainDiskFull(error, this.root);
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  }

  async #keep(
    from: string,
    source: LayerSource,
    { diffId, sizeBytes, hidesBelow, compression }: UnpackedLayer,
  ): Promise<void> {
    const directory = (this.#nextLayer++).toString(36);
    const path = join(this.root, 'l', directory);
    await rename(from, path);
    await syncDirectory(join(this.root, 'l'));
    const record: LayerRecord = { directory, sizeBytes, hidesBelow, blob: source.blob, compression };
    let isKept = false;
    try {
      await this.metadata.update((state) => {
        isKept = !state.layers.has(diffId);
        const layers = isKept ? new Map([...state.layers, [diffId, record]]) : state.layers;
        return isKept ? { ...state, nextLayer: this.#nextLayer, layers } : state;
      });
    } catch (error) {
      isKept = false;
      throw error;
    } finally {
      if (!isKept) await rm(path, { recursive: true, force: true });
    }
  }

  #liveLayers(state: StoreState): Set<Digest> {
    return new Set([...state.images.keys()].flatMap((id) => this.config(id).diffIds));
  }

  /** Within one call, as for blobs: a directory that is looked for afterwards is gone. */
  #detachLayer(layer: LayerRecord): string {
    const path = this.blobs.temporaryPath();
    renameSync(join(this.root, 'l', layer.directory), path);
    return path;
  }

  #detachBlobs(): string[] {
    const live = new Set<Digest>([
      ...this.state.images.keys(),
      ...[...this.state.layers.values()].map(({ blob }) => blob),
    ]);
    for (const id of this.#configs.keys()) if (!this.state.images.has(id)) this.#configs.delete(id);
    const dead = this.blobs.list().filter((digest) => !live.has(digest) && !this.#pins.has(digest));
    return dead.map((digest) => this.blobs.detach(digest));
  }

  /** Images whose configuration or layers are gone or broken leave the list: they are pulled again when wanted. */
  async #loadImages(log: ImageLog): Promise<void> {
    const { images, layers } = this.state;
    const whole = new Set<Digest>();
    for (const [diffId, layer] of layers) {
      const found = await stat(join(this.root, 'l', layer.directory)).catch(() => undefined);
      if (found?.isDirectory() === true && this.blobs.sizeOf(layer.blob) !== undefined) whole.add(diffId);
    }
    const broken = new Set<Digest>();
    for (const id of images.keys()) {
      try {
        const config = parseImageConfig(await this.blobs.read(id, MAX_CONFIG_BYTES));
        const missing = config.diffIds.find((diffId) => !whole.has(diffId));
        if (missing !== undefined) throw new Error(`its layer ${missing} is missing`);
        this.#configs.set(id, config);
      } catch (error) {
        broken.add(id);
        log.warn({ image: id, why: messageOf(error) }, 'damaged image dropped');
      }
    }
    if (broken.size === 0 && whole.size === layers.size) return;
    await this.metadata.update((state) => ({
      ...state,
      layers: new Map([...state.layers].filter(([diffId]) => whole.has(diffId))),
      images: new Map([...state.images].filter(([id]) => !broken.has(id))),
      names: new Map([...state.names].filter(([, id]) => !broken.has(id))),
    }));
  }

  async #sweepLayers(): Promise<void> {
    const known = new Set([...this.state.layers.values()].map(({ directory }) => directory));
    for (const name of await readdir(join(this.root, 'l'))) {
      if (!known.has(name)) await rm(join(this.root, 'l', name), { recursive: true, force: true });
    }
  }
}

function wrongLayer(expected: Digest, actual: Digest): Refusal {
  return new Refusal('image-digest-wrong', { what: 'layer content', expected, actual });
}
