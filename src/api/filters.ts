import { Refusal } from '../base/index.ts';

/** The values of each key of `?filters=`, in the order sent. A key with no values filters nothing. */
export type Filters = ReadonlyMap<string, readonly string[]>;

const none: Filters = new Map();

/** Filters are a few names: a longer text is no filter that a client of Docker sends. */
const MAX_FILTER_BYTES = 64 * 1024;

/**
 * Reads `filters`: `{"key":{"value":true}}`, or the older `{"key":["value"]}`; the booleans mean nothing, as in Docker. A malformed
 * text is refused with Go's words for the newer form, under `malformed`: Docker answers 400 for services and 500 elsewhere.
 */
export function parseFilters(
  query: URLSearchParams,
  malformed: 'malformed-filters' | 'malformed-service-filters' = 'malformed-filters',
): Filters {
  const text = query.get('filters') ?? '';
  if (text === '') return none;
  if (Buffer.byteLength(text) > MAX_FILTER_BYTES) {
    throw new Refusal(malformed, { why: `filters are longer than ${MAX_FILTER_BYTES} bytes` });
  }
  const parsed = parseJson(text, malformed);
  if (parsed === null) return none;
  if (typeof parsed !== 'object' || Array.isArray(parsed)) {
    throw mismatch(malformed, parsed, 'map[string]map[string]bool');
  }
  const entries = Object.entries(parsed);
  const isOlderForm = entries.every(([, values]) => values === null || isStringList(values));
  return new Map(entries.map(([key, values]) => [key, valuesOf(values, isOlderForm, malformed)]));
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

function valuesOf(
  values: unknown,
  isOlderForm: boolean,
  malformed: 'malformed-filters' | 'malformed-service-filters',
): readonly string[] {
  if (values === null) return [];
  if (isOlderForm && isStringList(values)) return [...new Set(values)];
  if (typeof values !== 'object' || Array.isArray(values)) throw mismatch(malformed, values, 'map[string]bool');
  for (const value of Object.values(values)) {
    if (typeof value !== 'boolean' && value !== null) throw mismatch(malformed, value, 'bool');
  }
  return Object.keys(values);
}

function isStringList(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}

function mismatch(
  malformed: 'malformed-filters' | 'malformed-service-filters',
  value: unknown,
  goType: string,
): Refusal {
  const word = Array.isArray(value) ? 'array' : typeof value === 'boolean' ? 'bool' : typeof value;
  return new Refusal(malformed, { why: `json: cannot unmarshal ${word} into Go value of type ${goType}` });
}

function parseJson(text: string, malformed: 'malformed-filters' | 'malformed-service-filters'): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new Refusal(malformed, { why: goSyntaxError(text, cause), cause });
  }
}

/** Go's words for the commonest fault, a text that is no JSON from its first character on; else the parser's own. */
function goSyntaxError(text: string, cause: unknown): string {
  const first = text.trimStart()[0] ?? '';
  if (first === '') return 'unexpected end of JSON input';
  if (!/[{["0-9tfn-]/.test(first)) return `invalid character '${first}' looking for beginning of value`;
  return cause instanceof Error ? cause.message : String(cause);
}
