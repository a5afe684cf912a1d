import { describe, expect, test } from 'vitest';
import { commandLine } from '../containers/create.ts';
import { defaultCapabilities } from '../security/capabilities.ts';
import { buildConfig, type ContainerPlan } from './build.ts';
import { mergeEnvironment, shownEnvironment } from './environment.ts';
import { logSettings } from './log-settings.ts';
import { mountRequests } from './mounts.ts';
import { networkFiles } from './network-files.ts';
import { encodeOci } from './oci.ts';
import { refuseUnbuilt } from './refusals.ts';
import { resolveResources } from './resources.ts';
import { parseSignal } from './signals.ts';
import { resolveSysctls } from './sysctls.ts';
import { parseTimeNs, timestampOf, timestampOfNs } from './time.ts';
import { resolveUser } from './user.ts';

const plan: ContainerPlan = {
  id: 'c1',
  rootPath: '/b/merged',
  readOnlyRoot: false,
  args: ['sleep', '1'],
  env: ['PATH=/bin'],
  cwd: '/',
  tty: false,
  user: { uid: 0, gid: 0, additionalGids: [0], home: '/root' },
  hostname: 'c1',
  capabilities: defaultCapabilities,
  noNewPrivileges: false,
  rlimits: [{ type: 'RLIMIT_NOFILE', soft: 1n, hard: 2n ** 64n - 1n }],
  oomScoreAdj: 0,
  resources: { devices: [] },
  cgroupVersion: 1,
  cgroupsPath: '/ruche/c1',
  network: { kind: 'joined', path: '/run/netns/t1' },
  sysctls: {},
  mounts: [],
  files: { hosts: '/b/files/hosts', hostname: '/b/files/hostname', resolvConf: '/b/files/resolv.conf' },
};

describe('config.json', () => {
  test('the whole document of a plain container', () => {
    expect(JSON.parse(encodeOci(buildConfig(plan)))).toMatchSnapshot();
  });

  test('64-bit numbers are written to the digit', () => {
    expect(encodeOci(buildConfig(plan))).toContain('"hard":18446744073709551615');
  });

  test('a user other than root has no capability in force', () => {
    const { capabilities } = buildConfig({ ...plan, user: { uid: 5, gid: 5, additionalGids: [], home: '/' } }).process;
    expect(capabilities).toEqual({
      bounding: defaultCapabilities,
      effective: [],
      permitted: [],
      inheritable: [],
      ambient: [],
    });
  });

  test("namespaces: own, joined, the host's; cgroup version 2 gets one more", () => {
    const types = (changes: Partial<ContainerPlan>): string[] =>
      buildConfig({ ...plan, ...changes }).linux.namespaces.map(({ type, path }) =>
        path === undefined ? type : `${type}=${path}`,
      );
    expect(types({})).toEqual(['pid', 'ipc', 'uts', 'mount', 'network=/run/netns/t1']);
    expect(types({ network: { kind: 'host' } })).toEqual(['pid', 'ipc', 'uts', 'mount']);
    expect(types({ network: { kind: 'own' }, cgroupVersion: 2 })).toEqual([
      'pid',
      'ipc',
      'uts',
      'mount',
      'cgroup',
      'network',
    ]);
  });

  test('mounts of the user: parents first, replacing ours of the same place; init in front of the command', () => {
    const bind = {
      kind: 'bind',
      source: '/s',
      readOnly: true,
      shallowReadOnly: false,
      recursive: true,
      propagation: 'rprivate',
    } as const;
    const config = buildConfig({
      ...plan,
      initPath: '/usr/bin/catatonit',
      mounts: [
        { ...bind, target: '/a/b/c' },
        { ...bind, target: '/a' },
        { kind: 'tmpfs', target: '/dev/shm', options: ['size=1m'] },
      ],
    });
    expect(config.process.args).toEqual(['/sbin/docker-init', '--', 'sleep', '1']);
    expect(config.mounts.slice(-3).map(({ destination }) => destination)).toEqual(['/a', '/dev/shm', '/a/b/c']);
    expect(config.mounts.filter(({ destination }) => destination === '/dev/shm')).toHaveLength(1);
    expect(config.mounts.at(-1)?.options).toEqual(['rbind', 'ro', 'rro', 'rprivate']);
  });
});

test.each([
  { create: {}, image: { Entrypoint: ['e'], Cmd: ['c'] }, line: ['e', 'c'] },
  { create: { Cmd: ['x'] }, image: { Entrypoint: ['e'], Cmd: ['c'] }, line: ['e', 'x'] },
  { create: { Entrypoint: ['n'] }, image: { Entrypoint: ['e'], Cmd: ['c'] }, line: ['n'] },
  { create: { Entrypoint: [''], Cmd: ['x'] }, image: { Entrypoint: ['e'] }, line: ['x'] },
])('command line of $create on $image', ({ create, image, line }) => {
  expect(commandLine({ Image: 'i', ...create }, image)).toEqual(line);
});

