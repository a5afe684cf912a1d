import { Refusal } from '../../base/index.ts';
import { canonicalNetworkSpec } from '../canonical.ts';
import { checkDnsName } from '../names.ts';
import { addressBits, type Cidr, cidrContains, parseCidr } from './address.ts';
import type { NetworkSpec } from './network.ts';

const drivers = new Set(['overlay', 'bridge', 'macvlan', 'ipvlan', 'host', 'null']);

/** A new swarm network's spec as it is stored. Whether its name or subnet is taken is the caller's to check. */
export function acceptNetworkSpec(sent: NetworkSpec, apiMinor?: number): NetworkSpec {
  if ((sent.Name ?? '') === '') throw new Refusal('network-name-invalid', { name: '' });
  const driver = sent.Driver || 'overlay';
  if (!drivers.has(driver)) throw new Refusal('network-driver-unknown', { name: driver });
  if (driver === 'overlay' && sent.Scope === 'local') throw new Refusal('network-scope-downgrade');
  if (sent.Ingress === true && driver !== 'overlay') throw new Refusal('ingress-not-global');
  for (const { Subnet: subnet = '' } of sent.IPAM?.Config ?? []) {
    if (subnet !== '' && parseCidr(subnet) === undefined) throw new Refusal('subnet-invalid', { subnet });
  }
  checkDnsName(sent.Name);
  const ipamDriver = sent.IPAM?.Driver ?? '';
  if (ipamDriver !== '' && ipamDriver !== 'default') throw new Refusal('ipam-driver-unknown', { name: ipamDriver });
  for (const config of sent.IPAM?.Config ?? [])
    checkPool(config.Subnet ?? '', config.IPRange ?? '', config.Gateway ?? '');
  if (sent.Ingress === true && sent.Attachable === true) throw new Refusal('ingress-attachable');
  return canonicalNetworkSpec(sent, apiMinor);
}

function checkPool(subnet: string, range: string, gateway: string): void {
  const cidr = parseCidr(subnet);
  if (range !== '') {
    const inner = parseCidr(range);
    if (inner === undefined) throw new Refusal('ip-range-invalid', { range });
    if (!holds(cidr, inner.bits)) throw new Refusal('ip-range-outside', { subnet, range });
  }
  if (gateway !== '') {
    const bits = addressBits(gateway);
    if (bits === undefined) throw new Refusal('gateway-invalid', { gateway });
    if (!holds(cidr, bits)) throw new Refusal('gateway-outside', { subnet, gateway });
  }
}

function holds(cidr: Cidr | undefined, bits: string): boolean {
  return cidr !== undefined && cidrContains(cidr, bits);
}
