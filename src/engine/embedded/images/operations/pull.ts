import { type Clock, Refusal } from '../../../../base/index.ts';
import type { PullProgress } from '../../../port/engine.ts';
import { type Digest, shortId } from '../digest.ts';
import { type ImageConfig, MAX_CONFIG_BYTES, parseImageConfig } from '../documents/image-config.ts';
import { choosePlatform, type Descriptor, type Manifest } from '../documents/manifest.ts';
import type { Platform } from '../documents/platform.ts';
import { DEFAULT_TAG, familiarName, parseReference, type Reference, withDefaultTag } from '../reference.ts';
import { type FetchedManifest, RepositoryClient } from '../registry/client.ts';
import type { Credentials } from '../registry/credentials.ts';
import type { RegistrySettings } from '../registry/settings.ts';
import type { HttpTransport } from '../registry/transport.ts';
import type { Content } from '../store/content.ts';
import type { Lease } from '../store/lease.ts';
import { SharedWork } from '../store/shared-work.ts';
import { withNamedImage } from './find.ts';
import { LayerProgress, type Report } from './progress.ts';
import { Semaphore } from './semaphore.ts';

/** Docker's default; more at once makes no single image come faster. */
const PARALLEL_DOWNLOADS = 3;
/** Unpacking is bound by one core each, and by the disk. */
const PARALLEL_UNPACKS = 2;

export interface PullRequest {
  readonly reference: string;
  readonly platform: Platform;
  readonly credentials: Credentials;
  readonly onProgress: Report;
  readonly signal: AbortSignal;
}

export interface RegistryParts {
  readonly settings: RegistrySettings;
  readonly transport: HttpTransport;
  readonly clock: Clock;
}

/** What a layer's download tells to all who wait for it. */
type DownloadProgress = { readonly bytes: number } | 'verifying';

/** Brings images from registries into the store. */
export class Puller {
  readonly #content: Content;
  readonly #registry: RegistryParts;
  readonly #downloads = new SharedWork<void, DownloadProgress>();
  readonly #downloadSlots = new Semaphore(PARALLEL_DOWNLOADS);
  readonly #unpackSlots = new Semaphore(PARALLEL_UNPACKS);

  constructor(content: Content, registry: RegistryParts) {
    this.#content = content;
    this.#registry = registry;
  }

  /** The id of the image, which is named and durable on return. */
  async pull(request: PullRequest): Promise<Digest> {
    const reference = withDefaultTag(parseReference(request.reference));
    const lease = this.#content.lease();
    try {
      return await this.#pull(reference, request, lease);
    } finally {
      lease.release();
    }
  }

  async #pull(reference: Reference, request: PullRequest, lease: Lease): Promise<Digest> {
    const { onProgress, signal, credentials } = request;
    const { client, fetched } = await RepositoryClient.connect(reference, { ...this.#registry, credentials, signal });
    onProgress({ status: `Pulling from ${reference.path}`, id: reference.digest ?? reference.tag ?? DEFAULT_TAG });
    const { manifest } = await imageManifest(client, fetched, request);
    const before = this.#content.state.images.get(manifest.config.digest);
    const isNew = before === undefined || before.isRemoved === true;
    lease.pin(manifest.config.digest);
    const config = await this.#fetchConfig(client, manifest.config, signal);
    if (config.diffIds.length !== manifest.layers.length) {
      const why = `it has ${config.diffIds.length} layers, its manifest ${manifest.layers.length}`;
      throw new Refusal('image-document-invalid', { where: 'the image configuration', why });
    }
    await this.#fetchLayers(client, manifest.layers, config, { lease, signal, onProgress });
    const names = [...(reference.digest === undefined ? [reference] : []), { ...reference, digest: fetched.digest }];
    await this.#content.addImage(manifest.config.digest, (state) =>
      withNamedImage(state, manifest.config.digest, names),
    );
    onProgress({ status: `Digest: ${fetched.digest}` });
    const outcome = isNew ? 'Downloaded newer image' : 'Image is up to date';
    onProgress({ status: `Status: ${outcome} for ${familiarName(reference)}` });
    return manifest.config.digest;
  }

