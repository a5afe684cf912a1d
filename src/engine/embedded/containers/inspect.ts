import { join } from 'node:path';
import type { ContainerInspect, ContainerState } from '../../port/container.ts';
import { shownEnvironment } from '../spec/environment.ts';
import { NO_TIME, parseTimeNs } from '../spec/time.ts';
import type { ResolvedMount } from '../volumes/resolved-mount.ts';
import type { Container } from './container.ts';
import type { ContainerRecord } from './record.ts';

/** `State` of a container as the Engine API has it. */
export function stateOf(record: ContainerRecord): ContainerState {
  const { state } = record;
  const base = {
    Status: 'created',
    Running: false,
    Paused: false,
    Restarting: false,
    OOMKilled: false,
    Dead: false,
    Pid: 0,
    ExitCode: 0,
    Error: '',
    StartedAt: NO_TIME,
    FinishedAt: NO_TIME,
  } as const;
  switch (state.kind) {
    case 'creating':
    case 'starting':
      return base;
    case 'created':
      return { ...base, ExitCode: state.exitCode ?? 0, Error: state.lastError ?? '' };
    case 'running':
      return { ...base, Status: 'running', Running: true, Pid: state.pid, StartedAt: state.startedAt };
    case 'removing':
      return { ...base, Status: 'removing' };
    case 'exited':
      return {
        ...base,
        Status: 'exited',
        OOMKilled: state.oomKilled,
        ExitCode: state.exitCode,
        Error: state.error ?? '',
        StartedAt: state.startedAt,
        FinishedAt: state.finishedAt,
      };
  }
}

/** One entry of `Mounts`. */
export function mountPoint(mount: ResolvedMount): Readonly<Record<string, unknown>> {
  if (mount.kind === 'tmpfs')
    return {
      Type: 'tmpfs',
      Source: '',
      Destination: mount.target,
      Mode: '',
      RW: !mount.options.includes('ro'),
      Propagation: '',
    };
  return {
    Type: mount.kind,
    ...(mount.kind === 'volume' ? { Name: mount.volumeName, Driver: 'local' } : {}),
    Source: mount.source,
    Destination: mount.target,
    Mode: '',
    RW: !mount.readOnly,
    Propagation: mount.kind === 'volume' ? '' : mount.propagation,
  };
}

function configOf(record: ContainerRecord): Readonly<Record<string, unknown>> & ContainerInspect['Config'] {
  const { create, image } = record;
  const isOn = (value: boolean | undefined): boolean => value === true;
  const volumes = image.config.Volumes;
  return {
    Hostname: record.hostname,
    Domainname: create.Domainname ?? '',
    User: create.User || image.config.User || '',
    AttachStdin: isOn(create.OpenStdin),
    AttachStdout: true,
    AttachStderr: true,
    ...(image.config.ExposedPorts === undefined ? {} : { ExposedPorts: image.config.ExposedPorts }),
    Tty: isOn(create.Tty),
    OpenStdin: isOn(create.OpenStdin),
    StdinOnce: isOn(create.StdinOnce),
    Env: shownEnvironment(image.config.Env ?? [], create.Env ?? []),
    Cmd: create.Cmd?.length ? create.Cmd : create.Entrypoint?.length ? null : (image.config.Cmd ?? null),
    ...(create.Healthcheck === undefined && image.config.Healthcheck === undefined
      ? {}
      : { Healthcheck: create.Healthcheck ?? image.config.Healthcheck }),
    Image: create.Image,
    Volumes: volumes === undefined || Object.keys(volumes).length === 0 ? null : volumes,
    WorkingDir: create.WorkingDir || image.config.WorkingDir || '',
    Entrypoint: create.Entrypoint ?? image.config.Entrypoint ?? null,
    OnBuild: null,
    Labels: { ...image.config.Labels, ...create.Labels },
    StopSignal: record.stopSignal,
    ...(create.StopTimeout === undefined ? {} : { StopTimeout: create.StopTimeout }),
  };
}

