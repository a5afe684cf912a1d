import { Refusal } from '../../../base/index.ts';
import type { ContainerCreate } from '../../port/container.ts';

/** Fields of `HostConfig` that are built, and of others the values that ask for nothing. */
const built = new Set([
  'NetworkMode',
  'Memory',
  'MemorySwap',
  'MemorySwappiness',
  'NanoCpus',
  'PidsLimit',
  'Ulimits',
  'CapAdd',
  'CapDrop',
  'GroupAdd',
  'SecurityOpt',
  'ReadonlyRootfs',
  'Init',
  'Sysctls',
  'ExtraHosts',
  'Dns',
  'DnsSearch',
  'DnsOptions',
  'Mounts',
  'Binds',
  'Tmpfs',
  'OomScoreAdj',
  'LogConfig',
  // Only sets the size of the client's first terminal.
  'ConsoleSize',
]);
const idleValues: Readonly<Record<string, readonly unknown[]>> = {
  IpcMode: ['private', 'shareable'],
  CgroupnsMode: ['host', 'private'],
  Runtime: ['runc'],
  Isolation: ['default', 'process'],
  RestartPolicy: ['no'],
  MaskedPaths: [],
  ReadonlyPaths: [],
};

function isNothing(value: unknown): boolean {
  if (value === undefined || value === null || value === '' || value === 0 || value === false) return true;
  if (Array.isArray(value)) return value.length === 0;
  return typeof value === 'object' && Object.values(value).every(isNothing);
}

function shown(value: unknown): string {
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

/** Refuses by name every wish that the engine would otherwise ignore. */
export function refuseUnbuilt(create: ContainerCreate, hasNamespace: boolean): void {
  for (const [field, value] of Object.entries(create.HostConfig ?? {})) {
    const asked: unknown = field === 'RestartPolicy' ? create.HostConfig?.RestartPolicy?.Name : value;
    if (built.has(field) || isNothing(asked) || idleValues[field]?.includes(asked)) continue;
    throw new Refusal('container-field-not-built', { field: `HostConfig.${field}`, value: shown(asked) });
  }
  const mode = create.HostConfig?.NetworkMode ?? '';
  if (!hasNamespace && !['', 'default', 'none', 'host'].includes(mode))
    throw new Refusal('container-field-not-built', { field: 'HostConfig.NetworkMode', value: mode });
  const driver = create.HostConfig?.LogConfig?.Type ?? '';
  if (!['', 'json-file', 'none'].includes(driver))
    throw new Refusal('container-field-not-built', { field: 'HostConfig.LogConfig.Type', value: driver });
}
