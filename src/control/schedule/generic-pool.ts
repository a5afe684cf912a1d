import type { GenericResource } from '../../model/index.ts';

/** The generic resources of a node that no task holds: counts, and for named ones the names. */
export class GenericPool {
  readonly #discrete = new Map<string, number>();
  readonly #named = new Map<string, Set<string>>();

  constructor(resources: readonly GenericResource[]) {
    this.give(resources);
  }

  /** What a task gets for this kind and amount; `undefined` when there is not enough. Takes nothing. */
  choose(kind: string, amount: number): readonly GenericResource[] | undefined {
    const names = this.#named.get(kind);
    if (names !== undefined) {
      if (names.size < amount) return undefined;
      return [...names].slice(0, amount).map((Value) => ({ NamedResourceSpec: { Kind: kind, Value } }));
    }
    if ((this.#discrete.get(kind) ?? 0) < amount) return undefined;
    return [{ DiscreteResourceSpec: { Kind: kind, Value: amount } }];
  }

  has(kind: string, amount: number): boolean {
    const named = this.#named.get(kind);
    return (named === undefined ? (this.#discrete.get(kind) ?? 0) : named.size) >= amount;
  }

  take(resources: readonly GenericResource[]): void {
    for (const { DiscreteResourceSpec: discrete, NamedResourceSpec: named } of resources) {
      if (discrete !== undefined) this.#add(discrete.Kind ?? '', -Number(discrete.Value ?? 0));
      if (named !== undefined) this.#named.get(named.Kind ?? '')?.delete(named.Value ?? '');
    }
  }

  give(resources: readonly GenericResource[]): void {
    for (const { DiscreteResourceSpec: discrete, NamedResourceSpec: named } of resources) {
      if (discrete !== undefined) this.#add(discrete.Kind ?? '', Number(discrete.Value ?? 0));
      if (named === undefined) continue;
      const kind = named.Kind ?? '';
      const names = this.#named.get(kind) ?? new Set();
      names.add(named.Value ?? '');
      this.#named.set(kind, names);
    }
  }

  #add(kind: string, amount: number): void {
    this.#discrete.set(kind, (this.#discrete.get(kind) ?? 0) + amount);
  }
}
