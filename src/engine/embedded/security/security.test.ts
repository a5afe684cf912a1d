import { describe, expect, test } from 'vitest';
import { allCapabilities, defaultCapabilities, parseCapabilityMask, resolveCapabilities } from './capabilities.ts';
import { parseSecurityOptions } from './options.ts';
import { parseLimits, resolveUlimits, UNLIMITED } from './rlimits.ts';
import { parseSeccompProfile, resolveDefaultSeccomp, resolveSeccomp, type SeccompProfile } from './seccomp.ts';

const all = new Set(allCapabilities);

describe('capabilities', () => {
  test("the default is Docker's fourteen", () => {
    expect(resolveCapabilities([], [], all)).toHaveLength(14);
    expect(parseCapabilityMask('00000000a80425fb')).toEqual(new Set(defaultCapabilities));
  });

  test.each([
    { add: ['NET_ADMIN'], drop: [], has: ['CAP_NET_ADMIN', 'CAP_CHOWN'], lacks: ['CAP_SYS_ADMIN'] },
    { add: ['cap_sys_time'], drop: ['ALL'], has: ['CAP_SYS_TIME'], lacks: ['CAP_CHOWN'] },
    { add: ['ALL'], drop: ['net_raw'], has: ['CAP_SYS_ADMIN'], lacks: ['CAP_NET_RAW'] },
    { add: [], drop: ['CHOWN'], has: ['CAP_KILL'], lacks: ['CAP_CHOWN'] },
  ])('add $add drop $drop', ({ add, drop, has, lacks }) => {
    const resolved: readonly string[] = resolveCapabilities(add, drop, all);
    expect(resolved).toEqual(expect.arrayContaining(has));
    for (const name of lacks) expect(resolved).not.toContain(name);
  });

  test('what the host lacks: left out of ALL, refused by name', () => {
    const poor = new Set(allCapabilities.filter((name) => name !== 'CAP_SYS_RESOURCE'));
    expect(resolveCapabilities(['ALL'], [], poor)).not.toContain('CAP_SYS_RESOURCE');
    expect(() => resolveCapabilities(['SYS_RESOURCE'], [], poor)).toThrow('CAP_SYS_RESOURCE');
    expect(() => resolveCapabilities(['FLY'], [], all)).toThrow('invalid CapAdd: unknown capability: "FLY"');
  });
});

const target = { capabilities: defaultCapabilities, architecture: 'amd64', kernel: [6, 1] } as const;
const profile: SeccompProfile = {
  defaultAction: 'SCMP_ACT_ERRNO',
  defaultErrnoRet: 38,
  syscalls: [
    { names: ['read', 'mount', 'clone', 'clone3', 'keyctl', 'unshare'], action: 'SCMP_ACT_ALLOW', args: null },
    { names: ['arch_prctl'], action: 'SCMP_ACT_ALLOW', includes: { arches: ['amd64'] } },
    { names: ['set_tls'], action: 'SCMP_ACT_ALLOW', includes: { arches: ['arm64'] } },
    { names: ['bpf'], action: 'SCMP_ACT_ALLOW', includes: { caps: ['CAP_SYS_ADMIN'] } },
    { names: ['bpf'], action: 'SCMP_ACT_ERRNO', errnoRet: 1, excludes: { caps: ['CAP_SYS_ADMIN'] } },
    { names: ['ptrace'], action: 'SCMP_ACT_ALLOW', includes: { minKernel: '4.8' } },
    { names: ['future'], action: 'SCMP_ACT_ALLOW', includes: { minKernel: '6.2' } },
  ],
};

/** What the filter does with a call, arguments left aside. */
function actionsOf(resolved: ReturnType<typeof resolveSeccomp>, name: string): Array<[string, number | undefined]> {
  return resolved.syscalls
    .filter(({ names }) => names.includes(name))
    .map(({ action, errnoRet }) => [action, errnoRet]);
}

