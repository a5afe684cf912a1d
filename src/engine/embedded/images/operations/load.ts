import { readFile } from 'node:fs/promises';
import { type Clock, Refusal } from '../../../../base/index.ts';
import { type Digest, hexOf, parseDigest, shortId } from '../digest.ts';
import { MAX_CONFIG_BYTES, parseImageConfig } from '../documents/image-config.ts';
import { JsonFields, parseJson } from '../documents/json.ts';
import { choosePlatform, MAX_MANIFEST_BYTES, type Manifest, parseManifest } from '../documents/manifest.ts';
import type { Platform } from '../documents/platform.ts';
import { familiarName, parseReference, type Reference, withDefaultTag } from '../reference.ts';
import type { SpooledFile } from '../store/blobs.ts';
import type { Content } from '../store/content.ts';
import type { Lease } from '../store/lease.ts';
import { ArchiveFiles } from './archive-files.ts';
import { nameKey, withNamedImage } from './find.ts';
import { LayerProgress } from './progress.ts';

/** One line of the answer to `POST /images/load`. */
export interface LoadProgress {
  readonly stream?: string;
  readonly id?: string;
  readonly status?: string;
  readonly progressDetail?: { readonly current?: number; readonly total?: number };
}

export interface LoadRequest {
  readonly source: AsyncIterable<Buffer>;
  /** Which of several platforms under one name is taken. */
  readonly platform: Platform;
  readonly clock: Clock;
  readonly onProgress: (progress: LoadProgress) => void;
  readonly signal: AbortSignal;
}

/** One image as an archive describes it. */
interface ArchivedImage {
  readonly config: SpooledFile;
  readonly layers: readonly SpooledFile[];
  readonly names: readonly Reference[];
}

/** Reads an archive of `docker save` (manifest.json) or an OCI image layout (index.json). Returns the ids of its images. */
export async function loadImages(content: Content, request: LoadRequest): Promise<Digest[]> {
  const files = await ArchiveFiles.spool(request.source, content.blobs, request.signal);
  const lease = content.lease();
  try {
    const images = await describe(files, request.platform);
    const ids: Digest[] = [];
    for (const image of images) ids.push(await loadImage(content, image, request, lease));
    return ids;
  } finally {
    lease.release();
    await files.close();
  }
}

async function describe(files: ArchiveFiles, platform: Platform): Promise<ArchivedImage[]> {
  if (files.find('manifest.json') !== undefined) return await describeDocker(files);
  if (files.find('index.json') !== undefined) return await describeOci(files, platform);
  throw new Refusal('image-archive-invalid', {
    why: 'it has neither manifest.json nor index.json; an archive of files becomes an image with docker import',
  });
}

async function describeDocker(files: ArchiveFiles): Promise<ArchivedImage[]> {
  const document = parseJson(await small(files.require('manifest.json'), 'manifest.json'), 'manifest.json');
  if (!Array.isArray(document))
    throw new Refusal('image-document-invalid', { where: 'manifest.json', why: 'it is not a list' });
  return document.map((entry: unknown) => {
    const fields = new JsonFields(entry, 'manifest.json');
    return {
      config: files.require(fields.text('Config') ?? ''),
      layers: (fields.texts('Layers') ?? []).map((name) => files.require(name)),
      names: (fields.texts('RepoTags') ?? []).map((name) => withDefaultTag(parseReference(name))),
    };
  });
}

async function describeOci(files: ArchiveFiles, platform: Platform): Promise<ArchivedImage[]> {
  const index = JsonFields.parse(await small(files.require('index.json'), 'index.json'), 'index.json');
  const images: ArchivedImage[] = [];
  for (const entry of index.objects('manifests') ?? []) {
    const digest = parseDigest(entry.text('digest') ?? '', 'index.json');
    const manifest = await ociManifest(files, digest, entry.text('mediaType') ?? '', platform);
    images.push({
      config: blobIn(files, manifest.config.digest),
      layers: manifest.layers.map((layer) => blobIn(files, layer.digest)),
      names: ociNames(entry.map('annotations') ?? {}),
    });
  }
  return images;
}

