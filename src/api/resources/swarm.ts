import { Refusal } from '../../base/index.ts';
import type { Cluster, SwarmSpec } from '../../model/index.ts';
import { swarmSpecSchema } from '../../model/index.ts';
import type { Transaction, View } from '../../store/index.ts';
import { readDocument } from '../document.ts';
import { type Answer, empty, json } from '../http/answer.ts';
import { type Exchange, MAX_SPEC_BYTES } from '../http/exchange.ts';
import { plainStrictFlag, versionOf } from '../http/query.ts';
import type { Route } from '../http/router.ts';
import { commit, freshView, managerOf } from '../manager-door.ts';
import type { ApiPorts, SwarmControl } from '../ports.ts';
import { showSwarm } from '../show.ts';
import { initSwarm, joinSwarm, leaveSwarm } from '../swarm/membership.ts';
import { acceptSettings } from '../swarm/spec.ts';

export function swarmRoutes(ports: ApiPorts): readonly Route[] {
  return [
    { method: 'POST', path: '/swarm/init', handle: (exchange) => initSwarm(ports, exchange) },
    { method: 'POST', path: '/swarm/join', handle: (exchange) => joinSwarm(ports, exchange) },
    { method: 'POST', path: '/swarm/leave', handle: (exchange) => leaveSwarm(ports, exchange) },
    { method: 'GET', path: '/swarm', handle: (exchange) => inspectSwarm(ports, exchange) },
    { method: 'POST', path: '/swarm/update', handle: (exchange) => updateSwarm(ports, exchange) },
    { method: 'GET', path: '/swarm/unlockkey', handle: () => unlockKey(ports) },
    { method: 'POST', path: '/swarm/unlock', handle: (exchange) => unlock(ports, exchange) },
  ];
}

async function inspectSwarm(ports: ApiPorts, exchange: Exchange): Promise<Answer> {
  const view = await freshView(ports.swarm, exchange.signal);
  return json(showSwarm(clusterOf(view), exchange.apiMinor));
}

async function updateSwarm(ports: ApiPorts, exchange: Exchange): Promise<Answer> {
  const sent: SwarmSpec = await readDocument(exchange, swarmSpecSchema, MAX_SPEC_BYTES);
  const version = versionOf(exchange.query, 'swarm');
  const rotation = {
    worker: plainStrictFlag(exchange.query, 'rotateWorkerToken'),
    manager: plainStrictFlag(exchange.query, 'rotateManagerToken'),
    unlockKey: plainStrictFlag(exchange.query, 'rotateManagerUnlockKey'),
  };
  managerOf(ports.swarm);
  const Spec = acceptSettings(sent, exchange.apiMinor);
  await commit(ports.swarm, exchange.signal, 'the swarm', (view) => {
    if (rotation.unlockKey) throw new Refusal('not-built-yet', { what: 'rotating the unlock key' });
    return clusterUpdate(clusterOf(view), Spec, version, freshTokens(ports.swarm, rotation));
  });
  return empty();
}

function clusterUpdate(
  cluster: Cluster,
  Spec: SwarmSpec,
  version: number,
  tokens: Partial<Pick<Cluster['Internal'], 'WorkerJoinToken' | 'ManagerJoinToken'>>,
): Transaction {
  if (version !== cluster.Version.Index) throw new Refusal('update-out-of-sequence');
  const object = { ...cluster, Spec, Internal: { ...cluster.Internal, ...tokens } };
  return {
    preconditions: [
      { kind: 'version', table: 'cluster', id: cluster.ID, index: version },
      { kind: 'revision', table: 'cluster', id: cluster.ID, revision: cluster.Internal.Revision },
    ],
    changes: [{ kind: 'put', table: 'cluster', object, newVersion: true }],
  };
}

function freshTokens(control: SwarmControl, rotation: { readonly worker: boolean; readonly manager: boolean }) {
  return {
    ...(rotation.worker && { WorkerJoinToken: control.newJoinToken('worker') }),
    ...(rotation.manager && { ManagerJoinToken: control.newJoinToken('manager') }),
  };
}

/** Empty while managers are not locked, which is always so until auto-locking is built. */
function unlockKey(ports: ApiPorts): Answer {
  managerOf(ports.swarm);
  return json({ UnlockKey: '' });
}

async function unlock(ports: ApiPorts, exchange: Exchange): Promise<Answer> {
  // Read and dropped: what is not locked needs no key.
  await exchange.readBody(MAX_SPEC_BYTES);
  managerOf(ports.swarm);
  throw new Refusal('swarm-not-locked');
}

function clusterOf(view: View): Cluster {
  const cluster = view.cluster();
  if (cluster === undefined) throw new Refusal('manager-not-ready');
  return cluster;
}
