import { Refusal } from '../../../base/index.ts';
import type { ContainerId } from '../../../model/index.ts';
import type { Container } from './container.ts';

/** All containers, by id and by name. A name is taken from its reservation on. */
export class ContainerTable {
  readonly #byId = new Map<ContainerId, Container>();
  readonly #names = new Map<string, ContainerId>();

  reserveName(name: string, id: ContainerId): void {
    const owner = this.#names.get(name);
    if (owner !== undefined) throw new Refusal('container-name-taken', { name, id: owner });
    this.#names.set(name, id);
  }

  add(container: Container): void {
    this.#byId.set(container.record.id, container);
    this.#names.set(container.record.name, container.record.id);
  }

  remove(id: ContainerId, name: string): void {
    this.#byId.delete(id);
    if (this.#names.get(name) === id) this.#names.delete(name);
  }

  all(): Container[] {
    return [...this.#byId.values()];
  }

  get(id: string): Container | undefined {
    return this.#byId.get(id as ContainerId);
  }

  /** By full id, name (with or without slash), or unique beginning of an id, in this order as Docker has it. */
  find(idOrName: string): Container | undefined {
    const named = this.#names.get(idOrName.replace(/^\//, ''));
    const exact = this.get(idOrName) ?? (named === undefined ? undefined : this.#byId.get(named));
    if (exact !== undefined || !/^[0-9a-f]+$/.test(idOrName)) return exact;
    const matches = this.all().filter((container) => container.record.id.startsWith(idOrName));
    if (matches.length > 1) throw new Refusal('container-ambiguous', { name: idOrName });
    return matches[0];
  }

  require(idOrName: string): Container {
    const container = this.find(idOrName);
    if (container === undefined) throw new Refusal('container-unknown', { name: idOrName });
    return container;
  }
}
