import type { HostConfig } from '../engine/index.ts';
import type { ContainerSpec, Integer, ResourceRequirements, TaskTemplate } from '../model/index.ts';
import { containerMounts } from './mounts.ts';
import { filled, filledNumber, present } from './present.ts';

type TaskSpec = TaskTemplate['Spec'];

/** Predefined networks that are a mode of the container and not a network of the cluster. */
const NETWORK_MODES: readonly string[] = ['host', 'none', 'bridge'];

/**
 * The engine's side of a task's spec. Limits become cgroup limits, reservations do not; the engine never restarts a container by
 * itself: it is given no restart policy.
 */
export function hostConfig(task: TaskSpec, spec: ContainerSpec): HostConfig {
  const mounts = containerMounts(spec.Mounts ?? []);
  const logDriver = task.LogDriver?.Name;
  return {
    ...limits(task.Resources),
    ...present('NetworkMode', networkMode(task)),
    ...present('Ulimits', filled(spec.Ulimits)),
    ...present('CapAdd', filled(spec.CapabilityAdd)),
    ...present('CapDrop', filled(spec.CapabilityDrop)),
    ...present('GroupAdd', filled(spec.Groups)),
    ...present('SecurityOpt', filled(securityOptions(spec.Privileges))),
    ...present('ReadonlyRootfs', spec.ReadOnly),
    ...present('Init', spec.Init),
    ...present('Sysctls', spec.Sysctls),
    ...present('ExtraHosts', filled(spec.Hosts?.flatMap(extraHost))),
    ...present('Dns', filled(spec.DNSConfig?.Nameservers)),
    ...present('DnsSearch', filled(spec.DNSConfig?.Search)),
    ...present('DnsOptions', filled(spec.DNSConfig?.Options)),
    ...present('Mounts', filled(mounts)),
    ...present('OomScoreAdj', filledNumber(spec.OomScoreAdj)),
    ...present('Isolation', spec.Isolation === 'default' ? undefined : spec.Isolation),
    ...(logDriver === undefined || logDriver === ''
      ? {}
      : { LogConfig: { Type: logDriver, Config: task.LogDriver?.Options ?? {} } }),
  };
}

function limits(resources: ResourceRequirements | undefined): HostConfig {
  const memory = filledNumber(resources?.Limits?.MemoryBytes);
  return {
    ...present('NanoCpus', filledNumber(resources?.Limits?.NanoCPUs)),
    ...present('Memory', memory),
    ...present('PidsLimit', filledNumber(resources?.Limits?.Pids)),
    ...present('MemorySwap', memorySwap(memory, resources?.SwapBytes)),
    ...present('MemorySwappiness', resources?.MemorySwappiness),
  };
}

/** The engine counts memory and swap together; -1 is without limit in both. */
function memorySwap(memory: Integer | undefined, swap: Integer | undefined): Integer | undefined {
  if (swap === undefined || memory === undefined) return undefined;
  if (Number(swap) < 0) return -1;
  const sum = BigInt(memory) + BigInt(swap);
  return sum <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(sum) : sum;
}

function networkMode(task: TaskSpec): string | undefined {
  return task.Networks?.map(({ Target }) => Target).find(
    (target) => target !== undefined && NETWORK_MODES.includes(target),
  );
}

/** A service's `IP hostname [alias …]` as the engine's `hostname:IP`; Swarm's worker takes the first name only. */
function extraHost(entry: string): readonly string[] {
  const [address, name] = entry.trim().split(/\s+/);
  return address === undefined || name === undefined ? [] : [`${name}:${address}`];
}

function securityOptions(privileges: ContainerSpec['Privileges']): readonly string[] {
  if (privileges === undefined) return [];
  const { SELinuxContext: label, Seccomp, AppArmor, NoNewPrivileges } = privileges;
  const labelOptions = [
    ['user', label?.User],
    ['role', label?.Role],
    ['type', label?.Type],
    ['level', label?.Level],
  ].flatMap(([key, value]) => (value === undefined || value === '' ? [] : [`label=${key}:${value}`]));
  return [
    ...(label?.Disable === true ? ['label=disable'] : labelOptions),
    ...(Seccomp?.Mode === 'unconfined' ? ['seccomp=unconfined'] : []),
    ...(Seccomp?.Mode === 'custom' ? [`seccomp=${decodedText(Seccomp.Profile ?? '')}`] : []),
    ...(AppArmor?.Mode === 'disabled' ? ['apparmor=unconfined'] : []),
    ...(NoNewPrivileges === true ? ['no-new-privileges=true'] : []),
  ];
}

function decodedText(base64: string): string {
  return new TextDecoder().decode(Uint8Array.from(atob(base64), (char) => char.charCodeAt(0)));
}
