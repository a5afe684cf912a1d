/**
 * The embedded engine's images: pulled, loaded, imported, named, listed, removed.
 * - What the list names is on disk and whole, also after a crash at any point; everything else is swept at start.
 * - Content is by digest, and every digest is verified before use. A layer is unpacked once, into a directory of its own, for all
 *   images that have it, and never changed.
 * - No entry of a layer lands outside of its directory (layers/rewrite.ts). Directories of layers keep devices, setuid bits and
 *   owners as Docker does: the store's directory is closed to all but root.
 * - Holds of containers live in memory; the engine takes them again at start, then calls `collectGarbage`.
 * - Knows nothing of containers beyond their ids, nor of the Engine API's routes.
 */

export {
  type ImageEvent,
  type Images,
  type ImagesOptions,
  type ImportOptions,
  type LoadOptions,
  openImages,
} from './images.ts';
export { DEFAULT_LAYER_LIMITS, type LayerLimits } from './layers/limits.ts';
export type { DistributionInspect } from './operations/distribution.ts';
export type { Filters } from './operations/filters.ts';
export type { LoadProgress } from './operations/load.ts';
export type { HistoryItem, ImageInspect, ImageSummary } from './operations/present.ts';
export type { Removal } from './operations/remove.ts';
export {
  canonicalName,
  familiarName,
  familiarRepository,
  parseReference,
  type Reference,
  withDefaultTag,
} from './reference.ts';
export { type ProxySettings, proxyFromEnvironment, type RegistrySettings } from './registry/settings.ts';
export type { ImageLog } from './store/content.ts';
