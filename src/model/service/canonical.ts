import { canonical, NEWEST_MINOR } from '../json/canonical.ts';
import type { ContainerSpec, Mount, RestartPolicy } from './container-spec.ts';
import {
  type EndpointSpec,
  type PortConfig,
  type ServiceMode,
  type ServiceSpec,
  serviceSpecSchema,
  type TaskSpec,
  type UpdateConfig,
} from './service-spec.ts';

/** Below this minor a service's networks may stand at the top of its spec. */
const NETWORKS_MOVED_MINOR = 44;

/**
 * The form in which a service's spec is stored, of one that passed `checkServiceSpec`: what Swarm's conversion makes of it, so that a
 * GET shows what Swarm would show. `apiMinor` is the version that the client speaks: fields newer than it are dropped.
 * `canonicalServiceSpec(canonicalServiceSpec(spec))` is `canonicalServiceSpec(spec)`.
 */
export function canonicalServiceSpec(spec: ServiceSpec, apiMinor: number = NEWEST_MINOR): ServiceSpec {
  const bare = canonical(serviceSpecSchema, spec, apiMinor);
  const TaskTemplate = canonicalTask(bare.TaskTemplate ?? {});
  const { Networks, ...rest } = bare;
  const keepsNetworks = apiMinor < NETWORKS_MOVED_MINOR || apiMinor === NEWEST_MINOR;
  const usesLegacy = keepsNetworks && TaskTemplate.Networks === undefined && Networks !== undefined;
  return canonical(serviceSpecSchema, {
    ...rest,
    ...(usesLegacy && { Networks }),
    TaskTemplate,
    Mode: canonicalMode(bare.Mode ?? {}),
    ...(bare.UpdateConfig && { UpdateConfig: canonicalRollout(bare.UpdateConfig) }),
    ...(bare.RollbackConfig && { RollbackConfig: canonicalRollout(bare.RollbackConfig) }),
    ...(bare.EndpointSpec && { EndpointSpec: canonicalEndpoint(bare.EndpointSpec) }),
  });
}

function canonicalTask(task: TaskSpec): TaskSpec {
  const { Runtime, Placement, ...rest } = task;
  const Preferences = Placement?.Preferences?.filter((preference) => preference.Spread !== undefined);
  return {
    ...rest,
    ...(task.ContainerSpec && { ContainerSpec: canonicalContainer(task.ContainerSpec) }),
    ...(task.RestartPolicy && { RestartPolicy: canonicalRestart(task.RestartPolicy) }),
    ...(Placement && { Placement: { ...Placement, ...(Preferences && { Preferences }) } }),
    ...(Runtime !== undefined && Runtime !== 'container' && { Runtime }),
  };
}

function canonicalContainer(container: ContainerSpec): ContainerSpec {
  const { Isolation, Mounts, ...rest } = container;
  const isolation = Isolation?.toLowerCase();
  return {
    ...rest,
    ...(Mounts && { Mounts: Mounts.map(canonicalMount) }),
    ...((isolation === 'process' || isolation === 'hyperv') && { Isolation: isolation }),
  };
}

/** Of the options of a bind Swarm keeps two; `Consistency` is dropped whole. */
function canonicalMount(mount: Mount): Mount {
  const { Consistency: _, BindOptions, Type, ...rest } = mount;
  const Propagation = lowered(BindOptions?.Propagation, 'rprivate');
  return {
    ...rest,
    Type: lowered(Type, 'bind'),
    ...(BindOptions && {
      BindOptions: { Propagation, ...(BindOptions.NonRecursive === true && { NonRecursive: true }) },
    }),
  };
}

function canonicalRestart(policy: RestartPolicy): RestartPolicy {
  return { ...policy, Condition: policy.Condition ?? 'any', MaxAttempts: policy.MaxAttempts ?? 0 };
}

function canonicalRollout(config: UpdateConfig): UpdateConfig {
  return { ...config, FailureAction: config.FailureAction ?? 'pause', Order: config.Order ?? 'stop-first' };
}

function canonicalMode(mode: ServiceMode): ServiceMode {
  if (mode.Global !== undefined) return { Global: {} };
  if (mode.GlobalJob !== undefined) return { GlobalJob: {} };
  if (mode.ReplicatedJob !== undefined) {
    const MaxConcurrent = mode.ReplicatedJob.MaxConcurrent ?? 1;
    return { ReplicatedJob: { MaxConcurrent, TotalCompletions: mode.ReplicatedJob.TotalCompletions ?? MaxConcurrent } };
  }
  return { Replicated: { Replicas: mode.Replicated?.Replicas ?? 1 } };
}

function canonicalEndpoint(endpoint: EndpointSpec): EndpointSpec {
  return {
    Mode: endpoint.Mode ?? 'vip',
    ...(endpoint.Ports && { Ports: endpoint.Ports.map(canonicalPort) }),
  };
}

const protocols = ['tcp', 'udp', 'sctp'] as const;

/** An unknown protocol is tcp and an unknown mode ingress, as in Swarm. */
function canonicalPort(port: PortConfig): PortConfig {
  return {
    ...port,
    Protocol: protocols.find((protocol) => protocol === port.Protocol?.toLowerCase()) ?? 'tcp',
    PublishMode: port.PublishMode?.toLowerCase() === 'host' ? 'host' : 'ingress',
  };
}

/** Swarm compares some words without case; validation has refused all others before. */
function lowered<T extends string>(value: T | undefined, otherwise: T): T {
  return value === undefined ? otherwise : (value.toLowerCase() as T);
}
