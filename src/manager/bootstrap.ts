import {
  type Cluster,
  type ClusterId,
  initialSwarmSpec,
  type Node,
  type NodeDescription,
  type NodeId,
  type NodeSpec,
  type SwarmInitRequest,
} from '../model/index.ts';
import type { Transaction } from '../store/index.ts';

/** Swarm's, shown where init names none. */
const DEFAULT_ADDRESS_POOL = ['10.0.0.0/8'];
const DEFAULT_SUBNET_SIZE = 24;
const DEFAULT_DATA_PATH_PORT = 4789;

/** What this version of a cluster can do; raised when every manager can do more. */
const FEATURE_LEVEL = 1;

/** The cluster's own authority as `ca/` makes it; all PEM but the tokens. */
export interface ClusterAuthority {
  readonly rootCertificate: string;
  readonly rootKey: string;
  readonly workerJoinToken: string;
  readonly managerJoinToken: string;
  readonly tlsInfo: Cluster['TLSInfo'];
}

export interface BootstrapInput {
  /** Checked already. */
  readonly request: SwarmInitRequest;
  readonly clusterId: ClusterId;
  readonly nodeId: NodeId;
  readonly authority: ClusterAuthority;
  /** Host and port at which other managers and agents reach this one. */
  readonly managerAddress: string;
  /** The same without port. */
  readonly nodeAddress: string;
  readonly description?: NodeDescription;
}

/** What `swarm init` writes first: the cluster with its settings, and this node as its only manager. */
export function bootstrap(input: BootstrapInput): Transaction {
  return {
    preconditions: [{ kind: 'absent', table: 'cluster', id: input.clusterId }],
    changes: [
      { kind: 'put', table: 'cluster', object: clusterOf(input), newVersion: true },
      { kind: 'put', table: 'node', object: nodeOf(input), newVersion: true },
    ],
  };
}

/** Stamped by the store as it applies. */
const unborn = { Version: { Index: 0 }, CreatedAt: '', UpdatedAt: '' };

function clusterOf({ request, clusterId, authority }: BootstrapInput): Cluster {
  const { DefaultAddrPool = [], SubnetSize = 0, DataPathPort = 0 } = request;
  return {
    ...unborn,
    ID: clusterId,
    Spec: initialSwarmSpec(request.Spec ?? {}, request.AutoLockManagers === true),
    TLSInfo: authority.tlsInfo,
    RootRotationInProgress: false,
    DefaultAddrPool: DefaultAddrPool.length > 0 ? DefaultAddrPool : DEFAULT_ADDRESS_POOL,
    SubnetSize: SubnetSize === 0 ? DEFAULT_SUBNET_SIZE : SubnetSize,
    DataPathPort: DataPathPort === 0 ? DEFAULT_DATA_PATH_PORT : DataPathPort,
    Internal: {
      Revision: 0,
      RootCACert: authority.rootCertificate,
      RootCAKey: authority.rootKey,
      WorkerJoinToken: authority.workerJoinToken,
      ManagerJoinToken: authority.managerJoinToken,
      Epoch: 1,
      FeatureLevel: FEATURE_LEVEL,
    },
  };
}

function nodeOf({ request, nodeId, managerAddress, nodeAddress, description }: BootstrapInput): Node {
  return {
    ...unborn,
    ID: nodeId,
    // A text of the request that init has checked.
    Spec: {
      Role: 'manager',
      Availability: (request.Availability || 'active') as NonNullable<NodeSpec['Availability']>,
    },
    ...(description === undefined ? {} : { Description: description }),
    Status: { State: 'unknown', Addr: nodeAddress },
    ManagerStatus: { Leader: true, Reachability: 'reachable', Addr: managerAddress },
    Internal: { Revision: 0, Role: 'manager', Membership: 'accepted' },
  };
}
