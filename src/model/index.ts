/**
 * The domain language: every object of Swarm mode in the shape in which the Docker Engine API shows it.
 * - One schema per object (`*Schema`) is its only definition; types derive from it.
 * - Stored objects carry what only the server may know under `Internal`; `present` is the only way out to a client.
 * - A missing field and a zero differ; defaults are read through accessors only.
 * - Pure: no clock, no randomness, no I/O.
 */
export {
  canonicalConfigSpec,
  canonicalNetworkSpec,
  canonicalNodeSpec,
  canonicalSecretSpec,
  canonicalSwarmSpec,
  canonicalVolumeSpec,
  initialSwarmSpec,
} from './canonical.ts';
export { formatDuration, msOf, nanosecondsOf } from './duration.ts';
export {
  type ClusterId,
  type ConfigId,
  type ContainerId,
  isId,
  type NetworkId,
  type NodeId,
  newId,
  type SecretId,
  type ServiceId,
  type TaskId,
  type VolumeId,
} from './ids.ts';
export { equalCanonical } from './json/canonical.ts';
export { decodeJson } from './json/decode.ts';
export { encodeJson } from './json/encode.ts';
export type { Integer } from './json/schema.ts';
export type { Shown } from './json/show.ts';
export { type Json, type JsonSource, parseJson } from './json/syntax.ts';
export type { InternalMeta, Meta, ObjectVersion, Timestamp } from './meta.ts';
export { checkDnsName, checkSecretName, nameKey, randomName, taskDisplayName } from './names.ts';
export { nearestName } from './nearest.ts';
export { addressBits, type Cidr, cidrContains, parseCidr } from './network/address.ts';
export { type Network, type NetworkSpec, networkCreateSchema } from './network/network.ts';
export { acceptNetworkSpec } from './network/validate.ts';
export { type Constraint, matchesConstraints, parseConstraints } from './node/constraint.ts';
export {
  type Node,
  type NodeDescription,
  type NodeInternal,
  type NodeRole,
  type NodeSpec,
  type NodeState,
  type NodeStatus,
  nodeDescriptionSchema,
  nodeSpecSchema,
} from './node/node.ts';
export { type Presentable, present } from './present.ts';
export {
  type Config,
  type ConfigSpec,
  configSpecSchema,
  type Secret,
  type SecretSpec,
  secretSpecSchema,
} from './secret/secret.ts';
export { canonicalServiceSpec } from './service/canonical.ts';
export type {
  ContainerSpec,
  GenericResource,
  Healthcheck,
  Mount,
  ResourceRequirements,
  RestartPolicy,
} from './service/container-spec.ts';
export { withDefaults } from './service/defaults.ts';
export { mayTaskStay, type TemplateDifference, templateDifference } from './service/dirty.ts';
export { isImageName } from './service/image-name.ts';
export { type LabelRule, type LabelType, serviceLabels } from './service/labels.ts';
export {
  desiredReplicas,
  limits,
  maxConcurrent,
  maxReplicasPerNode,
  type Reservations,
  type ResourceLimits,
  type RestartRules,
  type RolloutRules,
  reservations,
  restartPolicy,
  rollbackPolicy,
  type ServiceModeKind,
  serviceModeKind,
  stopGraceMs,
  taskNetworks,
  updatePolicy,
} from './service/policies.ts';
export { checkPortConflicts, type PortHolder } from './service/ports.ts';
export {
  checkReferencesExist,
  checkUnused,
  configReferences,
  type Reference,
  secretReferences,
} from './service/references.ts';
export type {
  Endpoint,
  PullCredentials,
  Rollout,
  Service,
  ServiceInternal,
  TaskTemplate,
  UpdateState,
  UpdateStatus,
} from './service/service.ts';
export {
  type EndpointSpec,
  type NetworkAttachmentConfig,
  type Placement,
  type PortConfig,
  type ServiceMode,
  type ServiceSpec,
  serviceSpecSchema,
  type TaskSpec,
  type UpdateConfig,
} from './service/service-spec.ts';
export { expandContainer } from './service/template-check.ts';
export { unbuiltField } from './service/unbuilt.ts';
export { acceptServiceSpec, checkServiceSpec } from './service/validate.ts';
export {
  certificateExpiryMs,
  defaultSwarmSpec,
  heartbeatPeriodMs,
  snapshotInterval,
  taskHistoryLimit,
} from './swarm/settings.ts';
export {
  type Cluster,
  type ClusterInternal,
  type SwarmInitRequest,
  type SwarmJoinRequest,
  type SwarmSpec,
  swarmInitRequestSchema,
  swarmJoinRequestSchema,
  swarmSpecSchema,
} from './swarm/swarm.ts';
export { compareStates, type DesiredState, isTerminal, type TaskState, taskStateOrder } from './task/states.ts';
export type { ContainerStatus, Task, TaskInternal, TaskStatus } from './task/task.ts';
export { type ExtraFunctions, expandTemplate, type TemplateContext } from './template/expand.ts';
export { instantOf, parseTimestamp, timestamp, timestampOfNanoseconds, zeroTimestamp } from './timestamp.ts';
export {
  acceptConfigSpec,
  acceptNodeSpec,
  acceptSecretSpec,
  acceptSwarmSpec,
  checkInitRequest,
  checkOnlyLabels,
} from './validate.ts';
export { type ClusterVolumeSpec, clusterVolumeSpecSchema, type PublishState, type Volume } from './volume/volume.ts';
