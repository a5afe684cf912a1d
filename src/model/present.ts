import { always, bool, int, list, map, since, string, struct, time, uint32, uint64 } from './json/schema.ts';
import { type Shown, show } from './json/show.ts';
import type { Network } from './network/network.ts';
import { type Node, nodeDescriptionSchema, nodeSpecSchema } from './node/node.ts';
import { type Config, configSpecSchema, type Secret } from './secret/secret.ts';
import { genericResourceSchema } from './service/container-spec.ts';
import type { Service, TaskTemplate } from './service/service.ts';
import {
  endpointSpecSchema,
  portConfigSchema,
  type ServiceSpec,
  serviceSpecSchema,
  type TaskSpec,
  taskSpecSchema,
} from './service/service-spec.ts';
import { type Cluster, swarmSpecSchema } from './swarm/swarm.ts';
import type { Task } from './task/task.ts';
import { clusterVolumeSpecSchema, type Volume } from './volume/volume.ts';

/** What clients may see; `swarm` is a cluster with its join tokens, which only `GET /swarm` tells. */
export interface Presentable {
  readonly service: Service;
  readonly task: Task;
  readonly node: Node;
  readonly cluster: Cluster;
  readonly swarm: Cluster;
  readonly network: Network;
  readonly secret: Secret;
  readonly config: Config;
  readonly volume: Volume;
}

/**
 * An object as a client of API 1.`apiMinor` sees it: the only way out of the server. Allow-listed by the tables below, in the order
 * and with the zeros of Docker's structs; nothing under `Internal` and no secret's data ever leaves. A task needs its template.
 */
export function present<K extends keyof Presentable>(
  kind: K,
  object: Presentable[K],
  apiMinor: number,
  template?: TaskTemplate,
): Shown {
  return presenters[kind](object, apiMinor, template);
}

const meta = {
  ID: string(),
  Version: always(struct('Version', { Index: uint64() })),
  CreatedAt: always(time()),
  UpdatedAt: always(time()),
};
const jobIteration = () => struct('Version', { Index: uint64() });

const serviceShown = struct('Service', {
  ...meta,
  Spec: always(serviceSpecSchema),
  PreviousSpec: serviceSpecSchema,
  Endpoint: always(
    struct('Endpoint', {
      Spec: always(endpointSpecSchema),
      Ports: list(portConfigSchema),
      VirtualIPs: list(struct('EndpointVirtualIP', { NetworkID: string(), Addr: string() })),
    }),
  ),
  UpdateStatus: struct('UpdateStatus', { State: string(), StartedAt: time(), CompletedAt: time(), Message: string() }),
  JobStatus: struct('JobStatus', { JobIteration: always(jobIteration()), LastExecution: time() }),
});

const taskShown = struct('Task', {
  ...meta,
  Name: string(),
  Labels: always(map(string())),
  Spec: always(taskSpecSchema),
  ServiceID: string(),
  Slot: int(),
  NodeID: string(),
  Status: always(
    struct('TaskStatus', {
      Timestamp: always(time()),
      State: string(),
      Message: string(),
      Err: string(),
      ContainerStatus: struct('ContainerStatus', {
        ContainerID: always(string()),
        PID: always(int()),
        ExitCode: always(int()),
      }),
      PortStatus: always(struct('PortStatus', { Ports: list(portConfigSchema) })),
    }),
  ),
  DesiredState: string(),
  NetworksAttachments: list(
    struct('NetworkAttachment', { Network: always(struct('Network', { ID: string() })), Addresses: list(string()) }),
  ),
  GenericResources: list(genericResourceSchema),
  JobIteration: jobIteration(),
  Volumes: since(42, always(list(string()))),
});

const nodeShown = struct('Node', {
  ...meta,
  Spec: always(nodeSpecSchema),
  Description: always(nodeDescriptionSchema),
  Status: always(struct('NodeStatus', { State: string(), Message: string(), Addr: string() })),
  ManagerStatus: struct('ManagerStatus', { Leader: bool(), Reachability: string(), Addr: string() }),
});

const clusterFields = {
  ...meta,
  Spec: always(swarmSpecSchema),
  TLSInfo: always(
    struct('TLSInfo', { TrustRoot: string(), CertIssuerSubject: string(), CertIssuerPublicKey: string() }),
  ),
  RootRotationInProgress: always(bool()),
  DefaultAddrPool: always(list(string())),
  SubnetSize: always(uint32()),
  DataPathPort: always(uint32()),
};
const clusterShown = struct('ClusterInfo', clusterFields);
const swarmShown = struct('Swarm', {
  ...clusterFields,
  JoinTokens: always(struct('JoinTokens', { Worker: always(string()), Manager: always(string()) })),
});

