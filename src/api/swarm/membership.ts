import { Refusal } from '../../base/index.ts';
import {
  type SwarmInitRequest,
  type SwarmJoinRequest,
  swarmInitRequestSchema,
  swarmJoinRequestSchema,
} from '../../model/index.ts';
import { readDocument } from '../document.ts';
import { type Answer, empty, json } from '../http/answer.ts';
import { type Exchange, MAX_SPEC_BYTES } from '../http/exchange.ts';
import { flag } from '../http/query.ts';
import type { ApiPorts } from '../ports.ts';
import { requireListenAddress, resolveAddresses } from './addresses.ts';
import { acceptInit, availabilityOf } from './spec.ts';

/** `POST /swarm/init`: everything is checked before anything is made. Answers the node's id. */
export async function initSwarm(ports: ApiPorts, exchange: Exchange): Promise<Answer> {
  const sent: SwarmInitRequest = await readDocument(exchange, swarmInitRequestSchema, MAX_SPEC_BYTES);
  if (ports.swarm.membership().kind !== 'inactive') {
    if (sent.ForceNewCluster !== true) throw new Refusal('already-in-swarm');
    throw new Refusal('not-built-yet', { what: 'ForceNewCluster' });
  }
  requireListenAddress(sent);
  const request = acceptInit(sent, exchange.apiMinor);
  const addresses = resolveAddresses(request, ports.swarm.interfaces(), true);
  if (addresses.advertise === undefined) throw new Refusal('advertise-address-none');
  return json(await ports.swarm.init({ request, ...addresses, advertise: addresses.advertise }, exchange.signal));
}

/** `POST /swarm/join`. */
export async function joinSwarm(ports: ApiPorts, exchange: Exchange): Promise<Answer> {
  const sent: SwarmJoinRequest = await readDocument(exchange, swarmJoinRequestSchema, MAX_SPEC_BYTES);
  if (ports.swarm.membership().kind !== 'inactive') throw new Refusal('already-in-swarm');
  requireListenAddress(sent);
  if ((sent.RemoteAddrs ?? []).length === 0) throw new Refusal('remote-address-missing');
  const addresses = resolveAddresses(sent, ports.swarm.interfaces(), false);
  const request = { ...sent, Availability: availabilityOf(sent.Availability) };
  await ports.swarm.join({ request, ...addresses }, exchange.signal);
  return empty();
}

/** `POST /swarm/leave`. A manager leaves only by force: its cluster's state may go with it. */
export async function leaveSwarm(ports: ApiPorts, exchange: Exchange): Promise<Answer> {
  if (ports.swarm.membership().kind === 'inactive') throw new Refusal('not-in-swarm');
  if (!flag(exchange.query, 'force')) refuseManager(ports);
  await ports.swarm.leave(exchange.signal);
  return empty();
}

function refuseManager(ports: ApiPorts): void {
  const view = ports.swarm.manager()?.view();
  if (view === undefined) return;
  const managers = [...view.list('node')].filter((node) => node.ManagerStatus !== undefined);
  const reachable = managers.filter((node) => node.ManagerStatus?.Reachability === 'reachable').length;
  if (managers.length <= 1) throw new Refusal('leave-last-manager');
  const left = reachable - 1;
  if (left < Math.floor(managers.length / 2) + 1) {
    throw new Refusal('leave-loses-quorum', { left, total: managers.length });
  }
  throw new Refusal('leave-manager');
}
