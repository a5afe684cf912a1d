import { access, readFile } from 'node:fs/promises';
import { arch, cpus, hostname, release, totalmem } from 'node:os';
import { Refusal } from '../../../base/index.ts';
import { type Capability, parseCapabilityMask } from '../security/capabilities.ts';
import { parseLimits } from '../security/rlimits.ts';
import { parseSeccompProfile, type SeccompProfile } from '../security/seccomp.ts';
import { defaultAppArmorProfile } from './apparmor.ts';
import { runCommand } from './command.ts';
import { readIfThere } from './process.ts';

/** What this machine is and can do, read once when the engine starts. */
export interface HostFacts {
  readonly hostname: string;
  readonly cpus: number;
  readonly memoryBytes: number;
  readonly architecture: 'amd64' | 'arm64';
  readonly kernelRelease: string;
  /** Major and minor. */
  readonly kernel: readonly [number, number];
  /** Changes with every start of the machine; stored because /run need not be a tmpfs. */
  readonly bootId: string;
  readonly bootedAtMs: number;
  readonly cgroupVersion: 1 | 2;
  /** Mount points of all hierarchies. */
  readonly cgroupMounts: readonly string[];
  readonly canLimitSwap: boolean;
  readonly capabilities: ReadonlySet<Capability>;
  /** The daemon's own hard limits, when it can't exceed them. */
  readonly limitCeilings: ReadonlyMap<string, bigint> | undefined;
  readonly ownOomScoreAdj: number;
  /** The profile of containers that ask for none; absent where the kernel has no AppArmor. */
  readonly appArmorProfile?: string;
  readonly seccomp: SeccompProfile;
  /** Static init for `Init: true`; absent when catatonit is not installed. */
  readonly initPath?: string;
  readonly runcPath: string;
  readonly conmonPath: string;
  readonly runcVersion: string;
}

const SECCOMP_PATHS = ['/usr/share/containers/seccomp.json', '/etc/containers/seccomp.json'];
const toolDirectories = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];

async function findTool(name: string): Promise<string | undefined> {
  for (const directory of toolDirectories) {
    const path = `${directory}/${name}`;
    const there = await access(path).then(
      () => true,
      () => false,
    );
    if (there) return path;
  }
  return undefined;
}

async function requireTool(name: string, packageName: string): Promise<string> {
  const path = await findTool(name);
  if (path === undefined) throw new Refusal('engine-tool-missing', { tool: name, package: packageName });
  return path;
}

async function readSeccomp(): Promise<SeccompProfile> {
  for (const path of SECCOMP_PATHS) {
    const text = await readIfThere(path);
    if (text !== undefined) return parseSeccompProfile(text, path);
  }
  // Containers without a filter would be a silent loss of security.
  throw new Refusal('engine-tool-missing', { tool: SECCOMP_PATHS[0], package: 'golang-github-containers-common' });
}

function cgroupMounts(mountInfo: string): { readonly version: 1 | 2; readonly mounts: string[] } {
  const rows = mountInfo.split('\n').map((line) => line.split(' '));
  const ofType = (type: string): string[] =>
    rows.filter((row) => row[row.indexOf('-') + 1] === type).flatMap((row) => row[4] ?? []);
  const [first, unified] = [[...new Set(ofType('cgroup'))], ofType('cgroup2').slice(0, 1)];
  // On a hybrid machine runc keeps a group in the unified hierarchy too, without controllers.
  return first.length > 0 ? { version: 1, mounts: [...first, ...unified] } : { version: 2, mounts: unified };
}

function machineArchitecture(): 'amd64' | 'arm64' {
  const name = arch();
  if (name === 'x64') return 'amd64';
  if (name === 'arm64') return 'arm64';
  throw new Refusal('engine-architecture-unsupported', { architecture: name });
}

/** Reads the machine; refuses with the way out when something that containers need is missing. */
export async function readHostFacts(runDirectory: string): Promise<HostFacts> {
  if (process.getuid?.() !== 0) throw new Refusal('engine-needs-root');
  const [runcPath, conmonPath, initPath] = await Promise.all([
    requireTool('runc', 'runc'),
    requireTool('conmon', 'conmon'),
    findTool('catatonit'),
  ]);
  const [status, limits, mountInfo, stat, bootId, oomScoreAdj, version, seccomp, appArmorProfile] = await Promise.all([
    readFile('/proc/self/status', 'utf8'),
    readFile('/proc/self/limits', 'utf8'),
    readFile('/proc/self/mountinfo', 'utf8'),
    readFile('/proc/stat', 'utf8'),
    readFile('/proc/sys/kernel/random/boot_id', 'utf8'),
    readFile('/proc/self/oom_score_adj', 'utf8'),
    runCommand(runcPath, ['--version']),
    readSeccomp(),
    findTool('apparmor_parser').then((parser) => defaultAppArmorProfile(runDirectory, parser)),
  ]);
  const mask = (name: string): Set<Capability> =>
    parseCapabilityMask(new RegExp(`^${name}:\\s*([0-9a-f]+)$`, 'm').exec(status)?.[1] ?? '0');
  const effective = mask('CapEff');
  const capabilities = new Set([...mask('CapBnd')].filter((name) => effective.has(name)));
  const cgroups = cgroupMounts(mountInfo);
  const memoryMount = cgroups.mounts.find((path) => /\/memory(,|$)|,memory(,|$)/.test(path));
  const canLimitSwap =
    cgroups.version === 2 ||
    (memoryMount !== undefined && (await readIfThere(`${memoryMount}/memory.memsw.limit_in_bytes`)) !== undefined);
  const [major = 0, minor = 0] = release().split('.').map(Number);
  return {
    hostname: hostname(),
    cpus: cpus().length,
    memoryBytes: totalmem(),
    architecture: machineArchitecture(),
    kernelRelease: release(),
    kernel: [major, minor],
    bootId: bootId.trim(),
    bootedAtMs: Number(/^btime (\d+)$/m.exec(stat)?.[1] ?? 0) * 1000,
    cgroupVersion: cgroups.version,
    cgroupMounts: cgroups.mounts,
    canLimitSwap,
    capabilities,
    limitCeilings: effective.has('CAP_SYS_RESOURCE') ? undefined : parseLimits(limits),
    ownOomScoreAdj: Number(oomScoreAdj),
    ...(appArmorProfile === undefined ? {} : { appArmorProfile }),
    seccomp,
    ...(initPath === undefined ? {} : { initPath }),
    runcPath,
    conmonPath,
    runcVersion: /runc version (\S+)/.exec(version.stdout)?.[1] ?? 'unknown',
  };
}
