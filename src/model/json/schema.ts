import Type, { type Static, type TSchema } from 'typebox';

/**
 * Integers of Go's 64-bit types. A `number` while it is safe, a `bigint` beyond 2^53, so that what a client sent comes back
 * to the digit. Arithmetic goes through the accessors of the model, which give plain numbers.
 */
export type Integer = number | bigint;

/** Go's name of a field's type: it decides what the decoder accepts and what its message says. */
export type GoType =
  | 'string'
  | 'bool'
  | 'int'
  | 'int64'
  | 'uint64'
  | 'uint32'
  | 'uint16'
  | 'uint8'
  | 'float32'
  | 'float64'
  | 'time.Duration'
  | 'fs.FileMode'
  | '[]uint8'
  | 'time.Time';

/**
 * When Go's encoder writes a field. By default (`omitempty`) when it is not the type's zero; structs, which are pointers then, when
 * they are set, be it to `{}`.
 * - `always`: with its zero when absent; a map then as `{}`, a struct, which is no pointer then, with what it always has.
 * - `pointer`: when it is set, be it to zero.
 * - `nullable`: a pointer that prints `null` when absent.
 */
export type Presence = 'always' | 'pointer' | 'nullable';

/** What this module's builders put into a schema besides JSON Schema's own words. */
export interface GoFacts {
  readonly type: 'string' | 'boolean' | 'integer' | 'number' | 'array' | 'object';
  readonly goType?: GoType;
  /** Of string types with a name, e.g. `swarm.NodeRole`. */
  readonly goName?: string;
  /** With package, e.g. `swarm.ServiceSpec`. */
  readonly goStruct?: string;
  readonly items?: TSchema;
  readonly additionalProperties?: TSchema;
  readonly properties?: Readonly<Record<string, TSchema>>;
  readonly presence?: Presence;
  /** Minor of the API version that brought the field: taken off what older clients send and are shown. */
  readonly since?: number;
}

/** A schema's facts. Every schema of the model is made by the builders below, which write just these. */
export const factsOf = (schema: TSchema): GoFacts => schema as unknown as GoFacts;

const fieldLists = new WeakMap<GoFacts, ReadonlyArray<readonly [name: string, facts: GoFacts]>>();

/** The fields of a struct's schema in order; none for others. Kept per schema: every object shown walks them. */
export function fieldsOf(facts: GoFacts): ReadonlyArray<readonly [name: string, facts: GoFacts]> {
  const known = fieldLists.get(facts);
  if (known !== undefined) return known;
  const fields = Object.entries(facts.properties ?? {}).map(([name, schema]) => [name, factsOf(schema)] as const);
  fieldLists.set(facts, fields);
  return fields;
}

const integer = (goType: GoType) => Type.Unsafe<Integer>({ type: 'integer', goType });
const small = (goType: GoType) => Type.Unsafe<number>({ type: 'integer', goType });

/**
 * Builders of schemas for what clients send. The schema is the only definition of an object: its TypeScript type, its decoder,
 * its canonical form, what clients see of it and its page in the API reference derive from it. Every field of a Go struct may be
 * absent, so `struct` makes all optional. Fields stand in the order in which Go prints them.
 */
export const string = () => Type.Unsafe<string>({ type: 'string', goType: 'string' });
export const bool = () => Type.Unsafe<boolean>({ type: 'boolean', goType: 'bool' });
export const int = () => integer('int');
export const int64 = () => integer('int64');
export const uint64 = () => integer('uint64');
export const uint32 = () => small('uint32');
export const uint16 = () => small('uint16');
export const float32 = () => Type.Unsafe<number>({ type: 'number', goType: 'float32' });
export const float64 = () => Type.Unsafe<number>({ type: 'number', goType: 'float64' });
/** Nanoseconds, int64. */
export const duration = () => integer('time.Duration');
/** Permission bits as a decimal integer. */
export const fileMode = () => small('fs.FileMode');
/** Base64 in JSON; kept as that text, padded and in the standard alphabet. */
export const bytes = () => Type.Unsafe<string>({ type: 'string', goType: '[]uint8', contentEncoding: 'base64' });
/** RFC 3339 with up to nine digits of a second. */
export const time = () => Type.Unsafe<string>({ type: 'string', goType: 'time.Time', format: 'date-time' });
/** One of Go's named string types with known values; the decoder takes any string, validation names the bad one. */
export const word = <const T extends readonly string[]>(goName: string, ...values: T) =>
  Type.Unsafe<T[number]>({ type: 'string', goType: 'string', goName, examples: values });
export const list = <T extends TSchema>(items: T) => Type.Unsafe<ReadonlyArray<Static<T>>>({ type: 'array', items });
export const map = <T extends TSchema>(values: T) =>
  Type.Unsafe<Readonly<Record<string, Static<T>>>>({ type: 'object', additionalProperties: values });

type Fields = Readonly<Record<string, TSchema>>;
type Struct<F extends Fields> = { readonly [K in keyof F]?: Static<F[K]> };

/** A Go struct; `goName` is what Go's messages call it, e.g. `ServiceSpec`, with its package where that is not `swarm`. */
export const struct = <F extends Fields>(goName: string, fields: F) =>
  Type.Unsafe<Struct<F>>({
    type: 'object',
    goStruct: goName.includes('.') ? goName : `swarm.${goName}`,
    properties: fields,
  });

const marked = <T extends TSchema>(schema: T, facts: Partial<GoFacts>) =>
  Type.Unsafe<Static<T>>({ ...factsOf(schema), ...facts });

/** The field is printed whether set or not. */
export const always = <T extends TSchema>(schema: T) => marked(schema, { presence: 'always' });
/** A pointer in Go: absent and zero differ. */
export const pointer = <T extends TSchema>(schema: T) => marked(schema, { presence: 'pointer' });
/** A pointer that prints `null` when absent. */
export const nullable = <T extends TSchema>(schema: T) => marked(schema, { presence: 'nullable' });
/** The field came with API version 1.`minor`. */
export const since = <T extends TSchema>(minor: number, schema: T) => marked(schema, { since: minor });