describe('environment', () => {
  test('later wins, a bare name removes, HOME only if nobody sets it', () => {
    const own = { hostname: 'h', tty: true, home: '/root' };
    expect(mergeEnvironment(own, ['PATH=/i', 'A=1', 'B=2'], ['A=3', 'B'])).toEqual([
      'PATH=/i',
      'HOSTNAME=h',
      'TERM=xterm',
      'A=3',
      'HOME=/root',
    ]);
    expect(mergeEnvironment({ ...own, tty: false }, ['HOME=/x'])).toContain('HOME=/x');
  });

  test('as shown: a PATH is always there', () => {
    expect(shownEnvironment(['A=1'], ['A=2'])).toEqual(['A=2', expect.stringMatching(/^PATH=/)]);
  });
});

describe('users', () => {
  const accounts = {
    passwd: 'root:x:0:0:root:/root:/bin/sh\napp:x:1000:1001::/home/app:\n77:x:5:5::/odd:\nbroken\n',
    group: 'root:x:0:\nwheel:x:10:root,app\nappgroup:x:1001:\n',
  };
  test.each([
    { user: '', is: { uid: 0, gid: 0, additionalGids: [0, 10], home: '/root' } },
    { user: 'app', is: { uid: 1000, gid: 1001, additionalGids: [1001, 10], home: '/home/app' } },
    { user: '1000', is: { uid: 1000, gid: 1001, additionalGids: [1001, 10], home: '/home/app' } },
    { user: 'app:wheel', is: { uid: 1000, gid: 10, additionalGids: [10], home: '/home/app' } },
    { user: '4242', is: { uid: 4242, gid: 0, additionalGids: [0], home: '/' } },
    { user: '4242:99', is: { uid: 4242, gid: 99, additionalGids: [99], home: '/' } },
    { user: '77', is: { uid: 5, gid: 5, additionalGids: [5], home: '/odd' } },
  ])('"$user"', ({ user, is }) => {
    expect(resolveUser(user, [], accounts)).toEqual(is);
  });

  test('added groups by name and number; what is unknown is named', () => {
    expect(resolveUser('app', ['root', '500'], accounts).additionalGids).toEqual([1001, 10, 0, 500]);
    expect(() => resolveUser('ghost', [], accounts)).toThrow(
      'unable to find user ghost: no matching entries in passwd file',
    );
    expect(() => resolveUser('app:ghost', [], accounts)).toThrow('unable to find group ghost');
    expect(() => resolveUser('2147483648', [], accounts)).toThrow('uids and gids must be in range 0-2147483647');
  });
});

describe('mount requests', () => {
  const of = (HostConfig: object, volumes: string[] = []) => mountRequests({ Image: 'i', HostConfig }, volumes);
  test('all spellings', () => {
    expect(
      of({ Binds: ['/a:/b:ro', 'vol:/c', '/only'], Tmpfs: { '/t': 'size=5m,exec' } }, ['/c', '/d/../e']),
    ).toMatchObject([
      { kind: 'bind', source: '/a', target: '/b', readOnly: true, createSource: true },
      { kind: 'volume', name: 'vol', target: '/c', readOnly: false },
      { kind: 'volume', target: '/only' },
      { kind: 'tmpfs', target: '/t', options: ['nosuid', 'nodev', 'size=5m', 'exec'] },
      { kind: 'volume', target: '/e' },
    ]);
  });
  test.each([
    [{ Mounts: [{ Type: 'bind', Source: 'rel', Target: '/x' }] }, 'mount path must be absolute'],
    [{ Mounts: [{ Type: 'bind', Source: '/s', Target: '/' }] }, "destination can't be '/'"],
    [{ Mounts: [{ Type: 'npipe', Source: 'x', Target: '/x' }] }, 'npipe'],
    [
      { Mounts: [{ Type: 'bind', Source: '/s', Target: '/x', BindOptions: { Propagation: 'shared' } }] },
      'propagation shared',
    ],
    [{ Mounts: [{ Type: 'volume', Source: '../x', Target: '/x' }] }, 'invalid characters'],
    [
      { Mounts: [{ Type: 'volume', Source: 'x', Target: '/x', VolumeOptions: { DriverConfig: { Name: 'nfs' } } }] },
      'volume driver nfs',
    ],
    [{ Tmpfs: { '/t': 'size=1m,context=x' } }, 'invalid option context=x'],
    [{ Binds: ['/a:/x', '/b:/x'] }, 'Duplicate mount point: /x'],
    [{ Binds: ['a:b:c:d'] }, 'invalid volume specification'],
  ])('%j is refused', (config, text) => {
    expect(() => of(config)).toThrow(text);
  });
});

test('hosts and resolv.conf: own entries, loopback servers of the host left out', () => {
  const input = {
    hostname: 'bee',
    domainname: 'hive',
    extraHosts: ['db other:10.0.0.1', 'six:fd00::1'],
    dns: [],
    dnsSearch: [],
    dnsOptions: [],
    hostResolvConf: 'nameserver 127.0.0.53\nnameserver 1.1.1.1\nsearch lan\n# x\n',
  };
  const files = networkFiles(input);
  expect(files.hosts.split('\n').slice(-4)).toEqual([
    '10.0.0.1\tdb other',
    'fd00::1\tsix',
    '127.0.0.1\tbee.hive bee',
    '',
  ]);
  expect(files.resolvConf).toBe('nameserver 1.1.1.1\nsearch lan\n');
  expect(() => networkFiles({ ...input, extraHosts: ['nonsense'] })).toThrow('bad format for add-host: "nonsense"');
});

