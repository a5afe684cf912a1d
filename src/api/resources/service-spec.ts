import { Refusal } from '../../base/index.ts';
import {
  acceptServiceSpec,
  checkPortConflicts,
  checkReferencesExist,
  configReferences,
  type PullCredentials,
  type ServiceId,
  type ServiceSpec,
  secretReferences,
  serviceSpecSchema,
  taskNetworks,
  unbuiltField,
} from '../../model/index.ts';
import type { View } from '../../store/index.ts';
import { readDocument } from '../document.ts';
import { type Exchange, MAX_SPEC_BYTES } from '../http/exchange.ts';

export function readServiceSpec(exchange: Exchange): Promise<ServiceSpec> {
  return readDocument(exchange, serviceSpecSchema, MAX_SPEC_BYTES);
}

/** A spec in the form in which it is stored; refuses what is wrong by itself. */
export function acceptSpec(sent: ServiceSpec, apiMinor: number): ServiceSpec {
  return acceptServiceSpec(sent, apiMinor);
}

/**
 * Refuses a spec that does not fit what is stored: networks, secrets and configs that are not there, ports that are taken. What is
 * not built yet comes last, so that a wrong wish is told as wrong.
 */
export function checkAgainstStore(view: View, spec: ServiceSpec, own?: ServiceId): void {
  for (const { Target: name = '' } of taskNetworks(spec)) {
    if (!hasNetwork(view, name)) throw new Refusal('service-network-not-found', { name });
  }
  const container = spec.TaskTemplate?.ContainerSpec ?? {};
  for (const [table, references] of [
    ['secret', secretReferences(container)],
    ['config', configReferences(container)],
  ] as const) {
    checkReferencesExist(table, references, ({ id, name }) => view.get(table, id)?.Spec.Name === name);
  }
  checkPortConflicts(spec, others(view, own));
  const field = unbuiltField(spec);
  if (field !== undefined) throw new Refusal('not-built-yet', { what: field });
}

/** Networks that every node of a swarm has: not stored, and refused as not built rather than as missing. */
const predefinedNetworks = new Set(['host', 'none', 'bridge', 'ingress', 'docker_gwbridge']);

function hasNetwork(view: View, name: string): boolean {
  if (predefinedNetworks.has(name)) return true;
  if (view.get('network', name) !== undefined) return true;
  if (view.byName('network', name).some((network) => network.Spec.Name === name)) return true;
  return name !== '' && view.byIdPrefix('network', name).length === 1;
}

function* others(view: View, own: ServiceId | undefined) {
  for (const service of view.list('service')) if (service.ID !== own) yield service;
}

/** The credentials that a client sent along, kept as they came: they are the agent's to read. */
export function credentialsOf(exchange: Exchange): PullCredentials | undefined {
  const sent = exchange.header('x-registry-auth');
  return sent === undefined || sent === '' ? undefined : { RegistryAuth: sent };
}
