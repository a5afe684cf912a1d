import { Refusal } from '../../base/index.ts';
import { versionText } from '../../engine/docker/index.ts';
import { type Crossing, clientAloneHas, engineAloneHas } from './crossing.ts';

/** Parameters of queries that engines below `needs` would ignore. From the Engine API's version history. */
const newerParameters: ReadonlyArray<{ readonly route: string; readonly name: string; readonly needs: number }> = [
  { route: 'POST /containers/create', name: 'platform', needs: 41 },
  { route: 'POST /containers/{id}/stop', name: 'signal', needs: 42 },
  { route: 'POST /containers/{id}/restart', name: 'signal', needs: 42 },
  { route: 'GET /images/json', name: 'shared-size', needs: 42 },
  { route: 'GET /system/df', name: 'type', needs: 42 },
  { route: 'POST /images/{name:.*}/push', name: 'platform', needs: 46 },
  { route: 'GET /images/json', name: 'manifests', needs: 47 },
  { route: 'GET /images/{name:.*}/json', name: 'manifests', needs: 48 },
  { route: 'GET /images/{name:.*}/history', name: 'platform', needs: 48 },
  { route: 'GET /images/{name:.*}/get', name: 'platform', needs: 48 },
  { route: 'GET /images/get', name: 'platform', needs: 48 },
  { route: 'POST /images/load', name: 'platform', needs: 48 },
  { route: 'POST /build/prune', name: 'max-used-space', needs: 48 },
  { route: 'POST /build/prune', name: 'min-free-space', needs: 48 },
  { route: 'GET /images/{name:.*}/json', name: 'platform', needs: 49 },
  { route: 'DELETE /images/{name:.*}', name: 'platforms', needs: 50 },
];

/** Endpoints that engines below `needs` do not have. */
const newerRoutes: Readonly<Record<string, number>> = { 'PUT /volumes/{name:.*}': 42 };

/** API 1.42 made `POST /volumes/prune` spare volumes with names, unless the filter `all` is set. */
const PRUNE_SPARES_NAMED = 42;

/** API 1.48 renamed `keep-storage` of `POST /build/prune`. */
const RESERVED_SPACE = 48;

/** Words that Docker reads as an absent flag. */
const falseWords = new Set(['', '0', 'false', 'no', 'none']);

/** The query for the engine; refuses what it is too old for, by name. */
export function crossQuery(crossing: Crossing, query: string): string {
  const route = `${crossing.route.method} ${crossing.route.path}`;
  const needs = newerRoutes[route];
  if (needs !== undefined && clientAloneHas(crossing, needs)) throw tooOld(route, needs, crossing);
  const sent = new URLSearchParams(query);
  for (const rule of newerParameters) {
    if (rule.route !== route || !clientAloneHas(crossing, rule.needs)) continue;
    const isUsed = sent.getAll(rule.name).some((value) => !falseWords.has(value.trim().toLowerCase()));
    if (isUsed) throw tooOld(`the parameter "${rule.name}" of ${route}`, rule.needs, crossing);
  }
  if (route === 'POST /volumes/prune') return crossVolumePrune(crossing, sent, query);
  if (route === 'POST /build/prune' && clientAloneHas(crossing, RESERVED_SPACE)) {
    const reserved = sent.get('reserved-space');
    if (reserved === null) return query;
    sent.delete('reserved-space');
    sent.set('keep-storage', reserved);
    return sent.toString();
  }
  return query;
}

/** Of volumes with names a wrong word here would take the data: an older engine prunes them all. */
function crossVolumePrune(crossing: Crossing, sent: URLSearchParams, query: string): string {
  const isNewerClient = clientAloneHas(crossing, PRUNE_SPARES_NAMED);
  const isOlderClient = engineAloneHas(crossing, PRUNE_SPARES_NAMED);
  if (!isNewerClient && !isOlderClient) return query;
  const filters = parseFilters(sent.get('filters'));
  // Not readable: the engine refuses it in its own words before it prunes anything.
  if (filters === undefined) return query;
  if (isOlderClient) {
    sent.set('filters', JSON.stringify({ ...filters, all: ['1'] }));
    return sent.toString();
  }
  const { all, ...others } = filters;
  if (!valuesOf(all).some((value) => ['1', 'true', 't', 'T', 'TRUE', 'True'].includes(value))) {
    throw new Refusal('engine-volume-prune-anonymous', {
      needs: versionText(PRUNE_SPARES_NAMED),
      has: versionText(crossing.engine),
    });
  }
  sent.set('filters', JSON.stringify(others));
  return sent.toString();
}

function parseFilters(text: string | null): Readonly<Record<string, unknown>> | undefined {
  if (text === null || text === '') return {};
  try {
    const parsed: unknown = JSON.parse(text);
    // An object that is no list has string keys.
    return typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)
      ? (parsed as Record<string, unknown>)
      : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** The values of a filter: a list, or, as older clients send it, an object whose keys they are. */
function valuesOf(filter: unknown): readonly string[] {
  if (Array.isArray(filter)) return filter.map(String);
  return typeof filter === 'object' && filter !== null ? Object.keys(filter) : [];
}

function tooOld(field: string, needs: number, { engine }: Crossing): Refusal {
  return new Refusal('engine-field-too-old', { field, needs: versionText(needs), has: versionText(engine) });
}