describe('seccomp', () => {
  test('conditions decide which rules apply, and are dropped', () => {
    const resolved = resolveSeccomp(profile, target);
    expect(resolved.syscalls.map(({ names }) => names.join())).toEqual([
      'read,mount,clone,clone3,keyctl,unshare',
      'arch_prctl',
      'bpf',
      'ptrace',
    ]);
    expect(resolved.architectures).toEqual(['SCMP_ARCH_X86_64']);
    expect(JSON.stringify(resolved)).not.toMatch(/includes|excludes|null/);
  });

  test('the default closes what Docker closes: namespaces, mounts, keys', () => {
    const resolved = resolveDefaultSeccomp(profile, target);
    for (const name of ['mount', 'unshare', 'setns', 'keyctl', 'io_uring_setup'])
      expect(actionsOf(resolved, name), name).toEqual([['SCMP_ACT_ERRNO', 1]]);
    expect(actionsOf(resolved, 'clone3')).toEqual([['SCMP_ACT_ERRNO', 38]]);
    expect(resolved.syscalls.find(({ names }) => names.includes('clone'))?.args).toEqual([
      { index: 0, value: 2_114_060_288, valueTwo: 0, op: 'SCMP_CMP_MASKED_EQ' },
    ]);
    expect(actionsOf(resolved, 'read')).toEqual([['SCMP_ACT_ALLOW', undefined]]);
  });

  test('CAP_SYS_ADMIN opens them, keys stay closed', () => {
    const resolved = resolveDefaultSeccomp(profile, {
      ...target,
      capabilities: [...defaultCapabilities, 'CAP_SYS_ADMIN'],
    });
    for (const name of ['mount', 'unshare', 'clone', 'clone3'])
      expect(actionsOf(resolved, name), name).toEqual([['SCMP_ACT_ALLOW', undefined]]);
    expect(actionsOf(resolved, 'keyctl')).toEqual([['SCMP_ACT_ERRNO', 1]]);
  });

  test.each([
    '{',
    '[]',
    '{"defaultAction":"x","syscalls":5}',
    '{"defaultAction":"x","syscalls":[{}]}',
  ])('a profile %s is refused', (text) => {
    expect(() => parseSeccompProfile(text, 'this container')).toThrow(
      /decoding seccomp profile of this container failed/,
    );
  });
});

test('security options in both spellings; what can not be done is refused', () => {
  expect(parseSecurityOptions([])).toEqual({ noNewPrivileges: false, seccomp: { kind: 'default' } });
  expect(parseSecurityOptions(['no-new-privileges', 'seccomp=unconfined', 'apparmor:mine'])).toEqual({
    noNewPrivileges: true,
    seccomp: { kind: 'unconfined' },
    appArmorProfile: 'mine',
  });
  expect(parseSecurityOptions(['no-new-privileges:false', 'seccomp={"a":1}'])).toMatchObject({
    noNewPrivileges: false,
    seccomp: { kind: 'profile', text: '{"a":1}' },
  });
  expect(() => parseSecurityOptions(['label=type:x'])).toThrow('invalid --security-opt: "label=type:x"');
});

describe('ulimits', () => {
  const ceilings = parseLimits(
    [
      'Limit                     Soft Limit           Hard Limit           Units',
      'Max open files            20000                20000                files',
      'Max cpu time              unlimited            unlimited            seconds',
    ].join('\n'),
  );

  test('are read and lowered to what the daemon has', () => {
    expect(ceilings.get('nofile')).toBe(20_000n);
    expect(ceilings.get('cpu')).toBe(UNLIMITED);
    expect(resolveUlimits([{ Name: 'nofile', Soft: 1024, Hard: 99_999 }], ceilings)).toEqual([
      { type: 'RLIMIT_NOFILE', soft: 1024n, hard: 20_000n },
    ]);
    expect(resolveUlimits([{ Name: 'nofile', Soft: -1, Hard: -1 }], undefined)).toEqual([
      { type: 'RLIMIT_NOFILE', soft: UNLIMITED, hard: UNLIMITED },
    ]);
  });

  test('of no known name, or soft above hard, are refused', () => {
    expect(() => resolveUlimits([{ Name: 'wings', Soft: 1, Hard: 1 }], ceilings)).toThrow('invalid ulimit wings');
    expect(() => resolveUlimits([{ Name: 'nofile', Soft: 5, Hard: 2 }], ceilings)).toThrow(
      'soft limit must be less than or equal',
    );
  });
});
