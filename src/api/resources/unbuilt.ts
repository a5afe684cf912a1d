import { Refusal } from '../../base/index.ts';
import { parseFilters } from '../filters.ts';
import { type Answer, json } from '../http/answer.ts';
import type { Exchange } from '../http/exchange.ts';
import type { Route } from '../http/router.ts';
import type { ApiPorts } from '../ports.ts';
import { showNetwork } from '../show.ts';

/** Parts of the Engine API that exist but are not built: refused by name, where an unknown path is 404 `page not found`. */
const unbuilt: ReadonlyArray<readonly [method: Route['method'], path: string, what: string]> = [
  ['POST', '/networks/create', 'creating networks'],
  ['POST', '/networks/prune', 'removing unused networks'],
  ['POST', '/networks/{id}/connect', 'connecting containers to networks'],
  ['POST', '/networks/{id}/disconnect', 'disconnecting containers from networks'],
  ['POST', '/volumes/create', 'creating volumes'],
  ['POST', '/volumes/prune', 'removing unused volumes'],
  ['PUT', '/volumes/{name}', 'updating cluster volumes'],
  ['GET', '/distribution/{name:.*}/json', 'looking up images in registries'],
  ['GET', '/system/df', 'disk usage'],
  ['POST', '/auth', 'logging in to registries'],
  ['POST', '/build', 'building images'],
  ['POST', '/session', 'building images'],
  ['POST', '/grpc', 'building images'],
  ['POST', '/commit', 'committing containers'],
  ['GET', '/plugins', 'plugins'],
  ['GET', '/containers/{path:.*}', 'the container API on this engine'],
  ['POST', '/containers/{path:.*}', 'the container API on this engine'],
  ['DELETE', '/containers/{path:.*}', 'the container API on this engine'],
  ['GET', '/images/{path:.*}', 'the image API on this engine'],
  ['POST', '/images/{path:.*}', 'the image API on this engine'],
  ['DELETE', '/images/{path:.*}', 'the image API on this engine'],
  ['GET', '/exec/{path:.*}', 'the exec API on this engine'],
  ['POST', '/exec/{path:.*}', 'the exec API on this engine'],
];

/**
 * What is answered when neither the API nor the engine's passage takes a request: lists that clients ask for on their way, as
 * empty as they are, and refusals by name.
 */
export function unbuiltRoutes(ports: ApiPorts): readonly Route[] {
  return [
    { method: 'GET', path: '/networks', handle: (exchange) => listNetworks(ports, exchange) },
    { method: 'GET', path: '/networks/{id}', handle: (exchange) => inspectNetwork(ports, exchange) },
    { method: 'DELETE', path: '/networks/{id}', handle: (exchange) => deleteNetwork(ports, exchange) },
    { method: 'GET', path: '/volumes', handle: listVolumes },
    { method: 'GET', path: '/volumes/{name}', handle: missingVolume },
    { method: 'DELETE', path: '/volumes/{name}', handle: missingVolume },
    ...unbuilt.map(
      ([method, path, what]): Route => ({
        method,
        path,
        handle: () => {
          throw new Refusal('not-built-yet', { what });
        },
      }),
    ),
  ];
}

function listNetworks(ports: ApiPorts, exchange: Exchange): Answer {
  parseFilters(exchange.query);
  const view = ports.swarm.manager()?.view();
  const networks = view === undefined ? [] : [...view.list('network')];
  return json(networks.map((network) => showNetwork(network, exchange.apiMinor)));
}

function inspectNetwork(ports: ApiPorts, exchange: Exchange): Answer {
  return json(showNetwork(networkOf(ports, exchange.param('id')), exchange.apiMinor));
}

function deleteNetwork(ports: ApiPorts, exchange: Exchange): Answer {
  networkOf(ports, exchange.param('id'));
  throw new Refusal('not-built-yet', { what: 'removing networks' });
}

/** Networks that every Docker node or swarm has, and that clients name without making them. */
const predefinedNetworks = new Set(['bridge', 'host', 'none', 'ingress', 'docker_gwbridge']);

function networkOf(ports: ApiPorts, id: string) {
  const view = ports.swarm.manager()?.view();
  const exact = view?.get('network', id) ?? view?.byName('network', id).find((network) => network.Spec.Name === id);
  const found = exact ?? (view?.byIdPrefix('network', id) ?? [])[0];
  if (found !== undefined) return found;
  // `docker service create --network host` looks here first: "not found" would blame the caller.
  if (predefinedNetworks.has(id)) throw new Refusal('not-built-yet', { what: `the network ${id}` });
  throw new Refusal('object-not-found', { object: 'network', id });
}

function listVolumes(exchange: Exchange): Answer {
  parseFilters(exchange.query);
  return json({ Volumes: [], Warnings: null });
}

function missingVolume(exchange: Exchange): Answer {
  throw new Refusal('volume-not-found', { name: exchange.param('name') });
}
