import { access, readdir, readFile, statfs } from 'node:fs/promises';
import type { Configuration } from '../configuration.ts';

/** What one look at the machine gave. `mend` is a command or a step, present when something is to be done. */
export interface Finding {
  readonly name: string;
  readonly state: 'ok' | 'note' | 'missing';
  readonly detail: string;
  readonly mend?: string;
}

type Check = (configuration: Configuration) => Promise<Finding>;

interface Program {
  readonly name: string;
  readonly files: readonly string[];
  readonly packageName: string;
  readonly why: string;
}

/** Below this the state directory's disk is named: images and logs fill it soon. */
const LOW_DISK_BYTES = 2 * 1024 ** 3;
/** On cgroup v2 every container's monitor takes an inotify instance. */
const ENOUGH_INOTIFY_INSTANCES = 1024;

const sbin = (name: string) => [
  `/usr/sbin/${name}`,
  `/usr/bin/${name}`,
  `/usr/local/sbin/${name}`,
  `/usr/local/bin/${name}`,
];

/** Programs that the embedded engine and the data plane start. */
export const programs: readonly Program[] = [
  { name: 'runc', files: sbin('runc'), packageName: 'runc', why: 'runs containers' },
  { name: 'conmon', files: sbin('conmon'), packageName: 'conmon', why: 'stays with each container' },
  {
    name: 'seccomp profile',
    files: ['/usr/share/containers/seccomp.json'],
    packageName: 'golang-github-containers-common',
    why: 'is what containers may ask of the kernel',
  },
  {
    name: 'catatonit',
    files: [...sbin('catatonit'), '/usr/libexec/catatonit/catatonit'],
    packageName: 'catatonit',
    why: 'is the init process of containers that ask for one',
  },
  { name: 'socat', files: sbin('socat'), packageName: 'socat', why: 'connects to the input of containers' },
  { name: 'ip', files: [...sbin('ip'), '/sbin/ip'], packageName: 'iproute2', why: 'makes network namespaces' },
  { name: 'nft', files: sbin('nft'), packageName: 'nftables', why: 'publishes and balances traffic' },
];

const root: Check = async () =>
  process.getuid?.() === 0
    ? { name: 'root', state: 'ok', detail: 'running as root' }
    : { name: 'root', state: 'missing', detail: 'the daemon needs root', mend: 'sudo ruche daemon' };

const program =
  ({ name, files, packageName, why }: Program): Check =>
  async () => {
    const found = await firstThere(files);
    if (found !== undefined) return { name, state: 'ok', detail: found };
    return { name, state: 'missing', detail: `not found; it ${why}`, mend: `apt-get install ${packageName}` };
  };

const overlay: Check = async () => {
  const known = (await readFile('/proc/filesystems', 'utf8')).includes('overlay');
  return known
    ? { name: 'overlayfs', state: 'ok', detail: 'known to the kernel' }
    : { name: 'overlayfs', state: 'missing', detail: 'the kernel does not list it', mend: 'modprobe overlay' };
};

const cgroups: Check = async () => {
  const name = 'cgroups';
  const wanted = ['memory', 'cpu', 'pids'];
  const unified = await readFile('/sys/fs/cgroup/cgroup.controllers', 'utf8').catch(() => undefined);
  if (unified !== undefined) {
    const lacking = wanted.filter((controller) => !unified.split(/\s+/).includes(controller));
    return lacking.length === 0
      ? { name, state: 'ok', detail: 'version 2' }
      : {
          name,
          state: 'missing',
          detail: `version 2 without ${lacking.join(', ')}`,
          mend: 'run the daemon under systemd with Delegate=yes',
        };
  }
  const mounted = await readdir('/sys/fs/cgroup').catch(() => []);
  const lacking = wanted.filter((controller) => !mounted.some((entry) => entry.split(',').includes(controller)));
  return lacking.length === 0
    ? { name, state: 'ok', detail: 'version 1' }
    : {
        name,
        state: 'missing',
        detail: `version 1 without ${lacking.join(', ')}`,
        mend: 'boot with cgroup_enable=memory swapaccount=1, or use cgroup version 2',
      };
};

const seccomp: Check = async () => {
  const known = (await readFile('/proc/self/status', 'utf8')).includes('Seccomp_filters:');
  return known
    ? { name: 'seccomp', state: 'ok', detail: 'filters are supported' }
    : { name: 'seccomp', state: 'note', detail: 'no seccomp filters in this kernel: containers run without a filter' };
};

const appArmor: Check = async () => {
  const enabled = await readFile('/sys/module/apparmor/parameters/enabled', 'utf8').catch(() => 'N');
  return { name: 'AppArmor', state: 'ok', detail: enabled.startsWith('Y') ? 'enabled' : 'not enabled on this machine' };
};

const inotify: Check = async () => {
  const limit = Number(await readFile('/proc/sys/fs/inotify/max_user_instances', 'utf8'));
  if (limit >= ENOUGH_INOTIFY_INSTANCES) return { name: 'inotify', state: 'ok', detail: `${limit} instances` };
  return {
    name: 'inotify',
    state: 'note',
    detail: `${limit} instances a user; with cgroup version 2 each container takes one`,
    mend: 'sysctl fs.inotify.max_user_instances=8192',
  };
};

const disk: Check = async ({ stateDirectory }) => {
  const there = await firstThere([stateDirectory, '/var/lib', '/']);
  const { bavail, bsize } = await statfs(there ?? '/');
  const freeBytes = bavail * bsize;
  const detail = `${(freeBytes / 1024 ** 3).toFixed(1)} GiB free for ${stateDirectory}`;
  if (freeBytes >= LOW_DISK_BYTES) return { name: 'disk', state: 'ok', detail };
  return {
    name: 'disk',
    state: 'note',
    detail,
    mend: 'free some space: a full disk refuses every change of the cluster',
  };
};

const dockerEngine: Check = async ({ dockerSocket }) => {
  const found = await firstThere([dockerSocket]);
  return found !== undefined
    ? { name: 'Docker Engine', state: 'ok', detail: `its socket is ${dockerSocket}` }
    : {
        name: 'Docker Engine',
        state: 'missing',
        detail: `no socket at ${dockerSocket}`,
        mend: 'start it, or set "engine": "embedded"',
      };
};

/** Looks at everything that this configuration needs of the machine. Changes nothing. */
export function examine(configuration: Configuration): Promise<Finding[]> {
  const engine =
    configuration.engine === 'docker'
      ? [dockerEngine]
      : [...programs.map(program), overlay, seccomp, appArmor, inotify];
  return Promise.all([root, ...engine, cgroups, disk].map((check) => check(configuration)));
}

async function firstThere(files: readonly string[]): Promise<string | undefined> {
  for (const file of files) {
    const there = await access(file).then(
      () => true,
      () => false,
    );
    if (there) return file;
  }
  return undefined;
}