const driver = struct('Driver', { Name: string(), Options: map(string()) });
const secretShown = struct('Secret', {
  ...meta,
  Spec: always(
    struct('SecretSpec', { Name: string(), Labels: always(map(string())), Driver: driver, Templating: driver }),
  ),
});
const configShown = struct('Config', { ...meta, Spec: always(configSpecSchema) });

const clusterVolumeShown = struct('volume.ClusterVolume', {
  ...meta,
  Spec: always(clusterVolumeSpecSchema),
  PublishStatus: list(struct('volume.PublishStatus', { NodeID: string(), State: string() })),
});

const DEFAULT_DATA_PATH_PORT = 4789;
const DEFAULT_SUBNET_SIZE = 24;

/** The shown cluster: an address pool and port that nobody chose are shown as what they then are. */
function clusterView(cluster: Cluster) {
  const { DefaultAddrPool, SubnetSize, DataPathPort } = cluster;
  return {
    ...cluster,
    DefaultAddrPool: DefaultAddrPool.length > 0 ? DefaultAddrPool : ['10.0.0.0/8'],
    SubnetSize: SubnetSize === 0 ? DEFAULT_SUBNET_SIZE : SubnetSize,
    DataPathPort: DataPathPort === 0 ? DEFAULT_DATA_PATH_PORT : DataPathPort,
  };
}

type Presenters = {
  readonly [K in keyof Presentable]: (object: Presentable[K], apiMinor: number, template?: TaskTemplate) => Shown;
};

const presenters: Presenters = {
  service: (service, apiMinor) => {
    const { Spec, PreviousSpec } = service;
    const shown = {
      ...service,
      Spec: serviceSpecView(Spec),
      ...(PreviousSpec && { PreviousSpec: serviceSpecView(PreviousSpec) }),
    };
    return show(serviceShown, shown, apiMinor);
  },
  task: (task, apiMinor, template) => {
    const NetworksAttachments = task.NetworksAttachments?.map(({ Network, Addresses }) => ({
      Network: { ID: Network },
      Addresses,
    }));
    return show(taskShown, { ...task, Spec: taskSpecView(template?.Spec ?? {}), NetworksAttachments }, apiMinor);
  },
  node: (node, apiMinor) => show(nodeShown, node, apiMinor),
  cluster: (cluster, apiMinor) => show(clusterShown, clusterView(cluster), apiMinor),
  swarm: (cluster, apiMinor) => {
    const { WorkerJoinToken: Worker, ManagerJoinToken: Manager } = cluster.Internal;
    return show(swarmShown, { ...clusterView(cluster), JoinTokens: { Worker, Manager } }, apiMinor);
  },
  secret: (secret, apiMinor) => show(secretShown, secret, apiMinor),
  config: (config, apiMinor) => show(configShown, config, apiMinor),
  network: presentNetwork,
  volume: (volume, apiMinor) => ({
    ClusterVolume: show(clusterVolumeShown, volume, apiMinor),
    CreatedAt: volume.CreatedAt,
    Driver: volume.Driver,
    Labels: volume.Labels ?? null,
    Mountpoint: '',
    Name: volume.Name,
    Options: null,
    Scope: 'global',
  }),
};

/** A service's spec with what Swarm's conversion always fills in. */
function serviceSpecView(spec: ServiceSpec): ServiceSpec {
  const task = spec.TaskTemplate ?? {};
  return { ...spec, TaskTemplate: { ...taskSpecView(task), Runtime: task.Runtime ?? 'container' } };
}

function taskSpecView(task: TaskSpec): TaskSpec {
  const { ContainerSpec } = task;
  return ContainerSpec === undefined ? task : { ...task, ContainerSpec: { Isolation: 'default', ...ContainerSpec } };
}

/** API version whose networks say whether they have IPv4. */
const IPV4_FLAG_MINOR = 48;

/** A swarm network as a manager shows it. Until it is allocated it has neither driver nor addresses. */
function presentNetwork(network: Network, apiMinor: number): Shown {
  const { Spec, Allocated } = network;
  const ipam = Allocated?.IPAM;
  return {
    Name: Spec.Name ?? '',
    Id: network.ID,
    Created: network.CreatedAt,
    Scope: 'swarm',
    Driver: Allocated === undefined ? '' : (Spec.Driver ?? ''),
    ...(apiMinor >= IPV4_FLAG_MINOR && { EnableIPv4: Spec.EnableIPv4 ?? true }),
    EnableIPv6: Spec.EnableIPv6 ?? false,
    IPAM: { Driver: ipam?.Driver ?? '', Options: ipam?.Options ?? null, Config: ipam?.Config ?? null },
    Internal: Spec.Internal ?? false,
    Attachable: Spec.Attachable ?? false,
    Ingress: Spec.Ingress ?? false,
    ConfigFrom: { Network: '' },
    ConfigOnly: false,
    Containers: {},
    Options: Allocated?.Options ?? null,
    Labels: Spec.Labels ?? null,
  };
}
