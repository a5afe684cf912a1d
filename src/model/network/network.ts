import type { Static } from 'typebox';
import type { NetworkId } from '../ids.ts';
import { bool, list, map, string, struct } from '../json/schema.ts';
import type { InternalMeta, Meta } from '../meta.ts';

const ipamSchema = struct('network.IPAM', {
  Driver: string(),
  Options: map(string()),
  Config: list(
    struct('network.IPAMConfig', {
      Subnet: string(),
      IPRange: string(),
      Gateway: string(),
      AuxiliaryAddresses: map(string()),
    }),
  ),
});

export const networkCreateSchema = struct('types.NetworkCreateRequest', {
  Name: string(),
  CheckDuplicate: bool(),
  Driver: string(),
  Scope: string(),
  EnableIPv4: bool(),
  EnableIPv6: bool(),
  IPAM: ipamSchema,
  Internal: bool(),
  Attachable: bool(),
  Ingress: bool(),
  ConfigOnly: bool(),
  ConfigFrom: struct('network.ConfigReference', { Network: string() }),
  Options: map(string()),
  Labels: map(string()),
});
export type NetworkSpec = Static<typeof networkCreateSchema>;

/** A swarm-scoped network. Allocation fills `Allocated`; until then the network has no addresses to give. */
export interface Network extends Meta {
  readonly ID: NetworkId;
  readonly Spec: NetworkSpec;
  readonly Allocated?: {
    readonly IPAM: Static<typeof ipamSchema>;
    readonly Options: Readonly<Record<string, string>>;
  };
  readonly Internal: InternalMeta;
}
