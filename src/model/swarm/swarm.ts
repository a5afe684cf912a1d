import type { Static } from 'typebox';
import type { ClusterId } from '../ids.ts';
import {
  always,
  bool,
  duration,
  int,
  int64,
  list,
  map,
  pointer,
  string,
  struct,
  uint32,
  uint64,
  word,
} from '../json/schema.ts';
import type { InternalMeta, Meta } from '../meta.ts';

/** The cluster's settings. `POST /swarm/update` replaces them whole; init merges what is given over the defaults. */
export const swarmSpecSchema = struct('Spec', {
  Name: string(),
  Labels: always(map(string())),
  Orchestration: always(struct('OrchestrationConfig', { TaskHistoryRetentionLimit: pointer(int64()) })),
  Raft: always(
    struct('RaftConfig', {
      SnapshotInterval: uint64(),
      KeepOldSnapshots: pointer(uint64()),
      LogEntriesForSlowFollowers: uint64(),
      ElectionTick: always(int()),
      HeartbeatTick: always(int()),
    }),
  ),
  Dispatcher: always(struct('DispatcherConfig', { HeartbeatPeriod: duration() })),
  CAConfig: always(
    struct('CAConfig', {
      NodeCertExpiry: duration(),
      ExternalCAs: list(
        struct('ExternalCA', {
          Protocol: always(string()),
          URL: always(string()),
          Options: map(string()),
          CACert: always(string()),
        }),
      ),
      SigningCACert: string(),
      SigningCAKey: string(),
      ForceRotate: uint64(),
    }),
  ),
  TaskDefaults: always(
    struct('TaskDefaults', { LogDriver: struct('Driver', { Name: string(), Options: map(string()) }) }),
  ),
  EncryptionConfig: always(struct('EncryptionConfig', { AutoLockManagers: always(bool()) })),
});
export type SwarmSpec = Static<typeof swarmSpecSchema>;

export const swarmInitRequestSchema = struct('InitRequest', {
  ListenAddr: string(),
  AdvertiseAddr: string(),
  DataPathAddr: string(),
  DataPathPort: uint32(),
  ForceNewCluster: bool(),
  Spec: swarmSpecSchema,
  AutoLockManagers: bool(),
  Availability: word('swarm.NodeAvailability', 'active', 'pause', 'drain'),
  DefaultAddrPool: list(string()),
  SubnetSize: uint32(),
});
export type SwarmInitRequest = Static<typeof swarmInitRequestSchema>;

export const swarmJoinRequestSchema = struct('JoinRequest', {
  ListenAddr: string(),
  AdvertiseAddr: string(),
  DataPathAddr: string(),
  RemoteAddrs: list(string()),
  JoinToken: string(),
  Availability: word('swarm.NodeAvailability', 'active', 'pause', 'drain'),
});
export type SwarmJoinRequest = Static<typeof swarmJoinRequestSchema>;

export interface ClusterInternal extends InternalMeta {
  /** PEM. The key signs node certificates; it is sealed with the log and never shown. */
  readonly RootCACert: string;
  readonly RootCAKey: string;
  readonly WorkerJoinToken: string;
  readonly ManagerJoinToken: string;
  /** Raised by restore and force-new-cluster; agents refuse what comes from an older one. */
  readonly Epoch: number;
  /** All managers can do what this level asks for. */
  readonly FeatureLevel: number;
}

/** The one object that describes the cluster itself; its name is `default`. */
export interface Cluster extends Meta {
  readonly ID: ClusterId;
  readonly Spec: SwarmSpec;
  readonly TLSInfo: {
    readonly TrustRoot: string;
    readonly CertIssuerSubject: string;
    readonly CertIssuerPublicKey: string;
  };
  readonly RootRotationInProgress: boolean;
  readonly DefaultAddrPool: readonly string[];
  readonly SubnetSize: number;
  readonly DataPathPort: number;
  readonly Internal: ClusterInternal;
}
