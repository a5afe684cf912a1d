/** Up to this many ids stand in a plain array; more in a set. Slots hold up to six tasks, nodes hundreds. */
const SMALL = 8;

type Group = string | string[] | Set<string>;

/**
 * Ids by key, compact: most keys have one id or a few, and there are a million of them (bench `store`). A group of one is the id
 * itself, a small one an array, a large one a set.
 */
export class IdGroups<K> {
  readonly #groups = new Map<K, Group>();

  /** Adding an id twice is a bug of the caller's; small groups would hold it twice. */
  add(key: K, id: string): void {
    const group = this.#groups.get(key);
    if (group === undefined) this.#groups.set(key, id);
    else if (typeof group === 'string') this.#groups.set(key, [group, id]);
    else if (!Array.isArray(group)) group.add(id);
    else if (group.length < SMALL) group.push(id);
    else this.#groups.set(key, new Set([...group, id]));
  }

  remove(key: K, id: string): void {
    const group = this.#groups.get(key);
    if (group === undefined) return;
    if (typeof group === 'string') {
      if (group === id) this.#groups.delete(key);
    } else if (Array.isArray(group)) {
      const at = group.indexOf(id);
      if (at >= 0) group.splice(at, 1);
      if (group.length === 0) this.#groups.delete(key);
    } else {
      group.delete(id);
      if (group.size === 0) this.#groups.delete(key);
    }
  }

  has(key: K, id: string): boolean {
    const group = this.#groups.get(key);
    if (group === undefined || typeof group === 'string') return group === id;
    return Array.isArray(group) ? group.includes(id) : group.has(id);
  }

  of(key: K): Iterable<string> {
    const group = this.#groups.get(key);
    if (group === undefined) return [];
    return typeof group === 'string' ? [group] : group;
  }

  keys(): Iterable<K> {
    return this.#groups.keys();
  }

  get size(): number {
    return this.#groups.size;
  }
}
