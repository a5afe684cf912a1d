import { taskNetworks } from './policies.ts';
import type { ServiceSpec } from './service-spec.ts';

/** A part of a service's spec that may not be built yet. What is not built is refused by name (501), never ignored. */
interface Feature {
  /** The field as clients write it. */
  readonly path: string;
  readonly built: boolean;
  /** What is missing. */
  readonly reason: string;
  readonly isUsed: (spec: ServiceSpec) => boolean;
}

const container = (spec: ServiceSpec) => spec.TaskTemplate?.ContainerSpec ?? {};
const filled = (values: readonly unknown[] | undefined) => (values?.length ?? 0) > 0;
const logDrivers = new Set(['', 'none', 'json-file', 'local']);

/** One line per feature; whoever builds it sets `built`. */
const features: readonly Feature[] = [
  {
    path: 'Mode.Global',
    built: true,
    reason: 'one task per node',
    isUsed: ({ Mode }) => Mode?.Global !== undefined,
  },
  {
    path: 'Mode.ReplicatedJob',
    built: false,
    reason: 'jobs',
    isUsed: ({ Mode }) => Mode?.ReplicatedJob !== undefined,
  },
  { path: 'Mode.GlobalJob', built: false, reason: 'jobs', isUsed: ({ Mode }) => Mode?.GlobalJob !== undefined },
  {
    path: 'TaskTemplate.PluginSpec',
    built: false,
    reason: 'services of plugins',
    isUsed: ({ TaskTemplate }) => TaskTemplate?.PluginSpec !== undefined,
  },
  {
    path: 'TaskTemplate.Networks',
    built: false,
    reason: 'networks between containers',
    isUsed: (spec) => filled(taskNetworks(spec)),
  },
  {
    path: 'EndpointSpec.Ports',
    built: false,
    reason: 'published ports',
    isUsed: ({ EndpointSpec }) => filled(EndpointSpec?.Ports),
  },
  {
    path: 'TaskTemplate.ContainerSpec.Secrets',
    built: false,
    reason: 'secrets',
    isUsed: (spec) => filled(container(spec).Secrets),
  },
  {
    path: 'TaskTemplate.ContainerSpec.Configs',
    built: false,
    reason: 'configs',
    isUsed: (spec) => filled(container(spec).Configs),
  },
  {
    path: 'TaskTemplate.ContainerSpec.Healthcheck',
    built: false,
    reason: 'health checks',
    isUsed: (spec) => {
      const check = container(spec).Healthcheck;
      return check !== undefined && check.Test?.[0] !== 'NONE';
    },
  },
  {
    path: 'TaskTemplate.ContainerSpec.Privileges.CredentialSpec',
    built: false,
    reason: 'credential specs, which exist on Windows only',
    isUsed: (spec) => container(spec).Privileges?.CredentialSpec !== undefined,
  },
  {
    path: 'TaskTemplate.ContainerSpec.Mounts.Type',
    built: false,
    reason: 'mounts of cluster volumes and named pipes',
    isUsed: (spec) => (container(spec).Mounts ?? []).some(({ Type }) => Type === 'cluster' || Type === 'npipe'),
  },
  {
    path: 'TaskTemplate.Resources.Reservations.GenericResources',
    built: false,
    reason: 'generic resources',
    isUsed: ({ TaskTemplate }) => filled(TaskTemplate?.Resources?.Reservations?.GenericResources),
  },
  {
    path: 'TaskTemplate.LogDriver',
    built: false,
    reason: 'log drivers other than json-file, local and none',
    isUsed: ({ TaskTemplate }) => !logDrivers.has(TaskTemplate?.LogDriver?.Name ?? ''),
  },
];

/** The first field of a spec in canonical form whose effect is not built yet; `undefined` when all are. */
export function unbuiltField(spec: ServiceSpec): string | undefined {
  const missing = features.find((feature) => !feature.built && feature.isUsed(spec));
  return missing === undefined ? undefined : `${missing.path} (${missing.reason})`;
}
