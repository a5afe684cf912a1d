import { Refusal } from '../../../../base/index.ts';
import { chainIds, type Digest, shortId } from '../digest.ts';
import { canonicalName, familiarName, type Reference, repositoryOf } from '../reference.ts';
import type { Content } from '../store/content.ts';
import type { StoreState } from '../store/metadata.ts';
import { type Found, nameKey, namesOf, requireImage } from './find.ts';
import type { Holds } from './holds.ts';

/** One line of the answer to `DELETE /images/{name}`. */
export type Removal = { readonly Untagged: string } | { readonly Deleted: string };

interface Plan {
  readonly state: StoreState;
  readonly removals: readonly Removal[];
  /** The image that goes, if it does. */
  readonly deleted?: Digest;
}

/**
 * Removes a name, and the image with its last one. By id, an image goes with all its names if they are of one repository. Rules and
 * texts are Docker's; `force` overrules all but a running container.
 */
export async function removeImage(content: Content, holds: Holds, text: string, force: boolean): Promise<Removal[]> {
  let plan: Plan | undefined;
  let chain: ReadonlyArray<readonly [Digest, Digest]> = [];
  await content.metadata.update((state) => {
    plan = planRemoval(state, holds, requireImage(state, text), force);
    if (plan.deleted !== undefined) {
      const { diffIds } = content.config(plan.deleted);
      chain = chainIds(diffIds).map((chainId, at) => [diffIds[at] ?? chainId, chainId] as const);
    }
    return plan.state;
  });
  const removals = [...(plan?.removals ?? [])];
  if (plan?.deleted === undefined) return removals;
  const gone = new Set((await content.collect()).layers);
  const layers = chain.toReversed().filter(([diffId]) => gone.has(diffId));
  return [...removals, ...layers.map(([, chainId]) => ({ Deleted: chainId }))];
}

function planRemoval(state: StoreState, holds: Holds, found: Found, force: boolean): Plan {
  const names = allNames(state, found.id);
  if (found.name !== undefined) return planByName(state, holds, { ...found, name: found.name }, force);
  if (!isOneName(names)) {
    const conflict = conflictOf(state, holds, found.id, force);
    if (conflict !== undefined) throw conflict;
    return deletion(state, holds, found.id, []);
  }
  const conflict = containerConflict(holds, found.id, force);
  if (conflict !== undefined) throw conflict;
  const removals = names.map((name) => ({ Untagged: familiarName(name) }));
  return deletion(untagged(state, names), holds, found.id, removals);
}

function planByName(state: StoreState, holds: Holds, { id, name }: Found & { name: Reference }, force: boolean): Plan {
  const container = holds.any(id);
  if (!force && container !== undefined && isOneName(allNames(state, id))) {
    throw new Refusal('image-name-in-use', {
      name: familiarName(name),
      container: shortId(container),
      image: shortId(id),
    });
  }
  const gone = [name, ...orphanedDigests(state, id, name)];
  const after = untagged(state, gone);
  const removals = gone.map((each) => ({ Untagged: familiarName(each) }));
  if (allNames(after, id).length > 0) return { state: after, removals };
  // The last name is gone. A container that needs the image keeps it, dangling; that is no error here.
  if (conflictOf(after, holds, id, force) !== undefined) return { state: after, removals };
  return deletion(after, holds, id, removals);
}

/** Digest names of a repository go with its last tag. */
function orphanedDigests(state: StoreState, id: Digest, removed: Reference): Reference[] {
  if (removed.digest !== undefined) return [];
  const repository = repositoryOf(removed);
  const { tags, digests } = namesOf(state, id);
  const hasOtherTag = tags.some(
    (tag) => repositoryOf(tag) === repository && canonicalName(tag) !== canonicalName(removed),
  );
  return hasOtherTag ? [] : digests.filter((digest) => repositoryOf(digest) === repository);
}

/** At most one tag, and digests only of its repository: removing all of them surprises nobody. */
function isOneName(names: readonly Reference[]): boolean {
  if (names.length <= 1) return true;
  const tags = names.filter(({ digest }) => digest === undefined);
  return tags.length <= 1 && new Set(names.map(repositoryOf)).size === 1;
}

function conflictOf(state: StoreState, holds: Holds, id: Digest, force: boolean): Refusal | undefined {
  const running = containerConflict(holds, id, true);
  if (running !== undefined || force) return running;
  if (allNames(state, id).length > 0)
    return conflict(id, 'must be forced', 'image is referenced in multiple repositories');
  return containerConflict(holds, id, false);
}

function containerConflict(holds: Holds, id: Digest, force: boolean): Refusal | undefined {
  const running = holds.running(id);
  if (running !== undefined)
    return conflict(id, 'cannot be forced', `image is being used by running container ${shortId(running)}`);
  const stopped = force ? undefined : holds.stopped(id);
  return stopped && conflict(id, 'must be forced', `image is being used by stopped container ${shortId(stopped)}`);
}

function conflict(id: Digest, force: string, why: string): Refusal {
  return new Refusal('image-delete-conflict', { image: shortId(id), force, why });
}

function deletion(state: StoreState, holds: Holds, id: Digest, removals: readonly Removal[]): Plan {
  const named = allNames(state, id);
  const images = new Map(state.images);
  // A stopped container still stands on the layers: they go with it, the image is gone for everybody else.
  if (holds.isHeld(id)) images.set(id, { isRemoved: true });
  else images.delete(id);
  return {
    state: { ...untagged(state, named), images },
    removals: [...removals, ...named.map((name) => ({ Untagged: familiarName(name) })), { Deleted: id }],
    deleted: id,
  };
}

function untagged(state: StoreState, names: readonly Reference[]): StoreState {
  const gone = new Set(names.map(nameKey));
  return { ...state, names: new Map([...state.names].filter(([key]) => !gone.has(key))) };
}

function allNames(state: StoreState, id: Digest): Reference[] {
  const { tags, digests } = namesOf(state, id);
  return [...tags, ...digests];
}
