import { Refusal } from '../../base/index.ts';
import type { ServiceId } from '../ids.ts';
import type { PortConfig, ServiceSpec } from './service-spec.ts';

/** What is asked of another service to find ports that it holds: its wish, and what the allocator gave it. */
export interface PortHolder {
  readonly ID: ServiceId;
  readonly Spec: ServiceSpec;
  readonly Endpoint?: { readonly Ports?: readonly PortConfig[] };
}

/**
 * Refuses a spec whose fixed ports another service holds. Host ports of two services never conflict here: the scheduler keeps them
 * apart. Swarm's `checkPortConflicts`; `others` are all services but the one that the spec is for.
 */
export function checkPortConflicts(spec: ServiceSpec, others: Iterable<PortHolder>): void {
  const wanted = fixedPorts(spec.EndpointSpec?.Ports);
  if (wanted.length === 0) return;
  const ingress = new Map(wanted.filter((port) => port.PublishMode !== 'host').map((port) => [keyOf(port), port]));
  const all = new Map(wanted.map((port) => [keyOf(port), port]));
  for (const other of others) {
    for (const held of [...fixedPorts(other.Spec.EndpointSpec?.Ports), ...fixedPorts(other.Endpoint?.Ports)]) {
      const isHost = held.PublishMode === 'host';
      const clash = (isHost ? ingress : all).get(keyOf(held));
      if (clash === undefined) continue;
      throw new Refusal('port-in-use', {
        port: clash.PublishedPort,
        service: other.Spec.Name,
        id: other.ID,
        how: isHost ? 'a host-published' : 'an ingress',
      });
    }
  }
}

function fixedPorts(ports: readonly PortConfig[] | undefined): readonly PortConfig[] {
  return (ports ?? []).filter((port) => (port.PublishedPort ?? 0) !== 0);
}

function keyOf(port: PortConfig): string {
  return `${port.PublishedPort}/${port.Protocol ?? 'tcp'}`;
}