  async #fetchConfig(client: RepositoryClient, descriptor: Descriptor, signal: AbortSignal): Promise<ImageConfig> {
    const { blobs } = this.#content;
    if (blobs.sizeOf(descriptor.digest) !== undefined)
      return parseImageConfig(await blobs.read(descriptor.digest, MAX_CONFIG_BYTES));
    const bytes = await client.fetchDocument(descriptor, MAX_CONFIG_BYTES, signal);
    const config = parseImageConfig(bytes);
    await blobs.put(bytes);
    return config;
  }

  /** All layers at once, as far as the slots go. The first failure stops the others, and all have ended on return. */
  async #fetchLayers(
    client: RepositoryClient,
    layers: readonly Descriptor[],
    config: ImageConfig,
    { lease, signal, onProgress }: { lease: Lease; signal: AbortSignal; onProgress: (progress: PullProgress) => void },
  ): Promise<void> {
    const stop = new AbortController();
    const either = AbortSignal.any([signal, stop.signal]);
    const outcomes = await Promise.allSettled(
      layers.map(async (layer, at) => {
        const progress = new LayerProgress(shortId(layer.digest), onProgress, this.#registry.clock);
        try {
          await this.#fetchLayer(client, layer, config.diffIds[at], { lease, signal: either, progress });
        } catch (error) {
          stop.abort(error);
          throw error;
        }
      }),
    );
    signal.throwIfAborted();
    if (stop.signal.aborted) throw stop.signal.reason;
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
  }

  async #fetchLayer(
    client: RepositoryClient,
    layer: Descriptor,
    diffId: Digest | undefined,
    { lease, signal, progress }: { lease: Lease; signal: AbortSignal; progress: LayerProgress },
  ): Promise<void> {
    lease.pin(layer.digest);
    if (diffId !== undefined) lease.pin(diffId);
    if (diffId !== undefined && this.#content.state.layers.has(diffId)) return progress.say('Already exists');
    progress.say('Pulling fs layer');
    await this.#download(client, layer, signal, progress);
    progress.say('Download complete');
    const onBytes = (current: number) => progress.count('Extracting', current, layer.sizeBytes);
    await this.#unpackSlots.run(signal, () =>
      this.#content.ensureLayer({ blob: layer.digest, diffId }, { lease, signal, onBytes }),
    );
    progress.say('Pull complete');
  }

  async #download(
    client: RepositoryClient,
    layer: Descriptor,
    signal: AbortSignal,
    progress: LayerProgress,
  ): Promise<void> {
    const { blobs } = this.#content;
    if (blobs.sizeOf(layer.digest) !== undefined) return;
    const onProgress = (told: DownloadProgress) =>
      told === 'verifying'
        ? progress.say('Verifying Checksum')
        : progress.count('Downloading', told.bytes, layer.sizeBytes);
    await this.#downloads.run(layer.digest, { signal, onProgress }, async (workSignal, report) => {
      await this.#downloadSlots.run(workSignal, async () => {
        if (blobs.sizeOf(layer.digest) !== undefined) return;
        await client.download(layer, blobs, {
          signal: workSignal,
          onBytes: (bytes) => report({ bytes }),
          onVerify: () => report('verifying'),
        });
      });
    });
  }
}

/** The image that a name leads to on a platform, through an index if there is one. */
async function imageManifest(
  client: RepositoryClient,
  fetched: FetchedManifest,
  { platform, signal }: { readonly platform: Platform; readonly signal: AbortSignal },
): Promise<{ readonly manifest: Manifest & { readonly kind: 'image' } }> {
  const top = fetched.manifest;
  const chosen =
    top.kind === 'image'
      ? top
      : (await client.fetchManifest(choosePlatform(top.manifests, platform).digest, signal)).manifest;
  if (chosen.kind === 'image') return { manifest: chosen };
  throw new Refusal('image-document-invalid', { where: 'the manifest', why: 'an index leads to another index' });
}
