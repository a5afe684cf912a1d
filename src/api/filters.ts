import { messageOf, Refusal } from '../base/index.ts';
import { type Json, parseJson } from '../model/index.ts';

/** The values of each key of `?filters=`, in the order sent. A key with no values filters nothing. */
export type Filters = ReadonlyMap<string, readonly string[]>;

type MalformedCode = 'malformed-filters' | 'malformed-service-filters';

const none: Filters = new Map();

/** Filters are a few names: a longer text is no filter that a client of Docker sends. */
const MAX_FILTER_BYTES = 64 * 1024;

/**
 * Reads `filters`: `{"key":{"value":true}}`, or the older `{"key":["value"]}`; the booleans mean nothing, as in Docker. A malformed
 * text is refused with Go's words for the newer form, under `malformed`: Docker answers 400 for services and 500 elsewhere.
 */
export function parseFilters(query: URLSearchParams, malformed: MalformedCode = 'malformed-filters'): Filters {
  const text = query.get('filters') ?? '';
  if (text === '') return none;
  if (Buffer.byteLength(text) > MAX_FILTER_BYTES) {
    throw new Refusal(malformed, { why: `filters are longer than ${MAX_FILTER_BYTES} bytes` });
  }
  const parsed = parse(text, malformed);
  if (parsed.kind === 'null') return none;
  if (parsed.kind !== 'object') throw mismatch(malformed, parsed, 'map[string]map[string]bool');
  const isOlderForm = parsed.members.every(([, values]) => values.kind === 'null' || isStringList(values));
  return new Map(parsed.members.map(([key, values]) => [key, valuesOf(values, isOlderForm, malformed)]));
}

/** Refuses filters by keys that the list does not know. */
export function allowKeys(filters: Filters, ...allowed: readonly string[]): void {
  for (const key of filters.keys()) if (!allowed.includes(key)) throw new Refusal('invalid-filter', { key });
}

/** A test of one text against all values of a key; passes everything when the key has none. */
export function anyValue(filters: Filters, key: string, test: (value: string) => boolean): boolean {
  const values = filters.get(key);
  return values === undefined || values.length === 0 || values.some(test);
}

/**
 * Whether labels satisfy every value of a key: `name` = present, `name=value` = equal. Two values for one name collapse into the
 * last, as in Swarm, where they become a map.
 */
export function labelsMatch(filters: Filters, key: string, labels: Readonly<Record<string, string>> = {}): boolean {
  const values = filters.get(key);
  if (values === undefined || values.length === 0) return true;
  const wanted = new Map(values.map((value) => splitLabel(value)));
  for (const [name, value] of wanted) {
    if (!Object.hasOwn(labels, name)) return false;
    if (value !== '' && labels[name] !== value) return false;
  }
  return true;
}

function splitLabel(text: string): readonly [string, string] {
  const at = text.indexOf('=');
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}

function valuesOf(values: Json, isOlderForm: boolean, malformed: MalformedCode): readonly string[] {
  if (values.kind === 'null') return [];
  if (isOlderForm && values.kind === 'array') return [...new Set(values.items.map(textOf))];
  if (values.kind !== 'object') throw mismatch(malformed, values, 'map[string]bool');
  for (const [, value] of values.members) {
    if (value.kind !== 'bool' && value.kind !== 'null') throw mismatch(malformed, value, 'bool');
  }
  return [...new Set(values.members.map(([value]) => value))];
}

function isStringList(value: Json): boolean {
  return value.kind === 'array' && value.items.every((item) => item.kind === 'string');
}

function textOf(value: Json): string {
  return value.kind === 'string' ? value.value : '';
}

function mismatch(malformed: MalformedCode, value: Json, goType: string): Refusal {
  return new Refusal(malformed, { why: `json: cannot unmarshal ${value.kind} into Go value of type ${goType}` });
}

function parse(text: string, malformed: MalformedCode): Json {
  try {
    return parseJson(text, 'text');
  } catch (cause) {
    throw new Refusal(malformed, { why: messageOf(cause), cause });
  }
}
