import { Refusal } from '../base/index.ts';

/** Checks that `value` has a shape and throws `Refusal('message-malformed')` naming the place where it has not. */
export type Shape = (value: unknown, at: string) => void;

/** Nesting of plain data in a message; specs need about 10. Deeper is an attack on the stack. */
const MAX_DEPTH = 40;

function malformed(at: string, problem: string): Refusal {
  return new Refusal('message-malformed', { at, problem });
}

export const text: Shape = (value, at) => {
  if (typeof value !== 'string') throw malformed(at, 'is not a text');
};

/** A text of an id, name or state: never empty. */
export const filledText: Shape = (value, at) => {
  if (typeof value !== 'string' || value === '') throw malformed(at, 'is not a filled text');
};

export const bool: Shape = (value, at) => {
  if (typeof value !== 'boolean') throw malformed(at, 'is not a boolean');
};

/** A whole number that JavaScript counts exactly. */
export const integer: Shape = (value, at) => {
  if (!Number.isSafeInteger(value)) throw malformed(at, 'is not a whole number');
};

/** A whole number from 0 up. */
export const count: Shape = (value, at) => {
  if (!Number.isSafeInteger(value) || Number(value) < 0) throw malformed(at, 'is not a count');
};

export const oneOf = (...values: readonly unknown[]): Shape => {
  return (value, at) => {
    if (!values.includes(value)) throw malformed(at, `is none of ${values.join(', ')}`);
  };
};

export const list = (item: Shape): Shape => {
  return (value, at) => {
    if (!Array.isArray(value)) throw malformed(at, 'is not a list');
    value.forEach((entry, index) => {
      item(entry, `${at}[${index}]`);
    });
  };
};

/** An object with these fields; unknown ones are left alone, so that an older reader takes a newer writer's additions. */
export const object = (
  fields: Readonly<Record<string, Shape>>,
  optional: Readonly<Record<string, Shape>> = {},
): Shape => {
  const required = Object.entries(fields);
  const maybe = Object.entries(optional);
  return (value, at) => {
    const record = recordOf(value, at);
    for (const [name, shape] of required) shape(record[name], `${at}.${name}`);
    for (const [name, shape] of maybe) if (record[name] !== undefined) shape(record[name], `${at}.${name}`);
  };
};

/** Domain data that was checked when it entered the store: plain values only, no live objects, bounded depth. */
export const plainObject: Shape = (value, at) => {
  recordOf(value, at);
  plain(value, at, 0);
};

/** `value` as a record of unknown fields; refuses lists, class instances and what is no object. */
export function recordOf(value: unknown, at: string): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype)
    throw malformed(at, 'is not an object');
  // A plain object's fields are strings by definition; each one is checked by who reads it.
  return value as Readonly<Record<string, unknown>>;
}

function plain(value: unknown, at: string, depth: number): void {
  if (depth > MAX_DEPTH) throw malformed(at, `is nested deeper than ${MAX_DEPTH}`);
  switch (typeof value) {
    case 'string':
    case 'boolean':
    case 'bigint':
      return;
    case 'number':
      if (!Number.isFinite(value)) throw malformed(at, 'is not a finite number');
      return;
    case 'object':
      break;
    default:
      throw malformed(at, `holds a value of type ${typeof value}`);
  }
  if (value === null || value instanceof Uint8Array) return;
  if (Array.isArray(value)) {
    value.forEach((entry, index) => {
      plain(entry, `${at}[${index}]`, depth + 1);
    });
    return;
  }
  for (const [name, entry] of Object.entries(recordOf(value, at))) plain(entry, `${at}.${name}`, depth + 1);
}
