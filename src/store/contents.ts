import type { Service, ServiceId, Task, TaskTemplate } from '../model/index.ts';
import { nameKey } from '../model/index.ts';
import { IdGroups } from './id-groups.ts';
import { ServiceUses } from './service-uses.ts';
import { SortedIds } from './sorted-ids.ts';
import { type TableName, type Tables, tableNames, templateKey } from './tables.ts';
import { TaskIndex } from './task-index.ts';

type Rows = { readonly [T in TableName]: Map<string, Tables[T]> };

/** The tables with all their indexes; `replace` is the one way to write, and keeps them equal. Knows no rules. */
export class Contents {
  readonly rows: Rows = {
    cluster: new Map(),
    node: new Map(),
    service: new Map(),
    task: new Map(),
    template: new Map(),
    network: new Map(),
    secret: new Map(),
    config: new Map(),
    volume: new Map(),
  };
  readonly tasks = new TaskIndex();
  readonly uses = new ServiceUses();
  readonly #ids = forEachTable(() => new SortedIds());
  readonly #names = forEachTable(() => new IdGroups<string>());
  /** How many services and tasks name a template, by its key. */
  readonly #references = new Map<string, number>();
  /** Templates whose last reference went; they may be named again before they are swept. */
  readonly #unnamed = new Set<string>();

  /** Writes an object, or removes it; `before` is what the table holds now. */
  replace<T extends TableName>(
    table: T,
    id: string,
    before: Tables[T] | undefined,
    after: Tables[T] | undefined,
  ): void {
    if (after === undefined) this.rows[table].delete(id);
    else this.rows[table].set(id, after);
    if (table === 'template') return;
    if (before === undefined) this.#ids[table].add(id);
    else if (after === undefined) this.#ids[table].remove(id);
    if (table === 'task') {
      // The table says what its objects are; TypeScript does not follow that through a type parameter.
      this.#replaceTask(before as Task | undefined, after as Task | undefined);
      return;
    }
    const oldName = before && nameOf(table, before);
    const name = after && nameOf(table, after);
    if (oldName !== name) {
      if (oldName) this.#names[table].remove(nameKey(oldName), id);
      if (name) this.#names[table].add(nameKey(name), id);
    }
    if (table === 'service') this.#replaceService(before as Service | undefined, after as Service | undefined);
  }

  byName(table: TableName, name: string): Iterable<string> {
    return this.#names[table].of(nameKey(name));
  }

  byIdPrefix(table: TableName, prefix: string): readonly string[] {
    return this.#ids[table].withPrefix(prefix);
  }

  template(serviceId: ServiceId, specVersion: number): TaskTemplate | undefined {
    return this.rows.template.get(templateKey(serviceId, specVersion));
  }

  /** Keys of templates that nothing names any more. */
  takeUnnamed(): readonly string[] {
    if (this.#unnamed.size === 0) return [];
    const keys = [...this.#unnamed].filter((key) => !this.#references.has(key) && this.rows.template.has(key));
    this.#unnamed.clear();
    return keys;
  }

  #replaceTask(before: Task | undefined, after: Task | undefined): void {
    this.tasks.replace(before, after);
    if (before?.ServiceID === after?.ServiceID && before?.Internal.SpecVersion === after?.Internal.SpecVersion) return;
    if (after !== undefined) this.#name(after.ServiceID, after.Internal.SpecVersion);
    if (before !== undefined) this.#unname(before.ServiceID, before.Internal.SpecVersion);
  }

  #replaceService(before: Service | undefined, after: Service | undefined): void {
    this.uses.replace(before, after);
    if (after !== undefined) {
      this.#name(after.ID, after.Internal.SpecVersion);
      this.#name(after.ID, after.Internal.PreviousSpecVersion);
    }
    if (before !== undefined) {
      this.#unname(before.ID, before.Internal.SpecVersion);
      this.#unname(before.ID, before.Internal.PreviousSpecVersion);
    }
  }

  #name(serviceId: ServiceId, specVersion: number | undefined): void {
    if (specVersion === undefined) return;
    const key = templateKey(serviceId, specVersion);
    this.#references.set(key, (this.#references.get(key) ?? 0) + 1);
  }

  #unname(serviceId: ServiceId, specVersion: number | undefined): void {
    if (specVersion === undefined) return;
    const key = templateKey(serviceId, specVersion);
    const left = (this.#references.get(key) ?? 0) - 1;
    if (left > 0) {
      this.#references.set(key, left);
    } else {
      this.#references.delete(key);
      this.#unnamed.add(key);
    }
  }
}

function forEachTable<V>(make: () => V): Readonly<Record<TableName, V>> {
  // Every table has its entry, since all names are listed.
  return Object.fromEntries(tableNames.map((table) => [table, make()])) as Record<TableName, V>;
}

function nameOf(table: TableName, object: Tables[TableName]): string | undefined {
  if (table === 'node') return 'Description' in object ? object.Description?.Hostname : undefined;
  if (table === 'volume') return 'Name' in object ? object.Name : undefined;
  return 'Spec' in object && 'Name' in object.Spec ? object.Spec.Name : undefined;
}
