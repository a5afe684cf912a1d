import { Refusal } from '../../../../base/index.ts';
import { type Digest, parseDigest } from '../digest.ts';
import { MAX_LAYERS } from './image-config.ts';
import { JsonFields } from './json.ts';
import { type Platform, platformName, platformRank } from './platform.ts';

/** The distribution specification asks registries to take 4 MiB. */
export const MAX_MANIFEST_BYTES = 4 * 1024 * 1024;

export const MEDIA_TYPES = {
  dockerManifest: 'application/vnd.docker.distribution.manifest.v2+json',
  dockerList: 'application/vnd.docker.distribution.manifest.list.v2+json',
  ociManifest: 'application/vnd.oci.image.manifest.v1+json',
  ociIndex: 'application/vnd.oci.image.index.v1+json',
  ociConfig: 'application/vnd.oci.image.config.v1+json',
  ociLayer: 'application/vnd.oci.image.layer.v1.tar',
} as const;

/** What a registry is asked for. */
export const ACCEPTED_MANIFESTS: readonly string[] = [
  MEDIA_TYPES.dockerManifest,
  MEDIA_TYPES.dockerList,
  MEDIA_TYPES.ociIndex,
  MEDIA_TYPES.ociManifest,
];

const CONFIG_TYPES: readonly string[] = ['application/vnd.docker.container.image.v1+json', MEDIA_TYPES.ociConfig];

/** Points to a blob. */
export interface Descriptor {
  readonly mediaType: string;
  readonly digest: Digest;
  readonly sizeBytes: number;
}

export interface ManifestEntry extends Descriptor {
  readonly platform: Platform | undefined;
}

/** The two kinds of document that a name leads to. Source: OCI image specification; Docker's "Image Manifest V 2, Schema 2". */
export type Manifest =
  | {
      readonly kind: 'image';
      readonly mediaType: string;
      readonly config: Descriptor;
      readonly layers: readonly Descriptor[];
    }
  | { readonly kind: 'index'; readonly mediaType: string; readonly manifests: readonly ManifestEntry[] };

/** Reads a manifest or index; `contentType` is what its carrier says, for documents that don't name their own type. */
export function parseManifest(bytes: Uint8Array, contentType: string): Manifest {
  const document = JsonFields.parse(bytes, 'the manifest');
  const mediaType = document.text('mediaType') || mediaTypeByShape(document, contentType);
  if (document.integer('schemaVersion') === 1) {
    throw document.wrong(
      'it has schema version 1, which registries stopped to serve: push the image again with a newer client',
    );
  }
  if (document.has('manifests') && (document.has('config') || document.has('layers'))) {
    throw document.wrong('it claims to be an image and an index at once');
  }
  if (mediaType === MEDIA_TYPES.dockerList || mediaType === MEDIA_TYPES.ociIndex) {
    return { kind: 'index', mediaType, manifests: (document.objects('manifests') ?? []).map(parseEntry) };
  }
  if (mediaType !== MEDIA_TYPES.dockerManifest && mediaType !== MEDIA_TYPES.ociManifest) {
    throw document.wrong(`its type ${JSON.stringify(mediaType)} is not known`);
  }
  const config = document.object('config');
  if (config === undefined) throw document.wrong('it has no configuration');
  const layers = document.objects('layers') ?? [];
  if (layers.length > MAX_LAYERS) throw document.wrong(`it has more than ${MAX_LAYERS} layers`);
  const descriptor = parseDescriptor(config);
  if (!CONFIG_TYPES.includes(descriptor.mediaType)) {
    throw document.wrong(`it is no container image but ${JSON.stringify(descriptor.mediaType)}`);
  }
  return { kind: 'image', mediaType, config: descriptor, layers: layers.map(parseLayer) };
}

/** The entry of an index that runs best on a platform. */
export function choosePlatform(entries: readonly ManifestEntry[], platform: Platform): ManifestEntry {
  let best: ManifestEntry | undefined;
  let bestRank = Number.POSITIVE_INFINITY;
  for (const entry of entries) {
    const rank = platformRank(entry.platform, platform);
    if (rank !== undefined && rank < bestRank) {
      best = entry;
      bestRank = rank;
    }
  }
  if (best === undefined) throw new Refusal('registry-no-platform', { platform: platformName(platform) });
  return best;
}

function mediaTypeByShape(document: JsonFields, contentType: string): string {
  const type = contentType.split(';')[0]?.trim() ?? '';
  if (ACCEPTED_MANIFESTS.includes(type)) return type;
  return document.has('manifests') ? MEDIA_TYPES.ociIndex : document.has('config') ? MEDIA_TYPES.ociManifest : type;
}

function parseDescriptor(fields: JsonFields): Descriptor {
  const sizeBytes = fields.integer('size');
  if (sizeBytes === undefined || sizeBytes < 0) throw fields.wrong('size is missing');
  return {
    mediaType: fields.text('mediaType') ?? '',
    digest: parseDigest(fields.text('digest') ?? '', 'the manifest'),
    sizeBytes,
  };
}

function parseLayer(fields: JsonFields): Descriptor {
  const layer = parseDescriptor(fields);
  if (/foreign|nondistributable/.test(layer.mediaType) && (fields.texts('urls') ?? []).length > 0) {
    throw fields.wrong('its layers lie outside of the registry (a Windows image)');
  }
  return layer;
}

function parseEntry(fields: JsonFields): ManifestEntry {
  const platform = fields.object('platform');
  return {
    ...parseDescriptor(fields),
    platform: platform && {
      os: platform.text('os') ?? '',
      architecture: platform.text('architecture') ?? '',
      ...(platform.has('variant') ? { variant: platform.text('variant') ?? '' } : {}),
    },
  };
}
