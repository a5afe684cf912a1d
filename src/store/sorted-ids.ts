import { assert } from '../base/index.ts';

/** Ids of one chunk: an insert moves half of them, 2 KiB, which takes less than the search for the place. */
const CHUNK = 512;

/**
 * Ids in order, for lookups by prefix: a row of sorted chunks. Search, insert and removal take O(log n) comparisons; a chunk that is
 * full is cut in two, so that no insert moves more than a chunk and, once in 256 times, the row of a million ids' 4,000 chunks.
 */
export class SortedIds {
  readonly #chunks: string[][] = [];

  add(id: string): void {
    const at = this.#chunkOf(id);
    const chunk = this.#chunks[at];
    if (chunk === undefined) {
      this.#chunks.push([id]);
      return;
    }
    chunk.splice(lowerBound(chunk, id), 0, id);
    if (chunk.length > CHUNK) this.#chunks.splice(at + 1, 0, chunk.splice(CHUNK >> 1));
  }

  remove(id: string): void {
    const at = this.#chunkOf(id);
    const chunk = this.#chunks[at];
    const place = chunk === undefined ? -1 : lowerBound(chunk, id);
    assert(chunk?.[place] === id, 'the id to remove is in the index', { id });
    chunk.splice(place, 1);
    if (chunk.length === 0) this.#chunks.splice(at, 1);
  }

  /** The ids that begin with `prefix`, in order. */
  withPrefix(prefix: string): string[] {
    const found: string[] = [];
    let at = this.#chunkOf(prefix);
    let place = lowerBound(this.#chunks[at] ?? [], prefix);
    for (let chunk = this.#chunks[at]; chunk !== undefined; chunk = this.#chunks[++at], place = 0) {
      for (; place < chunk.length; place++) {
        const id = chunk[place];
        if (id === undefined || !id.startsWith(prefix)) return found;
        found.push(id);
      }
    }
    return found;
  }

  /** The last chunk that begins at or below `id`, or the first. */
  #chunkOf(id: string): number {
    let low = 0;
    let high = this.#chunks.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const first = this.#chunks[middle]?.[0];
      if (first !== undefined && first <= id) low = middle + 1;
      else high = middle;
    }
    return Math.max(0, low - 1);
  }
}

/** The first place in a sorted array whose id is not below `id`. */
function lowerBound(ids: readonly string[], id: string): number {
  let low = 0;
  let high = ids.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const other = ids[middle];
    if (other !== undefined && other < id) low = middle + 1;
    else high = middle;
  }
  return low;
}
