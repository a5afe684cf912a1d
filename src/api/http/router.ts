import { assert } from '../../base/index.ts';
import type { Answer } from './answer.ts';
import type { Exchange } from './exchange.ts';

/** One endpoint. `path` is literal but for `{name}` (one segment) and `{name:.*}` (any number of them). */
export interface Route {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'DELETE' | 'PATCH';
  readonly path: string;
  /** `unbounded` for answers that follow something; all others must come within `ACTION_TIMEOUT_MS`. */
  readonly deadline?: 'unbounded';
  readonly handle: (exchange: Exchange) => Answer | Promise<Answer>;
}

export interface RouteMatch {
  readonly route: Route;
  readonly params: Readonly<Record<string, string>>;
}

interface Compiled {
  readonly route: Route;
  readonly pattern: RegExp;
  readonly names: readonly string[];
}

/**
 * Finds the route of a path. Routes are kept by method and first segment, so that a look-up tries a handful of patterns; among
 * these the first of the table wins, as in Go's mux: `GET /services/create` is the service named `create`.
 */
export class Router {
  readonly #routes = new Map<string, Compiled[]>();

  constructor(routes: readonly Route[]) {
    for (const route of routes) {
      const key = keyOf(route.method, route.path);
      const bucket = this.#routes.get(key) ?? [];
      bucket.push(compile(route));
      this.#routes.set(key, bucket);
    }
  }

  find(method: string, path: string): RouteMatch | undefined {
    for (const { route, pattern, names } of this.#routes.get(keyOf(method, path)) ?? []) {
      const match = pattern.exec(path);
      if (match === null) continue;
      if (names.length === 0) return { route, params: noParams };
      return { route, params: Object.fromEntries(names.map((name, at) => [name, match[at + 1] ?? ''])) };
    }
    return undefined;
  }
}

const noParams: Readonly<Record<string, string>> = Object.freeze({});

function keyOf(method: string, path: string): string {
  const end = path.indexOf('/', 1);
  return `${method} ${end < 0 ? path : path.slice(0, end)}`;
}

function compile(route: Route): Compiled {
  assert(!route.path.startsWith('/{'), 'a route begins with a literal segment', { path: route.path });
  const names: string[] = [];
  const source = route.path.replace(/\{(\w+)(:\.\*)?\}|[.*+?^${}()|[\]\\]/g, (found, name?: string, many?: string) => {
    if (name === undefined) return `\\${found}`;
    names.push(name);
    return many === undefined ? '([^/]+)' : '(.*)';
  });
  return { route, pattern: new RegExp(`^${source}$`, 's'), names };
}
