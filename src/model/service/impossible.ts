import { Refusal } from '../../base/index.ts';
import { addressBits } from '../network/address.ts';
import type { ContainerSpec, ResourceRequirements } from './container-spec.ts';
import type { ServiceSpec } from './service-spec.ts';

const MAX_PORT = 65_535;

/**
 * Refuses what Swarm accepts although no task of it could ever run, or what would never do what it says. On purpose (behaviour
 * reference 16): the alternative is tasks that are rejected over and over, with the reason far from the mistake.
 */
export function checkPossible(spec: ServiceSpec): void {
  for (const { TargetPort = 0, PublishedPort = 0 } of spec.EndpointSpec?.Ports ?? []) {
    if (TargetPort === 0) never('EndpointSpec: a port needs a TargetPort');
    if (TargetPort > MAX_PORT) never(`EndpointSpec: target port ${TargetPort} is above ${MAX_PORT}`);
    if (PublishedPort > MAX_PORT) never(`EndpointSpec: published port ${PublishedPort} is above ${MAX_PORT}`);
  }
  const task = spec.TaskTemplate ?? {};
  checkRollback(spec);
  checkResources(task.Resources ?? {});
  if (task.ContainerSpec !== undefined) checkContainer(task.ContainerSpec);
}

function never(what: string): never {
  throw new Refusal('never-works', { what });
}

function checkRollback({ RollbackConfig: config = {} }: ServiceSpec): void {
  if ((config.Delay ?? 0) < 0) never('TaskSpec: rollback-delay cannot be negative');
  if ((config.Monitor ?? 0) < 0) never('TaskSpec: rollback-monitor cannot be negative');
  const ratio = config.MaxFailureRatio ?? 0;
  if (ratio < 0 || ratio > 1) never('TaskSpec: rollback-maxfailureratio cannot be less than 0 or bigger than 1');
}

function checkResources({ Limits = {}, Reservations = {} }: ResourceRequirements): void {
  for (const name of ['NanoCPUs', 'MemoryBytes'] as const) {
    const limit = Limits[name] ?? 0;
    const reserved = Reservations[name] ?? 0;
    if (limit !== 0 && limit < reserved)
      never(`TaskSpec: the limit of ${name} (${limit}) is below its reservation (${reserved})`);
  }
  if ((Limits.Pids ?? 0) < -1) never(`TaskSpec: invalid pids limit ${Limits.Pids}: use 0 or -1 for none`);
  for (const { NamedResourceSpec, DiscreteResourceSpec } of Reservations.GenericResources ?? []) {
    if (NamedResourceSpec === undefined && DiscreteResourceSpec === undefined) {
      never('TaskSpec: a generic resource must be named or discrete');
    }
    if (NamedResourceSpec !== undefined) never('TaskSpec: generic resources are reserved by number, not by name');
    if ((DiscreteResourceSpec?.Kind ?? '') === '') never('TaskSpec: a generic resource needs a Kind');
    if ((DiscreteResourceSpec?.Value ?? 0) < 0) never('TaskSpec: a generic resource cannot be negative');
  }
}

const signals = new Set(
  (
    'ABRT ALRM BUS CHLD CLD CONT FPE HUP ILL INT IO IOT KILL PIPE POLL PROF PWR QUIT SEGV STKFLT STOP SYS TERM TRAP TSTP TTIN TTOU ' +
    'URG USR1 USR2 VTALRM WINCH XCPU XFSZ'
  ).split(' '),
);

/** Linux' capabilities (capabilities(7)), without the prefix CAP_. */
const capabilities = new Set(
  (
    'ALL AUDIT_CONTROL AUDIT_READ AUDIT_WRITE BLOCK_SUSPEND BPF CHECKPOINT_RESTORE CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID ' +
    'IPC_LOCK IPC_OWNER KILL LEASE LINUX_IMMUTABLE MAC_ADMIN MAC_OVERRIDE MKNOD NET_ADMIN NET_BIND_SERVICE NET_BROADCAST NET_RAW ' +
    'PERFMON SETFCAP SETGID SETPCAP SETUID SYSLOG SYS_ADMIN SYS_BOOT SYS_CHROOT SYS_MODULE SYS_NICE SYS_PACCT SYS_PTRACE SYS_RAWIO ' +
    'SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG WAKE_ALARM'
  ).split(' '),
);

const ulimits = new Set(
  'core cpu data fsize locks memlock msgqueue nice nofile nproc rss rtprio rttime sigpending stack'.split(' '),
);

function checkContainer(container: ContainerSpec): void {
  for (const { Target: target = '', Type: type } of container.Mounts ?? []) {
    if (target === '') never('ContainerSpec: a mount needs a Target');
    const isPlain = type !== 'npipe' && !target.includes('{{');
    if (isPlain && !target.startsWith('/')) never(`ContainerSpec: mount target ${target} must be an absolute path`);
    if (isPlain && /^\/+$/.test(target)) never("ContainerSpec: a mount can't have the target /");
  }
  const signal = container.StopSignal ?? '';
  if (signal !== '' && !isSignal(signal)) never(`ContainerSpec: invalid stop signal ${signal}`);
  for (const name of [...(container.CapabilityAdd ?? []), ...(container.CapabilityDrop ?? [])]) {
    if (!capabilities.has(name.toUpperCase().replace(/^CAP_/, ''))) never(`ContainerSpec: unknown capability ${name}`);
  }
  for (const { Name: name = '', Soft = 0, Hard = 0 } of container.Ulimits ?? []) {
    if (!ulimits.has(name)) never(`ContainerSpec: unknown ulimit ${name}`);
    const isAbove = Hard !== -1 && (Soft === -1 || Soft > Hard);
    if (isAbove) never(`ContainerSpec: ulimit ${name}: the soft limit (${Soft}) is above the hard limit (${Hard})`);
  }
  if (container.Isolation !== undefined)
    never(`ContainerSpec: isolation ${container.Isolation} exists on Windows only`);
  for (const address of container.DNSConfig?.Nameservers ?? []) {
    if (addressBits(address) === undefined) never(`ContainerSpec: name server ${address} is not an IP address`);
  }
  for (const key of Object.keys(container.Sysctls ?? {})) {
    if (!/^(net|fs\.mqueue|kernel\.(shm|msg|sem|domainname))[._/a-z0-9-]*$/i.test(key)) {
      never(`ContainerSpec: sysctl ${key} does not belong to a container's namespaces`);
    }
  }
}

function isSignal(name: string): boolean {
  if (/^\d+$/.test(name)) return Number(name) >= 1 && Number(name) <= 64;
  const bare = name.toUpperCase().replace(/^SIG/, '');
  return signals.has(bare) || /^RTM(IN|AX)([+-]\d{1,2})?$/.test(bare);
}
