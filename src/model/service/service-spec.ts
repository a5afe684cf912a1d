import type { Static } from 'typebox';
import {
  always,
  bool,
  duration,
  float32,
  list,
  map,
  pointer,
  since,
  string,
  struct,
  uint32,
  uint64,
  word,
} from '../json/schema.ts';
import { containerSpecSchema, genericResourceSchema, resourcesSchema, restartPolicySchema } from './container-spec.ts';

const networkAttachmentSchema = struct('NetworkAttachmentConfig', {
  Target: string(),
  Aliases: list(string()),
  DriverOpts: map(string()),
});
export type NetworkAttachmentConfig = Static<typeof networkAttachmentSchema>;

const placementSchema = struct('Placement', {
  Constraints: list(string()),
  Preferences: list(struct('PlacementPreference', { Spread: struct('SpreadOver', { SpreadDescriptor: string() }) })),
  MaxReplicas: since(40, uint64()),
  Platforms: list(struct('Platform', { Architecture: string(), OS: string() })),
});
export type Placement = Static<typeof placementSchema>;

export const taskSpecSchema = struct('TaskSpec', {
  ContainerSpec: containerSpecSchema,
  PluginSpec: struct('runtime.PluginSpec', {
    Name: string(),
    Remote: string(),
    Disabled: bool(),
    PluginPrivilege: list(
      struct('runtime.PluginPrivilege', { Name: string(), Description: string(), Value: list(string()) }),
    ),
    Env: list(string()),
  }),
  NetworkAttachmentSpec: struct('NetworkAttachmentSpec', { ContainerID: string() }),
  Resources: resourcesSchema,
  RestartPolicy: restartPolicySchema,
  Placement: placementSchema,
  Networks: list(networkAttachmentSchema),
  LogDriver: struct('Driver', { Name: string(), Options: map(string()) }),
  ForceUpdate: always(uint64()),
  Runtime: word('swarm.RuntimeType', 'container', 'plugin', 'attachment'),
});
export type TaskSpec = Static<typeof taskSpecSchema>;

const updateConfigSchema = struct('UpdateConfig', {
  Parallelism: always(uint64()),
  Delay: duration(),
  FailureAction: word('string', 'pause', 'continue', 'rollback'),
  Monitor: duration(),
  MaxFailureRatio: always(float32()),
  Order: word('string', 'stop-first', 'start-first'),
});
export type UpdateConfig = Static<typeof updateConfigSchema>;

export const portConfigSchema = struct('PortConfig', {
  Name: string(),
  Protocol: word('swarm.PortConfigProtocol', 'tcp', 'udp', 'sctp'),
  TargetPort: uint32(),
  PublishedPort: uint32(),
  PublishMode: word('swarm.PortConfigPublishMode', 'ingress', 'host'),
});
export type PortConfig = Static<typeof portConfigSchema>;

export const endpointSpecSchema = struct('EndpointSpec', {
  Mode: word('swarm.ResolutionMode', 'vip', 'dnsrr'),
  Ports: list(portConfigSchema),
});
export type EndpointSpec = Static<typeof endpointSpecSchema>;

/** Exactly one mode may be given; none means replicated with one replica. */
const serviceModeSchema = struct('ServiceMode', {
  Replicated: struct('ReplicatedService', { Replicas: pointer(uint64()) }),
  Global: struct('GlobalService', {}),
  ReplicatedJob: since(
    41,
    struct('ReplicatedJob', { MaxConcurrent: pointer(uint64()), TotalCompletions: pointer(uint64()) }),
  ),
  GlobalJob: since(41, struct('GlobalJob', {})),
});
export type ServiceMode = Static<typeof serviceModeSchema>;

/** The user's wish for a service. */
export const serviceSpecSchema = struct('ServiceSpec', {
  Name: string(),
  Labels: always(map(string())),
  TaskTemplate: always(taskSpecSchema),
  Mode: always(serviceModeSchema),
  UpdateConfig: updateConfigSchema,
  RollbackConfig: updateConfigSchema,
  /** Honoured below API 1.44 when the template has none. */
  Networks: list(networkAttachmentSchema),
  EndpointSpec: endpointSpecSchema,
});
export type ServiceSpec = Static<typeof serviceSpecSchema>;
export type { GenericResource } from './container-spec.ts';
export { genericResourceSchema };
