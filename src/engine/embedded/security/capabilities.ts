import { Refusal } from '../../../base/index.ts';

/** All capabilities of Linux, by their bit in `/proc/PID/status`. */
export const allCapabilities = [
  'CAP_CHOWN',
  'CAP_DAC_OVERRIDE',
  'CAP_DAC_READ_SEARCH',
  'CAP_FOWNER',
  'CAP_FSETID',
  'CAP_KILL',
  'CAP_SETGID',
  'CAP_SETUID',
  'CAP_SETPCAP',
  'CAP_LINUX_IMMUTABLE',
  'CAP_NET_BIND_SERVICE',
  'CAP_NET_BROADCAST',
  'CAP_NET_ADMIN',
  'CAP_NET_RAW',
  'CAP_IPC_LOCK',
  'CAP_IPC_OWNER',
  'CAP_SYS_MODULE',
  'CAP_SYS_RAWIO',
  'CAP_SYS_CHROOT',
  'CAP_SYS_PTRACE',
  'CAP_SYS_PACCT',
  'CAP_SYS_ADMIN',
  'CAP_SYS_BOOT',
  'CAP_SYS_NICE',
  'CAP_SYS_RESOURCE',
  'CAP_SYS_TIME',
  'CAP_SYS_TTY_CONFIG',
  'CAP_MKNOD',
  'CAP_LEASE',
  'CAP_AUDIT_WRITE',
  'CAP_AUDIT_CONTROL',
  'CAP_SETFCAP',
  'CAP_MAC_OVERRIDE',
  'CAP_MAC_ADMIN',
  'CAP_SYSLOG',
  'CAP_WAKE_ALARM',
  'CAP_BLOCK_SUSPEND',
  'CAP_AUDIT_READ',
  'CAP_PERFMON',
  'CAP_BPF',
  'CAP_CHECKPOINT_RESTORE',
] as const;
export type Capability = (typeof allCapabilities)[number];

/** What Docker gives a container that asks for nothing. */
export const defaultCapabilities: readonly Capability[] = [
  'CAP_CHOWN',
  'CAP_DAC_OVERRIDE',
  'CAP_FSETID',
  'CAP_FOWNER',
  'CAP_MKNOD',
  'CAP_NET_RAW',
  'CAP_SETGID',
  'CAP_SETUID',
  'CAP_SETFCAP',
  'CAP_SETPCAP',
  'CAP_NET_BIND_SERVICE',
  'CAP_SYS_CHROOT',
  'CAP_KILL',
  'CAP_AUDIT_WRITE',
];

/** Names in a mask as `/proc/PID/status` prints it, e.g. `000001ffffffffff`. */
export function parseCapabilityMask(hexadecimal: string): Set<Capability> {
  const mask = BigInt(`0x${hexadecimal.trim()}`);
  return new Set(allCapabilities.filter((_name, bit) => ((mask >> BigInt(bit)) & 1n) === 1n));
}

function canonical(name: string, side: string): Capability | 'ALL' {
  const upper = name.toUpperCase();
  if (upper === 'ALL') return 'ALL';
  const full = upper.startsWith('CAP_') ? upper : `CAP_${upper}`;
  const known = allCapabilities.find((capability) => capability === full);
  if (known === undefined) throw new Refusal('container-capability-unknown', { side, name });
  return known;
}

/**
 * The capabilities of a container, as Docker combines them: `add: ALL` starts from everything, `drop: ALL` from nothing, single
 * names then win over the default. What the host itself lacks (`available`) can't be given and is left out of `ALL`, but refused
 * when asked for by name.
 */
export function resolveCapabilities(
  add: readonly string[],
  drop: readonly string[],
  available: ReadonlySet<Capability>,
): Capability[] {
  const adds = add.map((name) => canonical(name, 'CapAdd'));
  const drops = drop.map((name) => canonical(name, 'CapDrop'));
  for (const name of adds) {
    if (name !== 'ALL' && !available.has(name)) throw new Refusal('container-capability-not-permitted', { name });
  }
  const isWanted = (capability: Capability): boolean => {
    if (adds.includes('ALL')) return !drops.includes(capability);
    if (adds.includes(capability)) return true;
    if (drops.includes('ALL')) return false;
    return defaultCapabilities.includes(capability) && !drops.includes(capability);
  };
  return allCapabilities.filter((capability) => available.has(capability) && isWanted(capability));
}
