import { Refusal } from '../../base/index.ts';

/** The API versions that we speak, whatever the engine below: 1.24 is the oldest that CLI 28 falls back to, 1.51 its newest. */
export const MIN_API_MINOR = 24;
export const MAX_API_MINOR = 51;
export const MIN_API_VERSION = `1.${MIN_API_MINOR}`;
export const MAX_API_VERSION = `1.${MAX_API_MINOR}`;

/** The target of a request, taken apart. */
export interface Target {
  /** Percent-decoded, without version prefix: what routes match. */
  readonly path: string;
  /** As sent, without version prefix, with query. */
  readonly rawPath: string;
  /** What stood after `/v`, unchecked; absent when the path has no version prefix. */
  readonly version?: string;
  readonly query: string;
}

const versionPrefix = /^\/v([0-9.]+)(\/.*)$/;

/** Splits a request's target. Refuses escapes that decode to nothing. */
export function parseTarget(url: string): Target {
  const target = url.startsWith('/') ? url : afterAuthority(url);
  const mark = target.indexOf('?');
  const sent = mark < 0 ? target : target.slice(0, mark);
  const query = mark < 0 ? '' : target.slice(mark + 1);
  const match = versionPrefix.exec(sent);
  const bare = match?.[2] ?? sent;
  const rawPath = mark < 0 ? bare : `${bare}?${query}`;
  return { path: decode(bare), rawPath, query, ...(match?.[1] !== undefined && { version: match[1] }) };
}

/** Where Go's mux sends a client whose path is not clean (`//`, `/./`, `/../`); undefined for a clean one. */
export function cleanTarget(url: string): string | undefined {
  const mark = url.indexOf('?');
  const path = mark < 0 ? url : url.slice(0, mark);
  if (!path.includes('//') && !path.includes('/.')) return undefined;
  const parts: string[] = [];
  for (const part of path.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  const ending = path.endsWith('/') && parts.length > 0 ? '/' : '';
  const cleaned = `/${parts.join('/')}${ending}`;
  if (cleaned === path) return undefined;
  return mark < 0 ? cleaned : cleaned + url.slice(mark);
}

/** The minor of a version prefix that we serve; without prefix our newest. Refuses versions out of range, as Docker words it. */
export function apiMinorOf(version: string | undefined): number {
  if (version === undefined) return MAX_API_MINOR;
  const [major = 0, minor = 0, ...rest] = version.split('.').map((part) => Number(part === '' ? 0 : part));
  const order = major - 1 || minor - MAX_API_MINOR || (rest.some((part) => part > 0) ? 1 : 0);
  if (order > 0) throw new Refusal('client-too-new', { version, maximum: MAX_API_VERSION });
  if (major < 1 || minor < MIN_API_MINOR) throw new Refusal('client-too-old', { version, minimum: MIN_API_VERSION });
  return minor;
}

function afterAuthority(url: string): string {
  const authority = url.indexOf('://');
  const slash = authority < 0 ? -1 : url.indexOf('/', authority + 3);
  return slash < 0 ? '/' : url.slice(slash);
}

function decode(path: string): string {
  if (!path.includes('%')) return path;
  try {
    return decodeURIComponent(path);
  } catch (cause) {
    throw new Refusal('bad-path-escape', { path, cause });
  }
}
