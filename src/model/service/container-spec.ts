import type { Static } from 'typebox';
import { bool, bytes, duration, int, int64, list, map, string, struct, uint32, uint64, word } from '../json/schema.ts';

/** Where a mount of a task comes from and how it is made; `Type` decides which of the options apply. */
export const mountSchema = struct('Mount', {
  Type: word('bind', 'volume', 'tmpfs', 'npipe', 'cluster', 'image'),
  Source: string(),
  Target: string(),
  ReadOnly: bool(),
  Consistency: string(),
  BindOptions: struct('BindOptions', {
    Propagation: string(),
    NonRecursive: bool(),
    CreateMountpoint: bool(),
    ReadOnlyNonRecursive: bool(),
    ReadOnlyForceRecursive: bool(),
  }),
  VolumeOptions: struct('VolumeOptions', {
    NoCopy: bool(),
    Labels: map(string()),
    Subpath: string(),
    DriverConfig: struct('Driver', { Name: string(), Options: map(string()) }),
  }),
  ImageOptions: struct('ImageOptions', { Subpath: string() }),
  TmpfsOptions: struct('TmpfsOptions', { SizeBytes: int64(), Mode: uint32(), Options: list(list(string())) }),
  ClusterOptions: struct('ClusterOptions', {}),
});
export type Mount = Static<typeof mountSchema>;

export const healthcheckSchema = struct('HealthConfig', {
  Test: list(string()),
  Interval: duration(),
  Timeout: duration(),
  StartPeriod: duration(),
  StartInterval: duration(),
  Retries: int(),
});
export type Healthcheck = Static<typeof healthcheckSchema>;

const fileTarget = (goName: string) => struct(goName, { Name: string(), UID: string(), GID: string(), Mode: uint32() });

export const secretReferenceSchema = struct('SecretReference', {
  SecretID: string(),
  SecretName: string(),
  File: fileTarget('SecretReferenceFileTarget'),
});
export const configReferenceSchema = struct('ConfigReference', {
  ConfigID: string(),
  ConfigName: string(),
  File: fileTarget('ConfigReferenceFileTarget'),
  Runtime: struct('ConfigReferenceRuntimeTarget', {}),
});

export const privilegesSchema = struct('Privileges', {
  CredentialSpec: struct('CredentialSpec', { Config: string(), File: string(), Registry: string() }),
  SELinuxContext: struct('SELinuxContext', {
    Disable: bool(),
    User: string(),
    Role: string(),
    Type: string(),
    Level: string(),
  }),
  Seccomp: struct('SeccompOpts', { Mode: word('default', 'unconfined', 'custom'), Profile: bytes() }),
  AppArmor: struct('AppArmorOpts', { Mode: word('default', 'disabled') }),
  NoNewPrivileges: bool(),
});

/** What runs in a task's container. `Command` is the entry point, `Args` its arguments, as in the Docker Engine API. */
export const containerSpecSchema = struct('ContainerSpec', {
  Image: string(),
  Labels: map(string()),
  Command: list(string()),
  Args: list(string()),
  Hostname: string(),
  Env: list(string()),
  Dir: string(),
  User: string(),
  Groups: list(string()),
  Privileges: privilegesSchema,
  Init: bool(),
  StopSignal: string(),
  TTY: bool(),
  OpenStdin: bool(),
  ReadOnly: bool(),
  Mounts: list(mountSchema),
  StopGracePeriod: duration(),
  Healthcheck: healthcheckSchema,
  Hosts: list(string()),
  DNSConfig: struct('DNSConfig', { Nameservers: list(string()), Search: list(string()), Options: list(string()) }),
  Secrets: list(secretReferenceSchema),
  Configs: list(configReferenceSchema),
  Isolation: word('default', 'process', 'hyperv'),
  Sysctls: map(string()),
  CapabilityAdd: list(string()),
  CapabilityDrop: list(string()),
  Ulimits: list(struct('Ulimit', { Name: string(), Hard: int64(), Soft: int64() })),
  OomScoreAdj: int64(),
});
export type ContainerSpec = Static<typeof containerSpecSchema>;

export const genericResourceSchema = struct('GenericResource', {
  NamedResourceSpec: struct('NamedGenericResource', { Kind: string(), Value: string() }),
  DiscreteResourceSpec: struct('DiscreteGenericResource', { Kind: string(), Value: int64() }),
});
export type GenericResource = Static<typeof genericResourceSchema>;

export const resourcesSchema = struct('ResourceRequirements', {
  Limits: struct('Limit', { NanoCPUs: int64(), MemoryBytes: int64(), Pids: int64() }),
  Reservations: struct('Resources', {
    NanoCPUs: int64(),
    MemoryBytes: int64(),
    GenericResources: list(genericResourceSchema),
  }),
  SwapBytes: int64(),
  MemorySwappiness: int64(),
});
export type ResourceRequirements = Static<typeof resourcesSchema>;

export const restartPolicySchema = struct('RestartPolicy', {
  Condition: word('none', 'on-failure', 'any'),
  Delay: duration(),
  MaxAttempts: uint64(),
  Window: duration(),
});
export type RestartPolicy = Static<typeof restartPolicySchema>;
