import { Refusal } from '../../../base/index.ts';
import { type Digest, isDigest } from './digest.ts';

/** Names without a registry belong to it, as with Docker. */
export const DEFAULT_DOMAIN = 'docker.io';
const OFFICIAL_PREFIX = 'library/';
export const DEFAULT_TAG = 'latest';
/** Docker's limit on domain and path together, in characters. */
const MAX_NAME_CHARACTERS = 255;

/** The name of an image: registry, repository, and at most one tag and one digest. */
export interface Reference {
  readonly domain: string;
  readonly path: string;
  readonly tag?: string;
  readonly digest?: Digest;
}

const DOMAIN_LABEL = '(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])';
const DOMAIN = new RegExp(`^(?:${DOMAIN_LABEL}(?:\\.${DOMAIN_LABEL})*|\\[(?:[a-fA-F0-9:]+)\\])(?::[0-9]+)?$`);
const PATH_COMPONENT = '[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*';
const PATH = new RegExp(`^${PATH_COMPONENT}(?:/${PATH_COMPONENT})*$`);
const TAG = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/;
const HEX_64 = /^[0-9a-f]{64}$/;

/**
 * Reads a name as people write it: `busybox` is docker.io/library/busybox. Neither tag nor digest is added (see `withDefaultTag`).
 * Errors carry Docker's texts.
 */
export function parseReference(text: string): Reference {
  if (HEX_64.test(text)) {
    throw invalid(`invalid repository name (${text}), cannot specify 64-byte hexadecimal strings`);
  }
  const { name, tag, digest } = cut(text);
  const { domain, path } = splitDomain(name);
  if (path !== path.toLowerCase() && PATH.test(path.toLowerCase())) {
    throw invalid(`invalid reference format: repository name (${path}) must be lowercase`);
  }
  if (!PATH.test(path) || !DOMAIN.test(domain)) throw invalid();
  if (tag !== undefined && !TAG.test(tag)) throw invalid();
  if (digest !== undefined && !isDigest(digest)) throw invalidDigest(digest);
  if (domain.length + 1 + path.length > MAX_NAME_CHARACTERS) {
    throw invalid(`repository name must not be more than ${MAX_NAME_CHARACTERS} characters`);
  }
  return { domain, path, ...(tag === undefined ? {} : { tag }), ...(digest === undefined ? {} : { digest }) };
}

/** The same name with `latest` where it has neither tag nor digest. */
export function withDefaultTag(reference: Reference): Reference {
  return reference.tag === undefined && reference.digest === undefined ? { ...reference, tag: DEFAULT_TAG } : reference;
}

/** Domain and path: the key of a repository, `docker.io/library/busybox`. */
export function repositoryOf(reference: Reference): string {
  return `${reference.domain}/${reference.path}`;
}

/** The full spelling with tag and digest as far as they are there. */
export function canonicalName(reference: Reference): string {
  return repositoryOf(reference) + suffix(reference);
}

/** The short spelling that people see: `busybox:latest`, `user/app`, `registry.local:5000/app@sha256:…`. */
export function familiarName(reference: Reference): string {
  return familiarRepository(reference) + suffix(reference);
}

/** The repository's short spelling, without tag and digest. */
export function familiarRepository(reference: Reference): string {
  if (reference.domain !== DEFAULT_DOMAIN) return repositoryOf(reference);
  const { path } = reference;
  const short = path.startsWith(OFFICIAL_PREFIX) ? path.slice(OFFICIAL_PREFIX.length) : path;
  // What would read back as another repository keeps its prefix or its domain: library/a/b, docker.io/a.b/c.
  const plain = path.startsWith(OFFICIAL_PREFIX) && !short.includes('/') ? short : path;
  return splitDomain(plain).domain === DEFAULT_DOMAIN ? plain : repositoryOf(reference);
}

function suffix(reference: Reference): string {
  return `${reference.tag === undefined ? '' : `:${reference.tag}`}${reference.digest === undefined ? '' : `@${reference.digest}`}`;
}

function cut(text: string): { name: string; tag: string | undefined; digest: string | undefined } {
  const at = text.indexOf('@');
  const digest = at === -1 ? undefined : text.slice(at + 1);
  const beforeDigest = at === -1 ? text : text.slice(0, at);
  // A colon before the last slash belongs to a registry's port.
  const colon = beforeDigest.indexOf(':', beforeDigest.lastIndexOf('/') + 1);
  return colon === -1
    ? { name: beforeDigest, tag: undefined, digest }
    : { name: beforeDigest.slice(0, colon), tag: beforeDigest.slice(colon + 1), digest };
}

/** The first part is a registry if it has a dot, a port or capitals, or is `localhost`; Docker's rule. */
function splitDomain(name: string): { domain: string; path: string } {
  const slash = name.indexOf('/');
  const first = slash === -1 ? '' : name.slice(0, slash);
  const isDomain = first !== '' && (/[.:]/.test(first) || first === 'localhost' || first !== first.toLowerCase());
  const domain = !isDomain ? DEFAULT_DOMAIN : first === 'index.docker.io' ? DEFAULT_DOMAIN : first;
  const path = isDomain ? name.slice(slash + 1) : name;
  return domain === DEFAULT_DOMAIN && path !== '' && !path.includes('/')
    ? { domain, path: OFFICIAL_PREFIX + path }
    : { domain, path };
}

function invalid(text = 'invalid reference format'): Refusal {
  return new Refusal('image-reference-invalid', { text });
}

function invalidDigest(digest: string): Refusal {
  if (/^sha256:[0-9a-fA-F]*$/.test(digest)) return invalid('invalid checksum digest length');
  return /^[A-Za-z][A-Za-z0-9+._-]*:[0-9a-fA-F]{32,}$/.test(digest)
    ? invalid('unsupported digest algorithm')
    : invalid();
}
