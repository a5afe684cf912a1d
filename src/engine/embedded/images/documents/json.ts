import { messageOf, Refusal } from '../../../../base/index.ts';

/** Reads a JSON document that others wrote field by field; the first field of a wrong type is named in the error. */
export class JsonFields {
  readonly #fields: Readonly<Record<string, unknown>>;
  readonly #where: string;

  constructor(value: unknown, where: string) {
    this.#where = where;
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw this.wrong('it is not an object');
    this.#fields = { ...value };
  }

  static parse(bytes: Uint8Array | string, where: string): JsonFields {
    return new JsonFields(parseJson(bytes, where), where);
  }

  /** Absent and null mean the same, as for Go's decoder. */
  has(name: string): boolean {
    return (this.#fields[name] ?? undefined) !== undefined;
  }

  text(name: string): string | undefined {
    const value = this.#fields[name] ?? undefined;
    if (value === undefined || typeof value === 'string') return value;
    throw this.wrong(`${name} is not a text`);
  }

  integer(name: string): number | undefined {
    const value = this.#fields[name] ?? undefined;
    if (value === undefined || (typeof value === 'number' && Number.isSafeInteger(value))) return value;
    throw this.wrong(`${name} is not an integer`);
  }

  flag(name: string): boolean | undefined {
    const value = this.#fields[name] ?? undefined;
    if (value === undefined || typeof value === 'boolean') return value;
    throw this.wrong(`${name} is neither true nor false`);
  }

  list(name: string): readonly unknown[] | undefined {
    const value: unknown = this.#fields[name] ?? undefined;
    if (value === undefined || Array.isArray(value)) return value;
    throw this.wrong(`${name} is not a list`);
  }

  texts(name: string): readonly string[] | undefined {
    return this.list(name)?.map((value) => {
      if (typeof value !== 'string') throw this.wrong(`${name} holds something that is not a text`);
      return value;
    });
  }

  object(name: string): JsonFields | undefined {
    return this.has(name) ? new JsonFields(this.#fields[name], `${this.#where}: ${name}`) : undefined;
  }

  objects(name: string): readonly JsonFields[] | undefined {
    return this.list(name)?.map((value) => new JsonFields(value, `${this.#where}: ${name}`));
  }

  /** Texts by name. */
  map(name: string): Readonly<Record<string, string>> | undefined {
    const object = this.object(name);
    if (object === undefined) return undefined;
    return Object.fromEntries(object.names().map((key) => [key, object.text(key) ?? '']));
  }

  /** The keys of a set written as an object with empty values. */
  set(name: string): Readonly<Record<string, unknown>> | undefined {
    const object = this.object(name);
    return object === undefined ? undefined : Object.fromEntries(object.names().map((key) => [key, {}]));
  }

  names(): readonly string[] {
    return Object.keys(this.#fields);
  }

  wrong(why: string): Refusal {
    return new Refusal('image-document-invalid', { where: this.#where, why });
  }
}

/** Parses JSON; the error says which document was broken. */
export function parseJson(bytes: Uint8Array | string, where: string): unknown {
  try {
    return JSON.parse(typeof bytes === 'string' ? bytes : new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    throw new Refusal('image-document-invalid', { where, why: messageOf(error), cause: error });
  }
}
