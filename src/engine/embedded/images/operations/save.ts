import { createReadStream } from 'node:fs';
import { type Digest, digestOf, hexOf } from '../digest.ts';
import { MEDIA_TYPES } from '../documents/manifest.ts';
import { canonicalName, familiarName, type Reference } from '../reference.ts';
import type { Content } from '../store/content.ts';
import type { Lease } from '../store/lease.ts';
import { END_OF_ARCHIVE, encodeHeader, padding } from '../tar/encode.ts';
import type { TarHeader } from '../tar/header.ts';
import { requireImage } from './find.ts';

const LAYER_SUFFIX = { none: '', gzip: '+gzip', zstd: '+zstd' } as const;

interface SavedImage {
  readonly id: Digest;
  readonly names: Reference[];
  readonly layers: readonly Digest[];
  readonly manifest: Buffer;
}

/**
 * An archive that `docker load` reads, of any age: an OCI image layout with Docker's manifest.json beside it. Images are given by
 * name or id; one given by id keeps no name. What is being written stays, whatever is removed meanwhile.
 */
export async function* saveImages(
  content: Content,
  texts: readonly string[],
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  const lease = content.lease();
  try {
    const images = collectImages(content, texts, lease);
    const written = new Set<Digest>();
    for (const { id, layers, manifest } of images) {
      for (const digest of [id, ...layers]) {
        if (!written.has(digest)) yield* storedBlob(content, digest, signal);
        written.add(digest);
      }
      yield* file(blobName(digestOf(manifest)), manifest);
    }
    yield* file('oci-layout', json({ imageLayoutVersion: '1.0.0' }));
    yield* file('index.json', json(indexOf(images)));
    yield* file('manifest.json', json(images.map(dockerEntry)));
    yield END_OF_ARCHIVE;
  } finally {
    lease.release();
  }
}

function collectImages(content: Content, texts: readonly string[], lease: Lease): SavedImage[] {
  const images = new Map<Digest, SavedImage>();
  for (const text of texts) {
    const { id, name } = requireImage(content.state, text);
    const saved = images.get(id) ?? { id, names: [], ...describe(content, id) };
    if (name !== undefined && name.digest === undefined) saved.names.push(name);
    images.set(id, saved);
    for (const digest of [id, ...saved.layers]) lease.pin(digest);
  }
  return [...images.values()];
}

function describe(content: Content, id: Digest): Pick<SavedImage, 'layers' | 'manifest'> {
  const records = content.config(id).diffIds.map((diffId) => content.layer(diffId));
  const descriptor = (mediaType: string, digest: Digest) => ({
    mediaType,
    digest,
    size: content.blobs.sizeOf(digest) ?? 0,
  });
  const manifest = json({
    schemaVersion: 2,
    mediaType: MEDIA_TYPES.ociManifest,
    config: descriptor(MEDIA_TYPES.ociConfig, id),
    layers: records.map(({ blob, compression }) => descriptor(MEDIA_TYPES.ociLayer + LAYER_SUFFIX[compression], blob)),
  });
  return { layers: records.map(({ blob }) => blob), manifest };
}

function indexOf(images: readonly SavedImage[]): object {
  const manifests = images.flatMap(({ names, manifest }) => {
    const descriptor = { mediaType: MEDIA_TYPES.ociManifest, digest: digestOf(manifest), size: manifest.length };
    if (names.length === 0) return [descriptor];
    return names.map((name) => ({
      ...descriptor,
      annotations: { 'io.containerd.image.name': canonicalName(name), 'org.opencontainers.image.ref.name': name.tag },
    }));
  });
  return { schemaVersion: 2, mediaType: MEDIA_TYPES.ociIndex, manifests };
}

function dockerEntry({ id, names, layers }: SavedImage): object {
  return { Config: blobName(id), RepoTags: names.map(familiarName), Layers: layers.map(blobName) };
}

async function* storedBlob(content: Content, digest: Digest, signal: AbortSignal): AsyncGenerator<Buffer> {
  const sizeBytes = content.blobs.sizeOf(digest) ?? 0;
  yield encodeHeader(headerOf(blobName(digest), sizeBytes));
  yield* createReadStream(content.blobs.pathOf(digest), { signal }) as AsyncIterable<Buffer>;
  yield padding(sizeBytes);
}

function* file(name: string, bytes: Buffer): Generator<Buffer> {
  yield encodeHeader(headerOf(name, bytes.length));
  yield bytes;
  yield padding(bytes.length);
}

function blobName(digest: Digest): string {
  return `blobs/sha256/${hexOf(digest)}`;
}

function json(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value));
}

function headerOf(name: string, sizeBytes: number): TarHeader {
  const plain = { mode: 0o644, uid: 0, gid: 0, modifiedAt: '0', linkName: '', deviceMajor: 0, deviceMinor: 0 };
  return { ...plain, name, kind: 'file', sizeBytes, xattrs: new Map() };
}
