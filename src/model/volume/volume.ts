import type { Static } from 'typebox';
import type { NodeId, VolumeId } from '../ids.ts';
import { int64, list, map, string, struct, word } from '../json/schema.ts';
import type { InternalMeta, Meta } from '../meta.ts';

export const clusterVolumeSpecSchema = struct('volume.ClusterVolumeSpec', {
  Group: string(),
  AccessMode: struct('volume.AccessMode', {
    Scope: word('volume.Scope', 'single', 'multi'),
    Sharing: word('volume.SharingMode', 'none', 'readonly', 'onewriter', 'all'),
    MountVolume: struct('volume.TypeMount', { FsType: string(), MountFlags: list(string()) }),
    BlockVolume: struct('volume.TypeBlock', {}),
  }),
  AccessibilityRequirements: struct('volume.TopologyRequirement', {
    Requisite: list(struct('volume.Topology', { Segments: map(string()) })),
    Preferred: list(struct('volume.Topology', { Segments: map(string()) })),
  }),
  CapacityRange: struct('volume.CapacityRange', { RequiredBytes: int64(), LimitBytes: int64() }),
  Secrets: list(struct('volume.Secret', { Key: string(), Secret: string() })),
  Availability: word('volume.Availability', 'active', 'pause', 'drain'),
});
export type ClusterVolumeSpec = Static<typeof clusterVolumeSpecSchema>;

export type PublishState = 'pending-publish' | 'published' | 'pending-node-unpublish' | 'pending-controller-unpublish';

/** A CSI volume of the cluster. */
export interface Volume extends Meta {
  readonly ID: VolumeId;
  readonly Name: string;
  readonly Labels?: Readonly<Record<string, string>>;
  readonly Driver: string;
  readonly Spec: ClusterVolumeSpec;
  readonly PublishStatus?: ReadonlyArray<{ readonly NodeID: NodeId; readonly State: PublishState }>;
  readonly Internal: InternalMeta;
}