function hostConfigOf(record: ContainerRecord): Readonly<Record<string, unknown>> {
  const config = record.create.HostConfig ?? {};
  return {
    Binds: null,
    ContainerIDFile: '',
    PortBindings: {},
    AutoRemove: false,
    VolumeDriver: '',
    VolumesFrom: null,
    CapAdd: null,
    CapDrop: null,
    CgroupnsMode: 'host',
    Dns: [],
    DnsOptions: [],
    DnsSearch: [],
    ExtraHosts: null,
    GroupAdd: null,
    IpcMode: 'private',
    Cgroup: '',
    Links: null,
    OomScoreAdj: 0,
    PidMode: '',
    Privileged: false,
    PublishAllPorts: false,
    ReadonlyRootfs: false,
    SecurityOpt: null,
    UTSMode: '',
    UsernsMode: '',
    ShmSize: 67_108_864,
    Runtime: 'runc',
    Isolation: '',
    CpuShares: 0,
    Memory: 0,
    NanoCpus: 0,
    MemorySwap: 0,
    MemorySwappiness: null,
    PidsLimit: null,
    Ulimits: null,
    ...config,
    NetworkMode: config.NetworkMode || 'none',
    RestartPolicy: { Name: 'no', MaximumRetryCount: 0 },
    LogConfig: { Type: record.log.driver, Config: config.LogConfig?.Config ?? {} },
  };
}

/** The document of `GET /containers/{id}/json`. */
export function inspectDocument(
  container: Container,
  runningExecs: readonly string[],
): ContainerInspect & Readonly<Record<string, unknown>> {
  const { record, bundle } = container;
  const { files, layers } = { files: join(bundle, 'files'), layers: record.image.layers };
  return {
    Id: record.id,
    Created: record.createdAt,
    Path: record.args[0] ?? '',
    Args: record.args.slice(1),
    State: { ...stateOf(record), ...(container.health === undefined ? {} : { Health: container.health }) },
    Image: record.image.id,
    ResolvConfPath: join(files, 'resolv.conf'),
    HostnamePath: join(files, 'hostname'),
    HostsPath: join(files, 'hosts'),
    LogPath: record.log.driver === 'none' ? '' : join(container.logDirectory, 'log'),
    Name: `/${record.name}`,
    RestartCount: 0,
    Driver: 'overlay2',
    Platform: 'linux',
    MountLabel: '',
    ProcessLabel: '',
    AppArmorProfile: '',
    ExecIDs: runningExecs.length > 0 ? runningExecs : null,
    HostConfig: hostConfigOf(record),
    GraphDriver: {
      Data: {
        LowerDir: layers.join(':'),
        MergedDir: join(bundle, 'merged'),
        UpperDir: join(bundle, 'upper'),
        WorkDir: join(bundle, 'work'),
      },
      Name: 'overlay2',
    },
    Mounts: record.mounts
      .filter((mount) => mount.kind !== 'tmpfs' || !(mount.target in (record.create.HostConfig?.Tmpfs ?? {})))
      .map(mountPoint),
    Config: configOf(record),
    NetworkSettings: {
      Bridge: '',
      SandboxID: '',
      HairpinMode: false,
      LinkLocalIPv6Address: '',
      LinkLocalIPv6PrefixLen: 0,
      Ports: {},
      SandboxKey: record.networkNamespace ?? '',
      SecondaryIPAddresses: null,
      SecondaryIPv6Addresses: null,
      EndpointID: '',
      Gateway: '',
      GlobalIPv6Address: '',
      GlobalIPv6PrefixLen: 0,
      IPAddress: '',
      IPPrefixLen: 0,
      IPv6Gateway: '',
      MacAddress: '',
      Networks: {},
    },
  };
}

/** Seconds since the epoch of an RFC 3339 time. */
export function secondsOf(timestamp: string): number {
  return Number((parseTimeNs(timestamp) ?? 0n) / 1_000_000_000n);
}
