import { type Instant, Refusal } from '../../../../base/index.ts';
import type { Digest } from '../digest.ts';
import { familiarName, familiarRepository, type Reference } from '../reference.ts';
import type { Content } from '../store/content.ts';
import { parseDuration } from './duration.ts';
import { namesOf, requireImage } from './find.ts';
import { createdSeconds, digestName, type ImageSummary, summaryOf } from './present.ts';

/** Filters as the Engine API has them: values by name. */
export type Filters = ReadonlyMap<string, readonly string[]>;

const LIST_FILTERS: readonly string[] = ['before', 'dangling', 'label', 'reference', 'since', 'until'];
const PRUNE_FILTERS: readonly string[] = ['dangling', 'label', 'label!', 'until'];

/** The images that pass, newest first. */
export function listImages(content: Content, filters: Filters, now: Instant): ImageSummary[] {
  checkNames(filters, LIST_FILTERS);
  const passes = imageFilter(content, filters, now);
  const dangling = flagOf(filters, 'dangling');
  const patterns = filters.get('reference') ?? [];
  const found: ImageSummary[] = [];
  for (const [id, image] of content.state.images) {
    if (image.isRemoved === true || !passes(id)) continue;
    const names = namesOf(content.state, id);
    // As with Docker, an image with a digest and no tag passes both ways.
    if (dangling === true && names.tags.length > 0) continue;
    if (dangling === false && names.tags.length + names.digests.length === 0) continue;
    const shown = patterns.length === 0 ? names : matching(names, patterns);
    if (patterns.length > 0 && shown.tags.length === 0 && shown.digests.length === 0) continue;
    found.push(summaryOf(content, id, shown));
  }
  return found.sort((a, b) => b.Created - a.Created || (a.Id < b.Id ? -1 : 1));
}

/** Which images a prune may take: dangling ones, or with `dangling=false` all that nothing uses. */
export function prunable(content: Content, filters: Filters, now: Instant): Digest[] {
  checkNames(filters, PRUNE_FILTERS);
  const passes = imageFilter(content, filters, now);
  const isDanglingOnly = flagOf(filters, 'dangling') ?? true;
  return [...content.state.images]
    .filter(([id, image]) => {
      const hasTag = namesOf(content.state, id).tags.length > 0;
      return image.isRemoved !== true && passes(id) && !(isDanglingOnly && hasTag);
    })
    .map(([id]) => id);
}

function imageFilter(content: Content, filters: Filters, now: Instant): (id: Digest) => boolean {
  const created = (id: Digest) => createdSeconds(content.config(id).created);
  const bound = (name: string) => {
    const text = filters.get(name)?.[0];
    return text === undefined ? undefined : created(requireImage(content.state, text).id);
  };
  const before = bound('before');
  const since = bound('since');
  const until = untilSeconds(filters.get('until')?.[0], now);
  const wanted = filters.get('label') ?? [];
  const unwanted = filters.get('label!') ?? [];
  return (id) => {
    const labels = content.config(id).run.Labels ?? {};
    const at = created(id);
    if (before !== undefined && at >= before) return false;
    if (since !== undefined && at <= since) return false;
    if (until !== undefined && at > until) return false;
    return wanted.every((label) => hasLabel(labels, label)) && !unwanted.some((label) => hasLabel(labels, label));
  };
}

function hasLabel(labels: Readonly<Record<string, string>>, wanted: string): boolean {
  const equals = wanted.indexOf('=');
  const name = equals === -1 ? wanted : wanted.slice(0, equals);
  if (!Object.hasOwn(labels, name)) return false;
  return equals === -1 || labels[name] === wanted.slice(equals + 1);
}

function matching(names: ReturnType<typeof namesOf>, patterns: readonly string[]): ReturnType<typeof namesOf> {
  const tests = patterns.map(globPattern);
  const matches = (name: Reference) => {
    const spellings = [name.digest === undefined ? familiarName(name) : digestName(name), familiarRepository(name)];
    return tests.some((test) => spellings.some((spelling) => test.test(spelling)));
  };
  return { tags: names.tags.filter(matches), digests: names.digests.filter(matches) };
}

/** Patterns as Go's path.Match has them: `*` and `?` stop at a slash, `[a-z]` is a class, a backslash takes meaning away. */
function globPattern(pattern: string): RegExp {
  const wrong = () =>
    new Refusal('image-filter-invalid', { text: `syntax error in pattern ${JSON.stringify(pattern)}` });
  let source = '';
  for (let at = 0; at < pattern.length; at++) {
    const character = pattern.charAt(at);
    if (character === '*') source += '[^/]*';
    else if (character === '?') source += '[^/]';
    else if (character === '[') {
      const end = pattern.indexOf(']', at + 2);
      if (end === -1) throw wrong();
      source += `[${pattern.slice(at + 1, end).replace(/[\\[]/g, '\\$&')}]`;
      at = end;
    } else if (character === '\\') {
      if (++at === pattern.length) throw wrong();
      source += literal(pattern.charAt(at));
    } else source += literal(character);
  }
  try {
    return new RegExp(`^${source}$`, 'u');
  } catch (error) {
    throw new Refusal('image-filter-invalid', {
      text: `syntax error in pattern ${JSON.stringify(pattern)}`,
      cause: error,
    });
  }
}

function literal(character: string): string {
  return /[\w-]/.test(character) ? character : `\\u{${character.charCodeAt(0).toString(16)}}`;
}

function flagOf(filters: Filters, name: string): boolean | undefined {
  const values = filters.get(name);
  if (values === undefined || values.length === 0) return undefined;
  if (values.every((value) => ['1', 't', 'T', 'true', 'TRUE', 'True'].includes(value))) return true;
  if (values.every((value) => ['0', 'f', 'F', 'false', 'FALSE', 'False'].includes(value))) return false;
  throw new Refusal('image-filter-invalid', { text: `invalid filter '${name}=[${values.join(' ')}]'` });
}

/** A time, Unix seconds, or a duration before now. */
function untilSeconds(text: string | undefined, now: Instant): number | undefined {
  if (text === undefined) return undefined;
  const duration = parseDuration(text);
  if (duration !== undefined) return now / 1000 - duration / 1e9;
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text);
  const time = Date.parse(text);
  if (Number.isNaN(time)) throw new Refusal('image-filter-invalid', { text: `invalid filter 'until=${text}'` });
  return time / 1000;
}

function checkNames(filters: Filters, known: readonly string[]): void {
  const unknown = [...filters.keys()].find((name) => !known.includes(name));
  if (unknown !== undefined) throw new Refusal('image-filter-invalid', { text: `invalid filter '${unknown}'` });
}
