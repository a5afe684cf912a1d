import { matchesConstraints } from '../../model/index.ts';
import type { Candidate } from './candidate.ts';
import { canonicalArchitecture, type Request } from './request.ts';

/** One reason why a node may not take a task. */
export interface Filter {
  readonly name: string;
  /** Depends on the tasks of the node, not only on the node: freed resources may change the answer. */
  readonly byTasks: boolean;
  readonly passes: (candidate: Candidate, request: Request) => boolean;
  readonly explain: (nodes: number) => string;
}

const onNodes = (what: string) => (nodes: number) => (nodes === 1 ? `${what} on 1 node` : `${what} on ${nodes} nodes`);

/** In Swarm's order and words: a node is charged to the first filter that it fails, and clients match the texts. */
export const filters: readonly Filter[] = [
  {
    name: 'ready',
    byTasks: false,
    passes: (candidate) => candidate.isReady,
    explain: (nodes) =>
      nodes === 1 ? '1 node not available for new tasks' : `${nodes} nodes not available for new tasks`,
  },
  { name: 'resource', byTasks: true, passes: hasResources, explain: onNodes('insufficient resources') },
  { name: 'plugin', byTasks: false, passes: hasPlugins, explain: onNodes('missing plugin') },
  {
    name: 'constraint',
    byTasks: false,
    passes: ({ node }, { constraints }) => constraints.length === 0 || matchesConstraints(constraints, node),
    explain: onNodes('scheduling constraints not satisfied'),
  },
  { name: 'platform', byTasks: false, passes: hasPlatform, explain: onNodes('unsupported platform') },
  { name: 'hostPort', byTasks: true, passes: hasPorts, explain: onNodes('host-mode port already in use') },
  {
    name: 'maxReplicas',
    byTasks: true,
    passes: (candidate, { maxReplicas, serviceId }) => maxReplicas === 0 || candidate.activeOf(serviceId) < maxReplicas,
    explain: () => 'max replicas per node limit exceed',
  },
];

const ofNode = filters.filter(({ byTasks }) => !byTasks);

/** Whether the node as such may take tasks like this one; what its tasks hold is left to `hasRoom`. */
export function isEligible(candidate: Candidate, request: Request): boolean {
  for (const filter of ofNode) if (!filter.passes(candidate, request)) return false;
  return true;
}

/** Whether the tasks of the node leave room for one more like this. Hot path: bench `control`. */
export function hasRoom(candidate: Candidate, request: Request): boolean {
  return (
    hasResources(candidate, request) &&
    hasPorts(candidate, request) &&
    (request.maxReplicas === 0 || candidate.activeOf(request.serviceId) < request.maxReplicas)
  );
}

function hasResources(candidate: Candidate, request: Request): boolean {
  if (request.nanoCpus > 0 && request.nanoCpus > candidate.freeNanoCpus) return false;
  if (request.memoryBytes > 0 && request.memoryBytes > candidate.freeMemoryBytes) return false;
  for (const { kind, amount } of request.generic) if (!candidate.generic.has(kind, amount)) return false;
  return true;
}

function hasPorts(candidate: Candidate, request: Request): boolean {
  for (const port of request.hostPorts) if (candidate.portTaken(port)) return false;
  return true;
}

/** Drivers listed by the node's engine; one that says nothing of its engine, or of log drivers, is trusted to have them. */
function hasPlugins({ node }: Candidate, { volumeDrivers, logDriver }: Request): boolean {
  if (volumeDrivers.length === 0 && logDriver === undefined) return true;
  const plugins = node.Description?.Engine?.Plugins;
  if (plugins === undefined) return true;
  const has = (type: string, name: string) =>
    plugins.some(({ Type, Name }) => Type === type && (Name === name || Name === `${name}:latest`));
  if (!volumeDrivers.every((name) => has('Volume', name))) return false;
  if (logDriver === undefined || logDriver === '' || logDriver === 'none') return true;
  return !plugins.some(({ Type }) => Type === 'Log') || has('Log', logDriver);
}

function hasPlatform({ node }: Candidate, { platforms }: Request): boolean {
  if (platforms.length === 0) return true;
  const { Architecture = '', OS = '' } = node.Description?.Platform ?? {};
  const mine = canonicalArchitecture(Architecture);
  return platforms.some(
    ({ architecture, os }) => (architecture === '' || architecture === mine) && (os === '' || os === OS),
  );
}

/** Why none of these nodes takes the task: each charged to the first filter that it fails, most charged first. */
export function explain(candidates: Iterable<Candidate>, request: Request): { text: string; byTasks: boolean } {
  const charges = filters.map((filter) => ({ filter, nodes: 0 }));
  for (const candidate of candidates) {
    const charge = charges.find(({ filter }) => !filter.passes(candidate, request));
    if (charge !== undefined) charge.nodes++;
  }
  const charged = charges.filter(({ nodes }) => nodes > 0).sort((a, b) => b.nodes - a.nodes);
  return {
    text: charged.map(({ filter, nodes }) => filter.explain(nodes)).join('; '),
    byTasks: charged.some(({ filter }) => filter.byTasks),
  };
}
