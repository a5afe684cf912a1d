import type { Random } from '../base/index.ts';

/** Ids are branded, so that a node's never lands where a service's belongs. All are 25 characters of `[0-9a-z]`. */
export type NodeId = string & { readonly brand: 'NodeId' };
export type ServiceId = string & { readonly brand: 'ServiceId' };
export type TaskId = string & { readonly brand: 'TaskId' };
export type NetworkId = string & { readonly brand: 'NetworkId' };
export type SecretId = string & { readonly brand: 'SecretId' };
export type ConfigId = string & { readonly brand: 'ConfigId' };
export type ClusterId = string & { readonly brand: 'ClusterId' };
export type VolumeId = string & { readonly brand: 'VolumeId' };
/** Containers belong to the engine: 64 hex digits on ours and Docker's. */
export type ContainerId = string & { readonly brand: 'ContainerId' };

/** Entropy of an id; with the top bit set, 17 bytes always have 27 digits in base 36. */
const ID_BYTES = 17;
const ID_LENGTH = 25;

/** A new id as Swarm makes them: 17 random bytes with the top bit set, in base 36, without the first digit, cut to 25. */
export function newId(random: Random): string {
  let value = 0n;
  for (const [at, byte] of random.bytes(ID_BYTES).entries())
    value = (value << 8n) | BigInt(at === 0 ? byte | 0x80 : byte);
  return value.toString(36).slice(1, ID_LENGTH + 1);
}

/** Whether a text has the form of an id. */
export function isId(text: string): boolean {
  return /^[0-9a-z]{25}$/.test(text);
}
