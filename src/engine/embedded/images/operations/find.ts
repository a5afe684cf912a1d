import { Refusal } from '../../../../base/index.ts';
import { type Digest, isDigest } from '../digest.ts';
import {
  canonicalName,
  familiarName,
  parseReference,
  type Reference,
  repositoryOf,
  withDefaultTag,
} from '../reference.ts';
import type { StoreState } from '../store/metadata.ts';

export interface Found {
  readonly id: Digest;
  /** The name that led here; undefined when it was an id or the beginning of one. */
  readonly name?: Reference;
}

/** An image by id, name, digest or unique beginning of its id, names first, as Docker looks. */
export function findImage(state: StoreState, text: string): Found | undefined {
  const asId = /^[0-9a-f]{64}$/.test(text) ? `sha256:${text}` : text;
  if (isDigest(asId)) return isShown(state, asId) ? { id: asId } : undefined;
  const name = withDefaultTag(parseReference(text));
  const id = state.names.get(nameKey(name));
  if (id !== undefined) return { id, name };
  const prefix = /^(?:sha256:)?([0-9a-f]+)$/.exec(text)?.[1];
  if (prefix === undefined) return undefined;
  const matches = [...state.images.keys()].filter(
    (each) => each.startsWith(`sha256:${prefix}`) && isShown(state, each),
  );
  return matches.length === 1 && matches[0] !== undefined ? { id: matches[0] } : undefined;
}

/** The same, or Docker's error. */
export function requireImage(state: StoreState, text: string): Found {
  const found = findImage(state, text);
  if (found !== undefined) return found;
  const isId = /^(?:sha256:)?[0-9a-f]{64}$/.test(text);
  throw new Refusal('image-unknown', { name: isId ? text : familiarName(withDefaultTag(parseReference(text))) });
}

/** The key of a name in the store: of tag and digest the digest counts. */
export function nameKey(name: Reference): string {
  return name.digest === undefined ? canonicalName(name) : `${repositoryOf(name)}@${name.digest}`;
}

/** The names of an image in the order in which they are shown: tags, then digests, each by alphabet. */
export function namesOf(state: StoreState, id: Digest): { readonly tags: Reference[]; readonly digests: Reference[] } {
  const names = [...state.names].filter(([, each]) => each === id).map(([key]) => parseReference(key));
  const sorted = names.sort((a, b) => (familiarName(a) < familiarName(b) ? -1 : 1));
  return {
    tags: sorted.filter(({ digest }) => digest === undefined),
    digests: sorted.filter(({ digest }) => digest !== undefined),
  };
}

/** The state with an image added, if it is new, and named. Names that other images had move here. */
export function withNamedImage(
  state: StoreState,
  id: Digest,
  names: readonly Reference[],
  taggedAt?: string,
): StoreState {
  const before = state.images.get(id);
  const stamp = taggedAt ?? before?.taggedAt;
  return {
    ...state,
    images: new Map([...state.images, [id, stamp === undefined ? {} : { taggedAt: stamp }]]),
    names: new Map([...state.names, ...names.map((name) => [nameKey(name), id] as const)]),
  };
}

function isShown(state: StoreState, id: Digest): boolean {
  const image = state.images.get(id);
  return image !== undefined && image.isRemoved !== true;
}
