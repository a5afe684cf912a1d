import type { Clock } from '../../../base/index.ts';
import { Refusal } from '../../../base/index.ts';
import type { ContainerId } from '../../../model/index.ts';
import type { PullOptions } from '../../port/engine.ts';
import type { ImageSource, ResolvedImage } from '../image-source.ts';
import { type Digest, isDigest, shortId } from './digest.ts';
import { hostPlatform, type Platform, parsePlatform } from './documents/platform.ts';
import { DEFAULT_LAYER_LIMITS, type LayerLimits } from './layers/limits.ts';
import { type DistributionInspect, inspectDistribution } from './operations/distribution.ts';
import { type Filters, listImages, prunable } from './operations/filters.ts';
import { findImage, nameKey, namesOf, requireImage, withNamedImage } from './operations/find.ts';
import { Holds } from './operations/holds.ts';
import { importImage } from './operations/import.ts';
import { type LoadProgress, loadImages } from './operations/load.ts';
import {
  digestName,
  type HistoryItem,
  historyOf,
  type ImageInspect,
  type ImageSummary,
  inspectionOf,
} from './operations/present.ts';
import { Puller } from './operations/pull.ts';
import { type Removal, removeImage } from './operations/remove.ts';
import { saveImages } from './operations/save.ts';
import { familiarName, parseReference, withDefaultTag } from './reference.ts';
import { parseCredentials } from './registry/credentials.ts';
import type { RegistrySettings } from './registry/settings.ts';
import { DEFAULT_TIMEOUTS, HttpTransport, type Timeouts } from './registry/transport.ts';
import { Content, type ImageLog } from './store/content.ts';

export interface ImagesOptions {
  /** The store's own directory, made when absent; closed to all but its owner. */
  readonly directory: string;
  readonly registries: RegistrySettings;
  readonly clock: Clock;
  readonly log: ImageLog;
  /** Whether a container that holds an image runs: its image can't be removed, not even by force. */
  readonly isRunning: (container: ContainerId) => boolean;
  /** Told of what `docker events` shows. */
  readonly onEvent?: (event: ImageEvent) => void;
  readonly limits?: LayerLimits;
  readonly timeouts?: Timeouts;
}

export interface ImageEvent {
  readonly action: 'pull' | 'load' | 'import' | 'tag' | 'untag' | 'delete';
  /** Id or name, as Docker's event has it. */
  readonly actor: string;
  readonly name: string;
}

/** Opens the store: what a crash has left half-made is swept, images whose files are damaged are dropped with a line in the log. */
export async function openImages(options: ImagesOptions): Promise<Images> {
  const content = await Content.open(options.directory, options.limits ?? DEFAULT_LAYER_LIMITS, options.log);
  return new Images(content, options);
}

/** The images of this machine. Names are taken as people write them; errors carry Docker's texts. */
export class Images implements ImageSource {
  readonly #content: Content;
  readonly #options: ImagesOptions;
  readonly #holds: Holds;
  readonly #transport: HttpTransport;
  readonly #puller: Puller;
  readonly #host: Platform = hostPlatform();

