import type { Static, TSchema } from 'typebox';
import { assert, Refusal } from '../../base/index.ts';
import { parseTimestamp } from '../timestamp.ts';
import { readBase64 } from './base64.ts';
import { factsOf, type GoFacts, type GoType } from './schema.ts';
import { type Json, parseJson } from './syntax.ts';

/** Larger than any document of the API; a config's data is at most 1.4 million characters. */
const MAX_DOCUMENT_CHARACTERS = 16_000_000;

/**
 * Reads a request's body by its schema as Go's encoding/json does, so that errors have the words that clients know (400):
 * - field names match exactly, else without case; of repeated ones the last wins, objects and maps under them merge;
 * - unknown fields are ignored, `null` leaves a field absent; in a list or map it is the type's zero;
 * - a wrong type, a fraction or an integer beyond the Go type is refused, the first in the document's order named;
 * - integers beyond 2^53 come out as `bigint`;
 * - what stands after the document is refused.
 */
export function decodeJson<T extends TSchema>(schema: T, text: string): Static<T> {
  if (text.length > MAX_DOCUMENT_CHARACTERS) throw new Refusal('json-too-large', { limit: MAX_DOCUMENT_CHARACTERS });
  // Checked against the schema field by field below; the types of the two derive from one definition.
  return decode(factsOf(schema), parseJson(text), { path: '' }, undefined) as Static<T>;
}

/** Where the decoder stands: Go names the innermost struct and the path of fields from the outermost. */
interface Place {
  readonly struct?: string;
  readonly path: string;
}

function decode(facts: GoFacts, json: Json, place: Place, before: unknown): unknown {
  if (json.kind === 'null') return place.path === '' && facts.properties !== undefined ? {} : undefined;
  if (facts.properties !== undefined) return decodeStruct(facts, facts.properties, json, place, before);
  if (facts.additionalProperties !== undefined)
    return decodeMap(facts, facts.additionalProperties, json, place, before);
  if (facts.items !== undefined) {
    if (json.kind !== 'array') throw mismatch(json, facts, place);
    const items = factsOf(facts.items);
    return json.items.map((item) => (item.kind === 'null' ? zeroOf(items) : decode(items, item, place, undefined)));
  }
  return decodeScalar(facts, json, place);
}

function decodeStruct(
  facts: GoFacts,
  properties: Readonly<Record<string, TSchema>>,
  json: Json,
  place: Place,
  before: unknown,
): unknown {
  if (json.kind !== 'object') throw mismatch(json, facts, place);
  const decoded: Record<string, unknown> = { ...asRecord(before) };
  const struct = shortName(facts);
  for (const [key, value] of json.members) {
    const name = fieldNamed(properties, key);
    if (name === undefined) continue;
    const schema = properties[name];
    assert(schema !== undefined, 'a field has a schema', { name });
    const path = place.path === '' ? name : `${place.path}.${name}`;
    const result = decode(factsOf(schema), value, { struct, path }, decoded[name]);
    if (result !== undefined) decoded[name] = result;
    // Go's null empties pointers, lists and maps but leaves plain values as they are.
    else if (holdsNil(factsOf(schema))) delete decoded[name];
  }
  return decoded;
}

function decodeMap(facts: GoFacts, values: TSchema, json: Json, place: Place, before: unknown): unknown {
  if (json.kind !== 'object') throw mismatch(json, facts, place);
  const decoded = new Map(Object.entries(asRecord(before)));
  const inner = factsOf(values);
  for (const [key, value] of json.members) {
    decoded.set(key, value.kind === 'null' ? zeroOf(inner) : decode(inner, value, place, undefined));
  }
  // `fromEntries` defines own properties, so a key `__proto__` is a key like any other.
  return Object.fromEntries(decoded);
}

function decodeScalar(facts: GoFacts, json: Json, place: Place): unknown {
  const goType = facts.goType ?? 'string';
  if (goType === 'bool') {
    if (json.kind !== 'bool') throw mismatch(json, facts, place);
    return json.value;
  }
  if (goType === 'float32' || goType === 'float64') return decodeFloat(goType, facts, json, place);
  if (facts.type === 'integer') return decodeInteger(goType, facts, json, place);
  if (json.kind !== 'string') throw mismatch(json, facts, place);
  if (goType === '[]uint8') return readBase64(json.value);
  if (goType === 'time.Time' && parseTimestamp(json.value) === undefined) {
    throw new Refusal('json-time', { value: json.value });
  }
  return json.value;
}

