import type { Static } from 'typebox';
import {
  always,
  bool,
  bytes,
  duration,
  fileMode,
  int,
  int64,
  list,
  map,
  nullable,
  pointer,
  since,
  string,
  struct,
  uint64,
  word,
} from '../json/schema.ts';

/** Where a mount of a task comes from and how it is made; `Type` decides which of the options apply. */
const mountSchema = struct('mount.Mount', {
  Type: word('mount.Type', 'bind', 'volume', 'tmpfs', 'npipe', 'cluster', 'image'),
  Source: string(),
  Target: string(),
  ReadOnly: bool(),
  /** Accepted and forgotten, as in Swarm. */
  Consistency: string(),
  BindOptions: struct('mount.BindOptions', {
    Propagation: word('mount.Propagation', 'private', 'rprivate', 'shared', 'rshared', 'slave', 'rslave'),
    NonRecursive: bool(),
    CreateMountpoint: bool(),
    ReadOnlyNonRecursive: bool(),
    ReadOnlyForceRecursive: bool(),
  }),
  VolumeOptions: struct('mount.VolumeOptions', {
    NoCopy: bool(),
    Labels: map(string()),
    Subpath: since(45, string()),
    DriverConfig: struct('mount.Driver', { Name: string(), Options: map(string()) }),
  }),
  ImageOptions: struct('mount.ImageOptions', { Subpath: string() }),
  TmpfsOptions: struct('mount.TmpfsOptions', {
    SizeBytes: int64(),
    Mode: fileMode(),
    Options: since(46, list(list(string()))),
  }),
  ClusterOptions: since(42, struct('mount.ClusterOptions', {})),
});
export type Mount = Static<typeof mountSchema>;

const healthcheckSchema = struct('container.HealthConfig', {
  Test: list(string()),
  Interval: duration(),
  Timeout: duration(),
  StartPeriod: duration(),
  StartInterval: since(44, duration()),
  Retries: int(),
});
export type Healthcheck = Static<typeof healthcheckSchema>;

const fileTarget = (goName: string) =>
  struct(goName, {
    Name: always(string()),
    UID: always(string()),
    GID: always(string()),
    Mode: always(fileMode()),
  });

const secretReferenceSchema = struct('SecretReference', {
  File: nullable(fileTarget('SecretReferenceFileTarget')),
  SecretID: always(string()),
  SecretName: always(string()),
});
const configReferenceSchema = struct('ConfigReference', {
  File: fileTarget('ConfigReferenceFileTarget'),
  Runtime: since(40, struct('ConfigReferenceRuntimeTarget', {})),
  ConfigID: always(string()),
  ConfigName: always(string()),
});

const privilegesSchema = struct('Privileges', {
  CredentialSpec: nullable(
    struct('CredentialSpec', {
      Config: since(40, always(string())),
      File: always(string()),
      Registry: always(string()),
    }),
  ),
  SELinuxContext: nullable(
    struct('SELinuxContext', {
      Disable: always(bool()),
      User: always(string()),
      Role: always(string()),
      Type: always(string()),
      Level: always(string()),
    }),
  ),
  Seccomp: since(
    44,
    struct('SeccompOpts', { Mode: word('swarm.SeccompMode', 'default', 'unconfined', 'custom'), Profile: bytes() }),
  ),
  AppArmor: since(44, struct('AppArmorOpts', { Mode: word('swarm.AppArmorMode', 'default', 'disabled') })),
  NoNewPrivileges: since(44, always(bool())),
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
  Init: pointer(bool()),
  StopSignal: string(),
  TTY: bool(),
  OpenStdin: bool(),
  ReadOnly: bool(),
  Mounts: list(mountSchema),
  StopGracePeriod: pointer(duration()),
  Healthcheck: healthcheckSchema,
  Hosts: list(string()),
  DNSConfig: struct('DNSConfig', { Nameservers: list(string()), Search: list(string()), Options: list(string()) }),
  Secrets: list(secretReferenceSchema),
  Configs: list(configReferenceSchema),
  Isolation: word('container.Isolation', 'default', 'process', 'hyperv'),
  Sysctls: since(40, map(string())),
  CapabilityAdd: since(41, list(string())),
  CapabilityDrop: since(41, list(string())),
  Ulimits: since(
    41,
    list(struct('units.Ulimit', { Name: always(string()), Hard: always(int64()), Soft: always(int64()) })),
  ),
  OomScoreAdj: since(46, int64()),
});
export type ContainerSpec = Static<typeof containerSpecSchema>;

export const genericResourceSchema = struct('GenericResource', {
  NamedResourceSpec: struct('NamedGenericResource', { Kind: string(), Value: string() }),
  DiscreteResourceSpec: struct('DiscreteGenericResource', { Kind: string(), Value: int64() }),
});
export type GenericResource = Static<typeof genericResourceSchema>;

export const resourcesSchema = struct('ResourceRequirements', {
  Limits: struct('Limit', { NanoCPUs: int64(), MemoryBytes: int64(), Pids: since(41, int64()) }),
  Reservations: struct('Resources', {
    NanoCPUs: int64(),
    MemoryBytes: int64(),
    GenericResources: list(genericResourceSchema),
  }),
  SwapBytes: since(52, pointer(int64())),
  MemorySwappiness: since(52, pointer(int64())),
});
export type ResourceRequirements = Static<typeof resourcesSchema>;

export const restartPolicySchema = struct('RestartPolicy', {
  Condition: word('swarm.RestartPolicyCondition', 'none', 'on-failure', 'any'),
  Delay: pointer(duration()),
  MaxAttempts: pointer(uint64()),
  Window: pointer(duration()),
});
export type RestartPolicy = Static<typeof restartPolicySchema>;
