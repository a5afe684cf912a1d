import type { Readable } from 'node:stream';
import type { Filters } from '../filters.ts';

/** A document of the Engine API, as the engine made it: shown as it is. */
export type Document = object;

/** Images of the daemon's own engine. A reference is a name, digest, id or prefix of one; refusals carry Docker's texts. */
export interface LocalImages {
  list(filters: Filters): readonly Document[];
  inspect(reference: string): Document;
  history(reference: string): readonly Document[];
  tag(reference: string, target: string): Promise<void>;
  remove(reference: string, options: { readonly force: boolean }): Promise<readonly Document[]>;
  /** Lines of progress as they come, the last one says what was pulled. */
  pull(
    reference: string,
    options: { readonly registryAuth?: string; readonly platform?: string; readonly signal: AbortSignal },
  ): AsyncIterable<Document>;
  /** One line: the id of the new image. */
  import(
    archive: Readable,
    options: {
      readonly reference?: string;
      readonly message?: string;
      readonly changes: readonly string[];
      readonly platform?: string;
      readonly signal: AbortSignal;
    },
  ): AsyncIterable<Document>;
  load(archive: Readable, options: { readonly quiet: boolean; readonly signal: AbortSignal }): AsyncIterable<Document>;
  /** An archive that `load` reads. */
  save(references: readonly string[], signal: AbortSignal): AsyncIterable<Uint8Array>;
  /** Removes what nothing uses; the answer of `POST /images/prune`. */
  prune(filters: Filters): Promise<Document>;
  /** What a registry says of an image, for clients that pin digests. */
  distribution(reference: string, registryAuth: string | undefined, signal: AbortSignal): Promise<Document>;
}
