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
  | 'duration'
  | 'bytes'
  | 'time';

const integer = (goType: GoType) => Type.Unsafe<Integer>({ type: 'integer', goType });
const small = (goType: GoType) => Type.Unsafe<number>({ type: 'integer', goType });

/**
 * Builders of schemas for what clients send. The schema is the only definition of an object: its TypeScript type, its decoder
 * and its page in the API reference derive from it. Every field of a Go struct may be absent, so `struct` makes all optional.
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
export const duration = () => integer('duration');
/** Base64 in JSON; kept as that text, padded and in the standard alphabet. */
export const bytes = () => Type.Unsafe<string>({ type: 'string', goType: 'bytes', contentEncoding: 'base64' });
/** RFC 3339 with up to nine digits of a second. */
export const time = () => Type.Unsafe<string>({ type: 'string', goType: 'time', format: 'date-time' });
/** One of Go's string types with known values; the decoder takes any string, validation names the bad one. */
export const word = <const T extends readonly string[]>(...values: T) =>
  Type.Unsafe<T[number]>({ type: 'string', goType: 'string', examples: values });
export const list = <T extends TSchema>(items: T) => Type.Unsafe<ReadonlyArray<Static<T>>>({ type: 'array', items });
export const map = <T extends TSchema>(values: T) =>
  Type.Unsafe<Readonly<Record<string, Static<T>>>>({ type: 'object', additionalProperties: values });

type Fields = Readonly<Record<string, TSchema>>;
type Struct<F extends Fields> = { readonly [K in keyof F]?: Static<F[K]> };

/** A Go struct; `goName` is what Go's messages call it, e.g. `ServiceSpec`. Every field may be absent. */
export const struct = <F extends Fields>(goName: string, fields: F) =>
  Type.Unsafe<Struct<F>>({ type: 'object', goStruct: goName, properties: fields });
