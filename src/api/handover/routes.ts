/** An endpoint that the Docker Engine below answers. */
export interface HandedRoute {
  readonly method: string;
  /** As the Engine API writes it: `{id}` is one segment, `{name:.*}` any number of them. */
  readonly path: string;
  /** Its connection becomes a raw stream when the request asks for that. */
  readonly upgrades?: true;
}

/** Containers, images, exec, volumes, builds and what belongs to them. What the swarm, the API's own state or events need is ours. */
export const handedRoutes: readonly HandedRoute[] = [
  { method: 'GET', path: '/containers/json' },
  { method: 'POST', path: '/containers/create' },
  { method: 'POST', path: '/containers/prune' },
  { method: 'GET', path: '/containers/{id}/json' },
  { method: 'GET', path: '/containers/{id}/top' },
  { method: 'GET', path: '/containers/{id}/logs' },
  { method: 'GET', path: '/containers/{id}/changes' },
  { method: 'GET', path: '/containers/{id}/export' },
  { method: 'GET', path: '/containers/{id}/stats' },
  { method: 'POST', path: '/containers/{id}/resize' },
  { method: 'POST', path: '/containers/{id}/start' },
  { method: 'POST', path: '/containers/{id}/stop' },
  { method: 'POST', path: '/containers/{id}/restart' },
  { method: 'POST', path: '/containers/{id}/kill' },
  { method: 'POST', path: '/containers/{id}/update' },
  { method: 'POST', path: '/containers/{id}/rename' },
  { method: 'POST', path: '/containers/{id}/pause' },
  { method: 'POST', path: '/containers/{id}/unpause' },
  { method: 'POST', path: '/containers/{id}/attach', upgrades: true },
  { method: 'GET', path: '/containers/{id}/attach/ws', upgrades: true },
  { method: 'POST', path: '/containers/{id}/wait' },
  { method: 'POST', path: '/containers/{id}/exec' },
  { method: 'DELETE', path: '/containers/{id}' },
  { method: 'HEAD', path: '/containers/{id}/archive' },
  { method: 'GET', path: '/containers/{id}/archive' },
  { method: 'PUT', path: '/containers/{id}/archive' },
  { method: 'POST', path: '/exec/{id}/start', upgrades: true },
  { method: 'POST', path: '/exec/{id}/resize' },
  { method: 'GET', path: '/exec/{id}/json' },
  { method: 'GET', path: '/images/json' },
  { method: 'GET', path: '/images/search' },
  { method: 'GET', path: '/images/get' },
  { method: 'POST', path: '/images/create' },
  { method: 'POST', path: '/images/load' },
  { method: 'POST', path: '/images/prune' },
  { method: 'GET', path: '/images/{name:.*}/get' },
  { method: 'GET', path: '/images/{name:.*}/json' },
  { method: 'GET', path: '/images/{name:.*}/history' },
  { method: 'POST', path: '/images/{name:.*}/push' },
  { method: 'POST', path: '/images/{name:.*}/tag' },
  { method: 'DELETE', path: '/images/{name:.*}' },
  { method: 'GET', path: '/distribution/{name:.*}/json' },
  { method: 'POST', path: '/commit' },
  { method: 'POST', path: '/build' },
  { method: 'POST', path: '/build/prune' },
  { method: 'POST', path: '/build/cancel' },
  { method: 'POST', path: '/session', upgrades: true },
  { method: 'POST', path: '/grpc', upgrades: true },
  { method: 'GET', path: '/volumes' },
  { method: 'GET', path: '/volumes/{name:.*}' },
  { method: 'POST', path: '/volumes/create' },
  { method: 'POST', path: '/volumes/prune' },
  { method: 'PUT', path: '/volumes/{name:.*}' },
  { method: 'DELETE', path: '/volumes/{name:.*}' },
  { method: 'GET', path: '/system/df' },
  { method: 'POST', path: '/auth' },
];

const compiled = handedRoutes.map((route) => ({ route, pattern: patternOf(route.path) }));

/** The route that takes a request; `path` is decoded and without version prefix. */
export function findHandedRoute(method: string, path: string): HandedRoute | undefined {
  return compiled.find(({ route, pattern }) => route.method === method && pattern.test(path))?.route;
}

/** Whether a request is answered by the Docker Engine below. */
export function isHandedOver(method: string, path: string): boolean {
  return findHandedRoute(method, path) !== undefined;
}

function patternOf(path: string): RegExp {
  const source = path.replaceAll(/\{\w+(:\.\*)?\}/g, (_part, many?: string) => (many === undefined ? '[^/]+' : '.+'));
  return new RegExp(`^${source}$`);
}
