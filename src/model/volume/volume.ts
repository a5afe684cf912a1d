import type { Static } from 'typebox';
import type { NodeId, VolumeId } from '../ids.ts';
import { int64, list, map, string, struct, word } from '../json/schema.ts';
import type { InternalMeta, Meta } from '../meta.ts';

export const clusterVolumeSpecSchema = struct('ClusterVolumeSpec', {
  Group: string(),
  AccessMode: struct('AccessMode', {
    Scope: word('single', 'multi'),
    Sharing: word('none', 'readonly', 'onewriter', 'all'),
    MountVolume: struct('TypeMount', { FsType: string(), MountFlags: list(string()) }),
    BlockVolume: struct('TypeBlock', {}),
  }),
  AccessibilityRequirements: struct('TopologyRequirement', {
    Requisite: list(struct('Topology', { Segments: map(string()) })),
    Preferred: list(struct('Topology', { Segments: map(string()) })),
  }),
  CapacityRange: struct('CapacityRange', { RequiredBytes: int64(), LimitBytes: int64() }),
  Secrets: list(struct('Secret', { Key: string(), Secret: string() })),
  Availability: word('active', 'pause', 'drain'),
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
