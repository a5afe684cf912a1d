import type { ErrorTable } from './kinds.ts';

/** Errors raised by images. A code is stable API: add, never rename. */
export const imagesErrors = {
  'image-reference-invalid': { kind: 'invalid', text: ({ text }) => `${text}` },
  'image-unknown': { kind: 'notFound', text: ({ name }) => `No such image: ${name}` },
  'image-filter-invalid': { kind: 'invalid', text: ({ text }) => `${text}` },
  'image-tag-invalid': { kind: 'invalid', text: ({ text }) => `${text}` },
  'image-change-invalid': { kind: 'invalid', text: ({ text }) => `${text}` },
  'image-platform-invalid': {
    kind: 'invalid',
    text: ({ platform }) => `"${platform}" is an invalid platform: say os[/arch[/variant]], such as linux/amd64`,
  },
  'image-delete-conflict': {
    kind: 'conflict',
    text: ({ image, force, why }) => `conflict: unable to delete ${image} (${force}) - ${why}`,
  },
  'image-name-in-use': {
    kind: 'conflict',
    text: ({ name, container, image }) =>
      `conflict: unable to remove repository reference "${name}" (must force) - container ${container} is using its referenced image ${image}`,
  },
  'image-document-invalid': { kind: 'invalid', text: ({ where, why }) => `${where} can't be used: ${why}` },
  'image-archive-invalid': { kind: 'invalid', text: ({ why }) => `invalid archive: ${why}` },
  'image-layer-unsafe': {
    kind: 'invalid',
    text: ({ path, why }) => `the layer's entry ${JSON.stringify(path)} is refused: ${why}`,
  },
  'image-layer-too-large': {
    kind: 'invalid',
    text: ({ what, limit }) => `the layer is refused: it has more than ${limit} ${what}`,
  },
  'image-layer-unpack-failed': { kind: 'internal', text: ({ why }) => `a layer can't be unpacked: ${why}` },
  'image-compression-unknown': {
    kind: 'invalid',
    text: ({ compression }) => `layers compressed with ${compression} are not supported: use gzip, zstd or none`,
  },
  'image-digest-wrong': {
    kind: 'internal',
    text: ({ what, expected, actual }) => `${what} verification failed for digest ${expected}: it has ${actual}`,
  },
  'image-disk-full': {
    kind: 'unavailable',
    text: ({ directory }) =>
      `no space left on device: free some below ${directory}, for example with docker image prune`,
  },
  'image-store-unreadable': {
    kind: 'internal',
    text: ({ path, why }) => `the image store's list ${path} can't be read: ${why}`,
  },
  'registry-unreachable': { kind: 'unavailable', text: ({ method, url, why }) => `${method} "${url}": ${why}` },
  'registry-denied': {
    kind: 'notFound',
    text: ({ repository, why }) =>
      `pull access denied for ${repository}, repository does not exist or may require 'docker login': ${why}`,
  },
  'registry-unauthorized': { kind: 'unauthorized', text: ({ why }) => `unauthorized: ${why}` },
  'registry-manifest-unknown': {
    kind: 'notFound',
    text: ({ name, why }) => `manifest for ${name} not found: ${why}`,
  },
  'registry-no-platform': {
    kind: 'notFound',
    text: ({ platform }) => `no matching manifest for ${platform} in the manifest list entries`,
  },
  'registry-rate-limited': { kind: 'unavailable', text: ({ why }) => `toomanyrequests: ${why}` },
  'registry-answer-invalid': {
    kind: 'unavailable',
    text: ({ url, why }) => `${url} gave an answer that can't be used: ${why}`,
  },
  'registry-failed': {
    kind: 'unavailable',
    text: ({ url, status, why }) => `received unexpected HTTP status ${status} from ${url}: ${why}`,
  },
  'registry-credentials-invalid': {
    kind: 'invalid',
    text: ({ why }) => `the registry credentials can't be read: ${why}`,
  },
} as const satisfies ErrorTable;
