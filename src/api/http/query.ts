import { Refusal } from '../../base/index.ts';

/** How Docker reads most flags of a query: everything but these few words is true. */
export function flag(query: URLSearchParams, name: string): boolean {
  const value = (query.get(name) ?? '').trim().toLowerCase();
  return !['', '0', 'no', 'false', 'none'].includes(value);
}

const trueWords = new Set(['1', 't', 'T', 'TRUE', 'true', 'True']);
const falseWords = new Set(['0', 'f', 'F', 'FALSE', 'false', 'False']);

/** How Go's strconv.ParseBool reads a flag; absent or empty is false. `undefined` for what is no boolean. */
function parseBool(value: string | null): boolean | undefined {
  if (value === null || value === '' || falseWords.has(value)) return false;
  return trueWords.has(value) ? true : undefined;
}

/** A strict flag whose refusal carries Go's reason: `status`, `insertDefaults`. */
export function strictFlag(query: URLSearchParams, name: string): boolean {
  const value = query.get(name);
  const parsed = parseBool(value);
  if (parsed === undefined) throw new Refusal('invalid-bool', { name, value });
  return parsed;
}

/** A strict flag whose refusal names only flag and value: those of `POST /swarm/update`. */
export function plainStrictFlag(query: URLSearchParams, name: string): boolean {
  const value = query.get(name);
  const parsed = parseBool(value);
  if (parsed === undefined) throw new Refusal('invalid-flag', { name, value });
  return parsed;
}

const MAX_UINT64 = 2n ** 64n - 1n;

/** The `version` that every update must name. A value beyond 2^53 is none that an object of ours can have. */
export function versionOf(query: URLSearchParams, object: string): number {
  const value = query.get('version') ?? '';
  if (!/^[0-9]+$/.test(value)) throw new Refusal('invalid-version', { object, value, why: 'invalid syntax' });
  if (BigInt(value) > MAX_UINT64) throw new Refusal('invalid-version', { object, value, why: 'value out of range' });
  return Number(value);
}
