import type { Static, TSchema } from 'typebox';
import { factsOf, fieldsOf, type GoFacts } from './schema.ts';

/** For API versions: a version that has every field. */
export const NEWEST_MINOR = Number.MAX_SAFE_INTEGER;

/**
 * The one form in which equal wishes are stored, so that comparing two of them says whether a wish changed:
 * - fields that the schema does not have, or that are newer than the client's API version, are dropped;
 * - what Go can't tell from absent is absent: empty texts, lists and maps, zero numbers that are no pointers, structs that are no
 *   pointers and hold nothing;
 * - fields stand in the schema's order, keys of maps in the order of their characters, as Go prints them.
 */
export function canonical<T extends TSchema>(schema: T, value: Static<T>, apiMinor: number = NEWEST_MINOR): Static<T> {
  // A value of the schema's type without some of its optional fields is of that type.
  return structOf(factsOf(schema), value, apiMinor) as Static<T>;
}

/** A field's canonical value; `undefined` when it says nothing. */
function canonicalField(facts: GoFacts, value: unknown, apiMinor: number): unknown {
  if (value === undefined || value === null || (facts.since ?? 0) > apiMinor) return undefined;
  if (facts.properties !== undefined) {
    const fields = structOf(facts, value, apiMinor);
    return facts.presence === 'always' && Object.keys(fields).length === 0 ? undefined : fields;
  }
  if (facts.presence === 'pointer' || facts.presence === 'nullable') return value;
  if (facts.items !== undefined) return listOf(factsOf(facts.items), value, apiMinor);
  if (facts.additionalProperties !== undefined) return mapOf(value);
  return value === '' || value === 0 || value === 0n || value === false ? undefined : value;
}

function structOf(facts: GoFacts, value: unknown, apiMinor: number): Readonly<Record<string, unknown>> {
  const fields: Record<string, unknown> = {};
  const given = value as Readonly<Record<string, unknown>>; // the caller's types say so
  for (const [name, schema] of fieldsOf(facts)) {
    const field = canonicalField(schema, given[name], apiMinor);
    if (field !== undefined) fields[name] = field;
  }
  return fields;
}

function listOf(items: GoFacts, value: unknown, apiMinor: number): unknown {
  const elements = value as readonly unknown[]; // the caller's types say so
  if (elements.length === 0) return undefined;
  if (items.properties !== undefined) return elements.map((element) => structOf(items, element ?? {}, apiMinor));
  return elements;
}

function mapOf(value: unknown): unknown {
  const entries = Object.entries(value as Readonly<Record<string, unknown>>); // the caller's types say so
  if (entries.length === 0) return undefined;
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
}

/**
 * Whether two values in canonical form are the same by content. A field that is absent and one that is `undefined` are; an integer has
 * one form (`bigint` beyond 2^53, `number` below), so that equal ones are identical.
 */
export function equalCanonical(a: unknown, b: unknown): boolean {
  if (a === b || Object.is(a, b)) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a) || Array.isArray(b)) return equalLists(a, b);
  const left = a as Readonly<Record<string, unknown>>; // both are plain objects here
  const right = b as Readonly<Record<string, unknown>>;
  let fields = 0;
  for (const name of Object.keys(left)) {
    if (left[name] === undefined) continue;
    if (!Object.hasOwn(right, name) || !equalCanonical(left[name], right[name])) return false;
    fields++;
  }
  for (const name of Object.keys(right)) if (right[name] !== undefined) fields--;
  return fields === 0;
}

function equalLists(a: unknown, b: unknown): boolean {
  if (!Array.isArray(a) || !Array.isArray(b) || a.length !== b.length) return false;
  return a.every((item, at) => equalCanonical(item, b[at]));
}