async function ociManifest(
  files: ArchiveFiles,
  digest: Digest,
  mediaType: string,
  platform: Platform,
): Promise<Manifest & { readonly kind: 'image' }> {
  const manifest = parseManifest(await small(blobIn(files, digest), 'the manifest'), mediaType);
  if (manifest.kind === 'image') return manifest;
  // An archive of one platform still has the index of all.
  const here = manifest.manifests.filter((entry) => files.find(`blobs/sha256/${hexOf(entry.digest)}`) !== undefined);
  const chosen = choosePlatform(here, platform);
  const inner = parseManifest(await small(blobIn(files, chosen.digest), 'the manifest'), chosen.mediaType);
  if (inner.kind === 'image') return inner;
  throw new Refusal('image-document-invalid', { where: 'the manifest', why: 'an index leads to another index' });
}

/** containerd's annotation has the whole name; OCI's own may be a tag alone, which names nothing. */
function ociNames(annotations: Readonly<Record<string, string>>): Reference[] {
  const name = annotations['io.containerd.image.name'] ?? annotations['org.opencontainers.image.ref.name'];
  return name !== undefined && /[:/]/.test(name) ? [withDefaultTag(parseReference(name))] : [];
}

function blobIn(files: ArchiveFiles, digest: Digest): SpooledFile {
  const file = files.require(`blobs/sha256/${hexOf(digest)}`);
  if (file.digest !== digest)
    throw new Refusal('image-digest-wrong', { what: 'blob', expected: digest, actual: file.digest });
  return file;
}

async function loadImage(content: Content, image: ArchivedImage, request: LoadRequest, lease: Lease): Promise<Digest> {
  const { signal, onProgress } = request;
  const bytes = await small(image.config, 'the image configuration', MAX_CONFIG_BYTES);
  const config = parseImageConfig(bytes);
  if (config.diffIds.length !== image.layers.length) {
    throw new Refusal('image-archive-invalid', {
      why: `the image has ${config.diffIds.length} layers in its configuration, ${image.layers.length} in the archive`,
    });
  }
  for (const [at, layer] of image.layers.entries()) {
    const diffId = config.diffIds[at];
    lease.pin(layer.digest);
    if (diffId !== undefined) lease.pin(diffId);
    if (diffId !== undefined && content.state.layers.has(diffId)) continue;
    await content.blobs.adopt(layer.path, layer.digest, layer.sizeBytes);
    const progress = new LayerProgress(shortId(diffId ?? layer.digest), onProgress, request.clock);
    const onBytes = (current: number) => progress.count('Loading layer', current, layer.sizeBytes);
    await content.ensureLayer({ blob: layer.digest, diffId }, { lease, signal, onBytes });
  }
  lease.pin(image.config.digest);
  const id = await content.blobs.put(bytes);
  for (const line of renamed(content, id, image.names)) onProgress(line);
  const taggedAt = new Date(request.clock.now()).toISOString();
  await content.addImage(id, (state) => withNamedImage(state, id, image.names, taggedAt));
  if (image.names.length === 0) onProgress({ stream: `Loaded image ID: ${id}\n` });
  for (const name of image.names) onProgress({ stream: `Loaded image: ${familiarName(name)}\n` });
  return id;
}

function renamed(content: Content, id: Digest, names: readonly Reference[]): LoadProgress[] {
  return names.flatMap((name) => {
    const before = content.state.names.get(nameKey(name));
    if (before === undefined || before === id) return [];
    const words = `The image ${familiarName(name)} already exists, renaming the old one with ID ${before} to empty string\n`;
    return [{ stream: words }];
  });
}

async function small(file: SpooledFile, where: string, maxBytes = MAX_MANIFEST_BYTES): Promise<Buffer> {
  if (file.sizeBytes > maxBytes)
    throw new Refusal('image-document-invalid', { where, why: `it is larger than ${maxBytes} bytes` });
  return await readFile(file.path);
}