describe('resources', () => {
  const host = { cpus: 2, cgroupVersion: 1, canLimitSwap: true } as const;
  test('swap defaults to as much again; processors become a quota', () => {
    expect(resolveResources({ Memory: 10_000_000, NanoCpus: 1_500_000_000, PidsLimit: 9 }, host)).toMatchObject({
      memory: { limit: 10_000_000, swap: 20_000_000 },
      cpu: { period: 100_000, quota: 150_000 },
      pids: { limit: 9 },
    });
    expect(resolveResources({ Memory: 10_000_000, MemorySwap: -1, MemorySwappiness: 5 }, host).memory).toEqual({
      limit: 10_000_000,
      swap: -1,
      swappiness: 5,
    });
    expect(
      resolveResources({ Memory: 10_000_000, MemorySwappiness: 5 }, { ...host, cgroupVersion: 2, canLimitSwap: false })
        .memory,
    ).toEqual({ limit: 10_000_000 });
  });
  test.each([
    [{ Memory: 1000 }, 'Minimum memory limit allowed is 6MB'],
    [{ MemorySwap: 10_000_000 }, 'always set the Memory limit'],
    [{ Memory: 10_000_000, MemorySwap: 7_000_000 }, 'should be larger than memory limit'],
    [{ NanoCpus: 3_000_000_000 }, 'there are only 2 CPUs available'],
    [{ MemorySwappiness: 101 }, 'swappiness range is 0-100'],
  ])('%j is refused', (config, text) => {
    expect(() => resolveResources(config, host)).toThrow(text);
  });
});

test.each([
  ['', 15],
  ['KILL', 9],
  ['sigusr1', 10],
  ['3', 3],
  ['RTMIN+3', 37],
  ['SIGRTMAX-1', 63],
])('signal %s is %i', (text, number) => {
  expect(parseSignal(text)).toBe(number);
});
test.each(['SIGNOPE', '0', '65', '-1'])('signal %s is refused', (text) => {
  expect(() => parseSignal(text)).toThrow(`invalid signal: ${text}`);
});

test('sysctls: only those of namespaces of its own', () => {
  expect(resolveSysctls({ 'net.core.somaxconn': '5' }, true)).toMatchObject({
    'net.core.somaxconn': '5',
    'net.ipv4.ip_unprivileged_port_start': '0',
  });
  for (const name of ['vm.swappiness', 'kernel.panic', 'net.../x'])
    expect(() => resolveSysctls({ [name]: '1' }, true)).toThrow(name);
  expect(() => resolveSysctls({ 'net.core.somaxconn': '5' }, false)).toThrow('net.core.somaxconn');
});

test("log settings: bounded by default, sizes in Docker's units", () => {
  expect(logSettings(undefined)).toEqual({ driver: 'json-file', maxFiles: 3, maxSizeBytes: 10_485_760 });
  expect(logSettings({ Type: 'json-file', Config: { 'max-size': '1.5m', 'max-file': '5' } })).toEqual({
    driver: 'json-file',
    maxFiles: 5,
    maxSizeBytes: 1_572_864,
  });
  for (const Config of [{ 'max-size': 'big' }, { 'max-file': '0' }, { tag: 'x' }])
    expect(() => logSettings({ Config })).toThrow(Object.values(Config)[0]);
});

test('fields that are not built are refused by name, those that ask for nothing are not', () => {
  const zero = {
    Privileged: false,
    CpuShares: 0,
    Devices: [],
    RestartPolicy: { Name: '', MaximumRetryCount: 0 },
    PortBindings: {},
    IpcMode: 'private',
  };
  expect(() => refuseUnbuilt({ Image: 'i', HostConfig: zero }, false)).not.toThrow();
  for (const [field, value] of Object.entries({
    Privileged: true,
    CpuShares: 5,
    RestartPolicy: { Name: 'always' },
    PortBindings: { '80/tcp': [{ HostPort: '80' }] },
    NetworkMode: 'container:x',
  }))
    expect(() => refuseUnbuilt({ Image: 'i', HostConfig: { [field]: value } }, false), field).toThrow(
      `HostConfig.${field}=`,
    );
});

test("times: Go's form, to the nanosecond and back", () => {
  expect(timestampOf(1_700_000_000_000)).toBe('2023-11-14T22:13:20Z');
  expect(timestampOfNs(1_700_000_000_120_000_001n)).toBe('2023-11-14T22:13:20.120000001Z');
  expect(parseTimeNs('2023-11-14T22:13:20.120000001Z')).toBe(1_700_000_000_120_000_001n);
  expect(parseTimeNs('2023-11-14T23:13:20+01:00')).toBe(1_700_000_000_000_000_000n);
  expect(parseTimeNs('1700000000.5')).toBe(1_700_000_000_500_000_000n);
  expect(parseTimeNs('soon')).toBeUndefined();
});
