import { Refusal } from '../../../base/index.ts';
import type { OciSeccomp, OciSeccompRule } from '../spec/oci.ts';
import type { Capability } from './capabilities.ts';

/** A profile in Docker's format: OCI rules with conditions on capabilities, architecture and kernel. */
export interface SeccompProfile {
  readonly defaultAction: string;
  readonly defaultErrnoRet?: number;
  readonly syscalls: readonly ProfileRule[];
}

interface Condition {
  readonly caps?: readonly string[];
  readonly arches?: readonly string[];
  readonly minKernel?: string;
}

interface ProfileRule extends Omit<OciSeccompRule, 'args'> {
  readonly name?: string;
  readonly args?: OciSeccompRule['args'] | null;
  readonly comment?: string;
  readonly includes?: Condition;
  readonly excludes?: Condition;
}

export interface SeccompTarget {
  readonly capabilities: readonly Capability[];
  readonly architecture: 'amd64' | 'arm64';
  /** Major and minor version. */
  readonly kernel: readonly [number, number];
}

/**
 * Only the machine's own architecture. The 32-bit twins would be compiled as well, which is a third of a container's start
 * (12 of 33 ms), and no image that we run needs them; their system calls are refused.
 */
const architectureNames = { amd64: 'SCMP_ARCH_X86_64', arm64: 'SCMP_ARCH_AARCH64' } as const;

/**
 * What the packaged profile (Debian's golang-github-containers-common) leaves open and Docker's does not: system calls that need a
 * capability of the container. Without it they give EPERM; `clone3` gives ENOSYS, so that the C library falls back to `clone`,
 * whose flags a filter can see.
 */
const gates: ReadonlyArray<{ readonly caps: readonly Capability[]; readonly names: readonly string[] }> = [
  {
    caps: ['CAP_SYS_ADMIN'],
    names: [
      'fsconfig',
      'fsmount',
      'fsopen',
      'fspick',
      'mount',
      'mount_setattr',
      'move_mount',
      'open_tree',
      'setns',
      'sethostname',
      'umount',
      'umount2',
      'unshare',
    ],
  },
  { caps: ['CAP_SYS_ADMIN', 'CAP_SYSLOG'], names: ['syslog'] },
  { caps: ['CAP_SYS_BOOT'], names: ['reboot'] },
  { caps: ['CAP_SYS_NICE'], names: ['get_mempolicy', 'mbind', 'set_mempolicy', 'set_mempolicy_home_node'] },
  { caps: ['CAP_SYS_PTRACE'], names: ['pidfd_getfd'] },
];
/** Never in Docker's profile, whatever the capabilities. */
const neverAllowed: readonly string[] = [
  'add_key',
  'io_uring_enter',
  'io_uring_register',
  'io_uring_setup',
  'keyctl',
  'pivot_root',
  'request_key',
  'swapoff',
  'swapon',
  'userfaultfd',
];
const EPERM = 1;
const ENOSYS = 38;
/** All CLONE_NEW* flags that `clone` can carry. */
const NAMESPACE_FLAGS = 0x7e020000;

function holds(condition: Condition, target: SeccompTarget): boolean {
  const { caps, arches, minKernel } = condition;
  if (caps?.length && !caps.every((name) => target.capabilities.some((has) => has === name))) return false;
  if (arches?.length && !arches.includes(target.architecture)) return false;
  if (minKernel !== undefined && minKernel !== '') {
    const [major = 0, minor = 0] = minKernel.split('.').map(Number);
    if (target.kernel[0] < major || (target.kernel[0] === major && target.kernel[1] < minor)) return false;
  }
  return true;
}

function excluded(condition: Condition, target: SeccompTarget): boolean {
  const { caps, arches } = condition;
  return (
    (caps ?? []).some((name) => target.capabilities.some((has) => has === name)) ||
    (arches ?? []).includes(target.architecture)
  );
}

/** The rules of a profile that apply to a container, in the form that runc takes. */
export function resolveSeccomp(profile: SeccompProfile, target: SeccompTarget): OciSeccomp {
  const syscalls = profile.syscalls
    .filter((rule) => holds(rule.includes ?? {}, target) && !excluded(rule.excludes ?? {}, target))
    .map(({ name, names, action, errnoRet, args }) => ({
      names: names ?? (name === undefined ? [] : [name]),
      action,
      ...(errnoRet === undefined ? {} : { errnoRet }),
      ...(args?.length ? { args } : {}),
    }));
  return {
    defaultAction: profile.defaultAction,
    ...(profile.defaultErrnoRet === undefined ? {} : { defaultErrnoRet: profile.defaultErrnoRet }),
    architectures: [architectureNames[target.architecture]],
    syscalls,
  };
}

/** The packaged profile as a default: resolved, and closed where Docker's default is closed. */
export function resolveDefaultSeccomp(profile: SeccompProfile, target: SeccompTarget): OciSeccomp {
  const resolved = resolveSeccomp(profile, target);
  const has = (names: readonly Capability[]): boolean => names.some((name) => target.capabilities.includes(name));
  const open = gates.filter((gate) => has(gate.caps)).flatMap((gate) => gate.names);
  const closed = gates.flatMap((gate) => gate.names).filter((name) => !open.includes(name));
  const mayUnshare = has(['CAP_SYS_ADMIN']);
  const ours = new Set([...open, ...closed, ...neverAllowed, 'clone', 'clone3']);
  const kept = resolved.syscalls
    .map((rule) => ({ ...rule, names: rule.names.filter((name) => !ours.has(name)) }))
    .filter((rule) => rule.names.length > 0);
  const cloneRules: OciSeccompRule[] = mayUnshare
    ? [{ names: ['clone', 'clone3'], action: 'SCMP_ACT_ALLOW' }]
    : [
        {
          names: ['clone'],
          action: 'SCMP_ACT_ALLOW',
          args: [{ index: 0, value: NAMESPACE_FLAGS, valueTwo: 0, op: 'SCMP_CMP_MASKED_EQ' }],
        },
        { names: ['clone3'], action: 'SCMP_ACT_ERRNO', errnoRet: ENOSYS },
      ];
  return {
    ...resolved,
    syscalls: [
      ...kept,
      ...(open.length > 0 ? [{ names: open, action: 'SCMP_ACT_ALLOW' }] : []),
      { names: [...closed, ...neverAllowed], action: 'SCMP_ACT_ERRNO', errnoRet: EPERM },
      ...cloneRules,
    ],
  };
}

/** Reads a profile in Docker's format, as `docker --security-opt seccomp=FILE` sends its content. */
export function parseSeccompProfile(text: string, where: string): SeccompProfile {
  const refuse = (why: string): Refusal => new Refusal('container-seccomp-invalid', { where, why });
  let profile: unknown;
  try {
    profile = JSON.parse(text);
  } catch (cause) {
    throw refuse(cause instanceof Error ? cause.message : String(cause));
  }
  if (typeof profile !== 'object' || profile === null || !('defaultAction' in profile))
    throw refuse('no defaultAction');
  const { syscalls } = profile as { syscalls?: unknown }; // Checked below; runc checks the rules' inner form.
  if (syscalls !== undefined && syscalls !== null && !Array.isArray(syscalls)) throw refuse('syscalls is not a list');
  for (const rule of syscalls ?? []) {
    if (typeof rule !== 'object' || rule === null || !('action' in rule))
      throw refuse('a rule of syscalls has no action');
  }
  return { ...(profile as SeccompProfile), syscalls: (syscalls ?? []) as readonly ProfileRule[] };
}
