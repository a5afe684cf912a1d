import type { Answer } from '../http/answer.ts';
import { json } from '../http/answer.ts';
import type { Exchange } from '../http/exchange.ts';
import type { Route } from '../http/router.ts';
import type { ApiPorts, SwarmMembership } from '../ports.ts';
import { type Shown, showCluster } from '../show.ts';

const twoManagers =
  'WARNING: Running Swarm in a two-manager configuration. This configuration provides no fault tolerance, and poses a high risk to lose control over the cluster. Refer to https://docs.docker.com/engine/swarm/admin_guide/ to configure the Swarm for fault-tolerance.';

type SwarmInfo = Shown & { readonly Managers?: number };

/** `GET /info`: this machine, its engine, and where it stands in the swarm. */
export function infoRoutes(ports: ApiPorts): readonly Route[] {
  return [{ method: 'GET', path: '/info', handle: (exchange) => info(ports, exchange) }];
}

async function info(ports: ApiPorts, exchange: Exchange): Promise<Answer> {
  const engine = await ports.engineInfo.info(exchange.signal);
  const { Managers, ...Swarm } = swarmInfo(ports, exchange.apiMinor);
  const warnings = [...(engine.Warnings ?? []), ...(Managers === 2 ? [twoManagers] : [])];
  return json({
    ...engine,
    Swarm: { ...Swarm, ...(Managers !== undefined && { Managers }) },
    Warnings: warnings.length > 0 ? warnings : null,
  });
}

/** The `Swarm` part (behaviour reference 2.5): the same fields with their zeroes outside of a swarm, more on a manager. */
function swarmInfo(ports: ApiPorts, apiMinor: number): SwarmInfo {
  const membership = ports.swarm.membership();
  const common = {
    NodeID: '',
    NodeAddr: '',
    LocalNodeState: membership.kind,
    ControlAvailable: false,
    Error: '',
    RemoteManagers: null,
  };
  switch (membership.kind) {
    case 'inactive':
      return common;
    case 'locked':
      return { ...common, Error: 'Swarm is encrypted and needs to be unlocked before it can be used.' };
    case 'error':
      return { ...common, Error: membership.error };
    case 'pending':
      return { ...common, NodeID: membership.nodeId ?? '', NodeAddr: membership.nodeAddr ?? '' };
    case 'active':
      return { ...common, ...activeInfo(ports, membership, apiMinor) };
  }
}

function activeInfo(
  ports: ApiPorts,
  membership: Extract<SwarmMembership, { kind: 'active' }>,
  apiMinor: number,
): SwarmInfo {
  const { nodeId, nodeAddr, remoteManagers } = membership;
  const own = { NodeID: nodeId, NodeAddr: nodeAddr, RemoteManagers: remoteManagers };
  const view = ports.swarm.manager()?.view();
  if (view === undefined) return own;
  let managers = 0;
  for (const node of view.list('node')) if (node.ManagerStatus !== undefined) managers += 1;
  const cluster = view.cluster();
  return {
    ...own,
    ControlAvailable: true,
    Nodes: view.count('node'),
    Managers: managers,
    ...(cluster && { Cluster: showCluster(cluster, apiMinor) }),
  };
}
