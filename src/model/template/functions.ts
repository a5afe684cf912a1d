import { isTrue, print, type Value } from './values.ts';

/** A function of a template; an `Error` that it throws is worded as Go's and gets its place from the evaluator. */
export type TemplateFunction = (...values: readonly Value[]) => Value;

/** Go's built-in functions that make sense for texts, and Swarm's `join`. */
export const builtins: Readonly<Record<string, TemplateFunction>> = {
  and: (...values) => values.find((value) => !isTrue(value)) ?? values.at(-1) ?? '',
  or: (...values) => values.find(isTrue) ?? values.at(-1) ?? '',
  not: (value = '') => !isTrue(value),
  eq: (first, ...others) => others.some((other) => same(first, other)),
  ne: (first, second) => !same(first, second),
  lt: (a, b) => compare(a, b) < 0,
  le: (a, b) => compare(a, b) <= 0,
  gt: (a, b) => compare(a, b) > 0,
  ge: (a, b) => compare(a, b) >= 0,
  len: lengthOf,
  index,
  slice,
  print: (...values) => values.map(print).join(''),
  println: (...values) => `${values.map(print).join(' ')}\n`,
  printf,
  html: (...values) => escaped(values, /[<>&"']/g, (found) => htmlEscapes[found] ?? found),
  js: (...values) => escaped(values, /["'<>&=\\\n\r\t]/g, (found) => jsEscapes[found] ?? `\\u${hex(found)}`),
  urlquery: (...values) => encodeURIComponent(values.map(print).join('')).replaceAll('%20', '+'),
  join,
};

const htmlEscapes: Readonly<Record<string, string>> = {
  '<': '&lt;',
  '>': '&gt;',
  '&': '&amp;',
  '"': '&#34;',
  "'": '&#39;',
};
const jsEscapes: Readonly<Record<string, string>> = {
  '\\': '\\\\',
  "'": "\\'",
  '"': '\\"',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
};

function hex(character: string): string {
  return character.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0');
}

function escaped(values: readonly Value[], special: RegExp, replace: (found: string) => string): string {
  return values.map(print).join('').replaceAll(special, replace);
}

function same(a: Value | undefined, b: Value | undefined): boolean {
  if (typeof a !== typeof b || typeof a === 'object') throw new Error('incompatible types for comparison');
  return a === b;
}

function compare(a: Value | undefined, b: Value | undefined): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  if (typeof a !== 'string' || typeof b !== 'string') throw new Error('incompatible types for comparison');
  return a < b ? -1 : a > b ? 1 : 0;
}

function lengthOf(value: Value = ''): number {
  if (typeof value === 'string') return new TextEncoder().encode(value).length;
  if (value instanceof Map) return value.size;
  if (Array.isArray(value)) return value.length;
  throw new Error(`len of type ${typeof value}`);
}

/** Of a map the entry, empty when there is none; of a list the element. */
function index(value: Value = '', ...keys: readonly Value[]): Value {
  let found = value;
  for (const key of keys) {
    if (found instanceof Map) found = found.get(print(key)) ?? '';
    else if (Array.isArray(found)) {
      const element: Value | undefined = found[Number(print(key))];
      if (element === undefined) throw new Error(`index out of range: ${print(key)}`);
      found = element;
    } else throw new Error(`can't index item of type ${typeof found}`);
  }
  return found;
}

function slice(value: Value = '', from: Value = 0, to?: Value): Value {
  if (typeof value !== 'string' && !Array.isArray(value)) throw new Error(`can't slice item of type ${typeof value}`);
  const start = Number(print(from));
  const end = to === undefined ? value.length : Number(print(to));
  if (!(start >= 0 && end <= value.length && start <= end)) throw new Error(`index out of range: ${print(to ?? from)}`);
  return value.slice(start, end);
}

function printf(format: Value = '', ...values: readonly Value[]): string {
  let used = 0;
  return print(format).replaceAll(/%(.)/gu, (_whole, verb: string) => {
    if (verb === '%') return '%';
    const value = values[used++];
    if (value === undefined) return `%!${verb}(MISSING)`;
    if (verb === 's' || verb === 'v') return print(value);
    if (verb === 'q') return JSON.stringify(print(value));
    if (verb === 'd' && typeof value === 'number') return String(value);
    if (verb === 't' && typeof value === 'boolean') return String(value);
    throw new Error(`printf: verb %${verb} is not supported for ${typeof value}`);
  });
}

/** Swarm's `join`: the separator first, then texts or lists of them. */
function join(separator: Value = '', ...parts: readonly Value[]): string {
  return parts
    .flatMap((part) => (Array.isArray(part) ? part : [part]))
    .map(print)
    .join(print(separator));
}