  constructor(content: Content, options: ImagesOptions) {
    this.#content = content;
    this.#options = options;
    this.#holds = new Holds(options.isRunning);
    this.#transport = new HttpTransport(options.registries, options.timeouts ?? DEFAULT_TIMEOUTS);
    this.#puller = new Puller(content, {
      settings: options.registries,
      transport: this.#transport,
      clock: options.clock,
    });
  }

  async resolve(reference: string): Promise<ResolvedImage | undefined> {
    const found = findImage(this.#content.state, reference);
    return found && this.#resolved(found.id);
  }

  /** `platform` as in `docker pull --platform`; without it the machine's own. */
  async pull(reference: string, options: PullOptions & { readonly platform?: string }): Promise<ResolvedImage> {
    const id = await this.#puller.pull({
      reference,
      platform: this.#platform(options.platform),
      credentials: parseCredentials(options.credentials?.RegistryAuth),
      onProgress: options.onProgress ?? (() => undefined),
      signal: options.signal,
    });
    const name = familiarName(withDefaultTag(parseReference(reference)));
    this.#tell('pull', name, name);
    // Somebody may have removed it in the same moment.
    return this.#resolved(requireImage(this.#content.state, id).id);
  }

  hold(imageId: string, containerId: ContainerId): boolean {
    if (!isDigest(imageId) || !this.#content.state.images.has(imageId)) return false;
    this.#holds.hold(imageId, containerId);
    return true;
  }

  release(containerId: ContainerId): void {
    const image = this.#holds.release(containerId);
    if (image === undefined || this.#content.state.images.get(image)?.isRemoved !== true) return;
    this.collectGarbage().catch((error: unknown) => {
      this.#options.log.warn({ image, why: String(error) }, 'image collection failed');
    });
  }

  /**
   * Takes out what nothing needs, also images removed by force whose containers are gone since. Call it once after a start, when
   * every container has its hold again.
   */
  async collectGarbage(): Promise<void> {
    await this.#content.metadata.update((state) => {
      const images = [...state.images].filter(([id, image]) => image.isRemoved !== true || this.#holds.isHeld(id));
      return images.length === state.images.size ? state : { ...state, images: new Map(images) };
    });
    await this.#content.collect();
  }

  list(filters: Filters = new Map()): ImageSummary[] {
    return listImages(this.#content, filters, this.#options.clock.now());
  }

  inspect(name: string): ImageInspect {
    return inspectionOf(this.#content, requireImage(this.#content.state, name).id);
  }

  history(name: string): HistoryItem[] {
    return historyOf(this.#content, requireImage(this.#content.state, name).id);
  }

  /** Gives an image another name; one that had the name loses it. */
  async tag(name: string, target: string): Promise<void> {
    const reference = parseReference(target);
    if (reference.digest !== undefined) {
      throw new Refusal('image-tag-invalid', { text: 'refusing to create a tag with a digest reference' });
    }
    const tagged = withDefaultTag(reference);
    const taggedAt = new Date(this.#options.clock.now()).toISOString();
    await this.#content.metadata.update((state) =>
      withNamedImage(state, requireImage(state, name).id, [tagged], taggedAt),
    );
    const id = this.#content.state.names.get(nameKey(tagged)) ?? name;
    this.#tell('tag', id, familiarName(tagged));
  }

  async remove(name: string, options: { readonly force?: boolean } = {}): Promise<Removal[]> {
    const removals = await removeImage(this.#content, this.#holds, name, options.force ?? false);
    const id = removals.find((removal) => 'Deleted' in removal)?.Deleted;
    for (const removal of removals) {
      if ('Untagged' in removal) this.#tell('untag', id ?? removal.Untagged, removal.Untagged);
    }
    if (id !== undefined) this.#tell('delete', id, id);
    return removals;
  }

  /** Removes unused images: dangling ones, with the filter `dangling=false` all. Says the bytes of files given back. */
  async prune(
    filters: Filters = new Map(),
  ): Promise<{ readonly ImagesDeleted: Removal[]; readonly SpaceReclaimed: number }> {
    const before = this.diskUsage();
    const ImagesDeleted: Removal[] = [];
    for (const id of prunable(this.#content, filters, this.#options.clock.now())) {
      if (this.#holds.isHeld(id) || !this.#content.state.images.has(id)) continue;
      ImagesDeleted.push(...(await this.#removeIfThere(id)));
    }
    await this.collectGarbage();
    return { ImagesDeleted, SpaceReclaimed: Math.max(0, before - this.diskUsage()) };
  }

  /** Somebody else may remove an image while others are pruned: gone is gone. */
  async #removeIfThere(id: Digest): Promise<Removal[]> {
    try {
      return await this.remove(id, { force: true });
    } catch (error) {
      if (error instanceof Refusal && error.code === 'image-unknown') return [];
      throw error;
    }
  }

  /** Bytes of files in all layers, each counted once. */
  diskUsage(): number {
    return [...this.#content.state.layers.values()].reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  }

  /** Reads an archive of `docker save`, plain or compressed; the ids of its images. */
  async load(source: AsyncIterable<Buffer>, options: LoadOptions): Promise<string[]> {
    const ids = await loadImages(this.#content, {
      source,
      platform: this.#platform(options.platform),
      clock: this.#options.clock,
      onProgress: options.onProgress ?? (() => undefined),
      signal: options.signal,
    });
    for (const id of ids) this.#tell('load', id, namesOf(this.#content.state, id).tags.map(familiarName)[0] ?? id);
    return ids;
  }

  /** Makes an image of one archive of files; its id. */
  async import(source: AsyncIterable<Buffer>, options: ImportOptions): Promise<string> {
    const name = options.reference === undefined ? undefined : withDefaultTag(parseReference(options.reference));
    if (name?.digest !== undefined) throw new Refusal('image-tag-invalid', { text: 'cannot import digest reference' });
    const id = await importImage(this.#content, {
      source,
      name,
      changes: options.changes ?? [],
      message: options.message,
      platform: this.#platform(options.platform),
      clock: this.#options.clock,
      signal: options.signal,
    });
    this.#tell('import', id, name === undefined ? id : familiarName(name));
    return id;
  }

  /** An archive that `docker load` reads. An unknown name is refused at once, before an answer has begun. */
  save(names: readonly string[], signal: AbortSignal): AsyncGenerator<Buffer> {
    for (const name of names) requireImage(this.#content.state, name);
    return saveImages(this.#content, names, signal);
  }

  /** What a registry has under a name. `auth` is the value of X-Registry-Auth. */
  async distribution(
    name: string,
    options: { readonly auth?: string; readonly signal: AbortSignal },
  ): Promise<DistributionInspect> {
    return await inspectDistribution(name, {
      settings: this.#options.registries,
      transport: this.#transport,
      clock: this.#options.clock,
      credentials: parseCredentials(options.auth),
      signal: options.signal,
    });
  }

  /** Ends connections to registries. Operations under way are ended by their own signals. */
  async close(): Promise<void> {
    await this.#transport.close();
  }

  #resolved(id: Digest): ResolvedImage {
    const config = this.#content.config(id);
    const { digests } = namesOf(this.#content.state, id);
    return {
      id,
      repoDigests: digests.map(digestName),
      config: config.run,
      layers: this.#content.lowerDirectories(config),
    };
  }

  #platform(text: string | undefined): Platform {
    return text === undefined || text === '' ? this.#host : parsePlatform(text, this.#host);
  }

  #tell(action: ImageEvent['action'], actor: string, name: string): void {
    this.#options.onEvent?.({ action, actor, name });
    this.#options.log.info({ action, image: shortId(actor), name }, 'image changed');
  }
}

export interface LoadOptions {
  readonly platform?: string;
  readonly onProgress?: (progress: LoadProgress) => void;
  readonly signal: AbortSignal;
}

export interface ImportOptions {
  /** `name[:tag]`; without it the image is dangling. */
  readonly reference?: string;
  /** Dockerfile instructions, as `docker import -c`. */
  readonly changes?: readonly string[];
  readonly message?: string;
  readonly platform?: string;
  readonly signal: AbortSignal;
}
