import type { Capability } from '../security/capabilities.ts';
import { maskedPaths, readonlyPaths } from '../security/paths.ts';
import type { ResolvedMount } from '../volumes/resolved-mount.ts';
import type { OciConfig, OciMount, OciProcess, OciResources, OciRlimit, OciSeccomp } from './oci.ts';
import type { ResolvedUser } from './user.ts';

/** Everything that decides a container's `config.json`, resolved; see `prepare.ts` for where each comes from. */
export interface ContainerPlan {
  readonly id: string;
  readonly rootPath: string;
  readonly readOnlyRoot: boolean;
  readonly args: readonly string[];
  readonly env: readonly string[];
  readonly cwd: string;
  readonly tty: boolean;
  readonly user: ResolvedUser;
  readonly hostname: string;
  readonly capabilities: readonly Capability[];
  readonly noNewPrivileges: boolean;
  readonly seccomp?: OciSeccomp;
  readonly appArmorProfile?: string;
  readonly rlimits: readonly OciRlimit[];
  readonly oomScoreAdj: number;
  readonly resources: OciResources;
  readonly cgroupVersion: 1 | 2;
  readonly cgroupsPath: string;
  readonly network: { readonly kind: 'own' | 'host' } | { readonly kind: 'joined'; readonly path: string };
  readonly sysctls: Readonly<Record<string, string>>;
  readonly mounts: readonly ResolvedMount[];
  /** Host paths of the files that the engine wrote. */
  readonly files: { readonly hosts: string; readonly hostname: string; readonly resolvConf: string };
  /** Host path of a static init that is put in front of the command. */
  readonly initPath?: string;
}

const INIT_TARGET = '/sbin/docker-init';
/** Docker's size of /dev/shm. */
const SHM_BYTES = 67_108_864;

const systemMounts = (plan: ContainerPlan): OciMount[] => [
  { destination: '/proc', type: 'proc', source: 'proc', options: ['nosuid', 'noexec', 'nodev'] },
  {
    destination: '/dev',
    type: 'tmpfs',
    source: 'tmpfs',
    options: ['nosuid', 'strictatime', 'mode=755', 'size=65536k'],
  },
  {
    destination: '/dev/pts',
    type: 'devpts',
    source: 'devpts',
    options: ['nosuid', 'noexec', 'newinstance', 'ptmxmode=0666', 'mode=0620', 'gid=5'],
  },
  { destination: '/sys', type: 'sysfs', source: 'sysfs', options: ['nosuid', 'noexec', 'nodev', 'ro'] },
  { destination: '/sys/fs/cgroup', type: 'cgroup', source: 'cgroup', options: ['ro', 'nosuid', 'noexec', 'nodev'] },
  { destination: '/dev/mqueue', type: 'mqueue', source: 'mqueue', options: ['nosuid', 'noexec', 'nodev'] },
  {
    destination: '/dev/shm',
    type: 'tmpfs',
    source: 'shm',
    options: ['nosuid', 'noexec', 'nodev', 'mode=1777', `size=${SHM_BYTES}`],
  },
  ...(
    [
      ['/etc/resolv.conf', plan.files.resolvConf],
      ['/etc/hostname', plan.files.hostname],
      ['/etc/hosts', plan.files.hosts],
    ] as const
  ).map(([destination, source]) => ({ destination, type: 'bind', source, options: ['rbind', 'rprivate'] })),
  ...(plan.initPath === undefined
    ? []
    : [{ destination: INIT_TARGET, type: 'bind', source: plan.initPath, options: ['bind', 'ro', 'rprivate'] }]),
];

function userMount(mount: ResolvedMount): OciMount {
  if (mount.kind === 'tmpfs')
    return { destination: mount.target, type: 'tmpfs', source: 'tmpfs', options: mount.options };
  const readOnly = mount.readOnly ? (mount.shallowReadOnly ? ['ro'] : ['ro', 'rro']) : ['rw'];
  return {
    destination: mount.target,
    type: 'bind',
    source: mount.source,
    options: [mount.recursive ? 'rbind' : 'bind', ...readOnly, mount.propagation],
  };
}

/** The process of a container; `runc exec` takes the same document. */
export function buildProcess(
  plan: Pick<
    ContainerPlan,
    'args' | 'env' | 'cwd' | 'tty' | 'user' | 'capabilities' | 'noNewPrivileges' | 'appArmorProfile' | 'rlimits'
  > & { readonly oomScoreAdj?: number },
): OciProcess {
  // A user other than root starts with no capability in force; programs with file capabilities get theirs up to the bounding set.
  const inForce = plan.user.uid === 0 ? plan.capabilities : [];
  const { home: _home, ...user } = plan.user;
  return {
    terminal: plan.tty,
    user,
    args: plan.args,
    env: plan.env,
    cwd: plan.cwd,
    capabilities: { bounding: plan.capabilities, effective: inForce, permitted: inForce, inheritable: [], ambient: [] },
    rlimits: plan.rlimits,
    noNewPrivileges: plan.noNewPrivileges,
    ...(plan.appArmorProfile === undefined ? {} : { apparmorProfile: plan.appArmorProfile }),
    ...(plan.oomScoreAdj === undefined ? {} : { oomScoreAdj: plan.oomScoreAdj }),
  };
}

/** The OCI document of a container with Docker's security defaults. Pure: the same plan gives the same text. */
export function buildConfig(plan: ContainerPlan): OciConfig {
  const network =
    plan.network.kind === 'host'
      ? []
      : [{ type: 'network', ...(plan.network.kind === 'joined' ? { path: plan.network.path } : {}) }];
  const own = ['pid', 'ipc', 'uts', 'mount', ...(plan.cgroupVersion === 2 ? ['cgroup'] : [])];
  const args = plan.initPath === undefined ? plan.args : [INIT_TARGET, '--', ...plan.args];
  // Parents before children, so that a mount never hides one made before it.
  const mounts = [...plan.mounts].sort((a, b) => a.target.split('/').length - b.target.split('/').length);
  const overridden = new Set(mounts.map((mount) => mount.target));
  return {
    ociVersion: '1.0.2',
    process: buildProcess({ ...plan, args }),
    root: { path: plan.rootPath, readonly: plan.readOnlyRoot },
    hostname: plan.hostname,
    mounts: [...systemMounts(plan).filter((mount) => !overridden.has(mount.destination)), ...mounts.map(userMount)],
    linux: {
      resources: plan.resources,
      cgroupsPath: plan.cgroupsPath,
      namespaces: [...own.map((type) => ({ type })), ...network],
      ...(plan.seccomp === undefined ? {} : { seccomp: plan.seccomp }),
      sysctl: plan.sysctls,
      maskedPaths,
      readonlyPaths,
    },
  };
}