const signed = (bits: bigint) => [-(2n ** (bits - 1n)), 2n ** (bits - 1n) - 1n] as const;
const unsigned = (bits: bigint) => [0n, 2n ** bits - 1n] as const;
const ranges = new Map<GoType, readonly [bigint, bigint]>([
  ['int', signed(64n)],
  ['int64', signed(64n)],
  ['time.Duration', signed(64n)],
  ['uint64', unsigned(64n)],
  ['uint32', unsigned(32n)],
  ['fs.FileMode', unsigned(32n)],
  ['uint16', unsigned(16n)],
  ['uint8', unsigned(8n)],
]);

function decodeInteger(goType: GoType, facts: GoFacts, json: Json, place: Place): number | bigint {
  if (json.kind !== 'number') throw mismatch(json, facts, place);
  const [least, most] = ranges.get(goType) ?? signed(64n);
  if (!/^-?\d+$/.test(json.text) || (least === 0n && json.text.startsWith('-')))
    throw mismatch(json, facts, place, json.text);
  const near = Number(json.text);
  if (Number.isSafeInteger(near) && near >= least && near <= most) return near === 0 ? 0 : near;
  // More digits than any 64-bit integer has are out of range without counting them.
  const exact = json.text.length > 20 ? most + 1n : BigInt(json.text);
  if (exact < least || exact > most) throw mismatch(json, facts, place, json.text);
  return exact;
}

function decodeFloat(goType: GoType, facts: GoFacts, json: Json, place: Place): number {
  if (json.kind !== 'number') throw mismatch(json, facts, place);
  const value = Number(json.text);
  if (goType === 'float64') {
    if (!Number.isFinite(value)) throw mismatch(json, facts, place, json.text);
    return value;
  }
  const rounded = Math.fround(value);
  if (!Number.isFinite(rounded)) throw mismatch(json, facts, place, json.text);
  // The shortest decimal that means the same float32, as Go prints it.
  for (let digits = 1; digits < 9; digits++) {
    const short = Number(rounded.toPrecision(digits));
    if (Math.fround(short) === rounded) return short;
  }
  return Number(rounded.toPrecision(9));
}

/** The field that a key means: the one of exactly this name, else one that differs in case only. */
function fieldNamed(properties: Readonly<Record<string, TSchema>>, key: string): string | undefined {
  if (Object.hasOwn(properties, key)) return key;
  const lowered = key.toLowerCase();
  return Object.keys(properties).find((name) => name.toLowerCase() === lowered);
}

function mismatch(json: Json, facts: GoFacts, place: Place, digits?: string): Refusal {
  const what = json.kind === 'number' && digits !== undefined ? `number ${digits}` : json.kind;
  const field = place.struct === undefined ? undefined : `${place.struct}.${place.path}`;
  return new Refusal('json-type', { value: what, field, type: goTypeOf(facts) });
}

/** Go's name of a schema's type, e.g. `map[string]string`. */
function goTypeOf(facts: GoFacts): string {
  if (facts.goStruct !== undefined) return facts.goStruct;
  if (facts.items !== undefined) return `[]${goTypeOf(factsOf(facts.items))}`;
  if (facts.additionalProperties !== undefined) return `map[string]${goTypeOf(factsOf(facts.additionalProperties))}`;
  return facts.goName ?? facts.goType ?? 'string';
}

function shortName(facts: GoFacts): string {
  return facts.goStruct?.slice(facts.goStruct.indexOf('.') + 1) ?? '';
}

function holdsNil(facts: GoFacts): boolean {
  if (facts.properties !== undefined) return facts.presence !== 'always';
  const isPointer = facts.presence === 'pointer' || facts.presence === 'nullable';
  return isPointer || facts.items !== undefined || facts.additionalProperties !== undefined;
}

function zeroOf(facts: GoFacts): unknown {
  if (facts.properties !== undefined || facts.additionalProperties !== undefined) return {};
  if (facts.items !== undefined) return [];
  if (facts.type === 'string') return '';
  return facts.type === 'boolean' ? false : 0;
}

function asRecord(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
}
