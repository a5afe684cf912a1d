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
