import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { release } from 'node:os';
import type { EngineInfo } from '../../api/index.ts';
import type { Images } from '../../engine/embedded/images/index.ts';
import type { EmbeddedEngine } from '../../engine/embedded/index.ts';
import type { Configuration } from '../configuration.ts';

/** An engine answers about itself from memory; longer means that it hangs. */
const DESCRIBE_TIMEOUT_MS = 5_000;

interface InfoSource {
  readonly engine: EmbeddedEngine;
  readonly images: Images;
  readonly configuration: Configuration;
  readonly version: string;
  readonly now: number;
}

/** `GET /info` of the embedded engine: what is true of it, in the fields that clients of Docker read. */
export async function embeddedInfo({ engine, images, configuration, version, now }: InfoSource): Promise<EngineInfo> {
  const node = await engine.describe(AbortSignal.timeout(DESCRIBE_TIMEOUT_MS));
  const containers = engine.listContainerSummaries({ all: true, filters: {} });
  const count = (state: string): number => containers.filter((container) => container.State === state).length;
  const running = count('running');
  return {
    ID: machineId(configuration.stateDirectory, node.Hostname ?? ''),
    Containers: containers.length,
    ContainersRunning: running,
    ContainersPaused: count('paused'),
    ContainersStopped: containers.length - running,
    Images: images.list().length,
    Driver: 'overlay2',
    DriverStatus: [],
    Plugins: { Volume: ['local'], Network: [], Authorization: null, Log: ['json-file', 'none'] },
    MemoryLimit: true,
    SwapLimit: true,
    CpuCfsPeriod: true,
    CpuCfsQuota: true,
    CPUShares: true,
    CPUSet: true,
    PidsLimit: true,
    IPv4Forwarding: true,
    OomKillDisable: false,
    Debug: configuration.logLevel === 'debug',
    SystemTime: new Date(now).toISOString(),
    LoggingDriver: 'json-file',
    CgroupDriver: 'cgroupfs',
    CgroupVersion: await cgroupVersion(),
    KernelVersion: release(),
    OperatingSystem: await operatingSystem(),
    OSType: 'linux',
    Architecture: node.Platform?.Architecture ?? '',
    IndexServerAddress: 'https://index.docker.io/v1/',
    NCPU: Number(node.Resources?.NanoCPUs ?? 0) / 1e9,
    MemTotal: Number(node.Resources?.MemoryBytes ?? 0),
    DockerRootDir: configuration.stateDirectory,
    Name: node.Hostname ?? '',
    Labels: configuration.labels,
    ExperimentalBuild: false,
    ServerVersion: version,
    Runtimes: { runc: { path: 'runc' } },
    DefaultRuntime: 'runc',
    LiveRestoreEnabled: true,
    Isolation: '',
    InitBinary: 'catatonit',
    SecurityOptions: ['name=seccomp,profile=builtin'],
  };
}

/** Stays the same for a machine and a state directory, and tells nothing of either. */
function machineId(stateDirectory: string, hostname: string): string {
  const digest = createHash('sha256').update(`ruche ${hostname} ${stateDirectory}`).digest('hex');
  return [8, 12, 16, 20]
    .reduce((id, at) => `${id}-${digest.slice(at, at + 4)}`, digest.slice(0, 8))
    .concat('-', digest.slice(24, 36));
}

async function cgroupVersion(): Promise<'1' | '2'> {
  const mounts = await readFile('/proc/self/mountinfo', 'utf8');
  return / \/sys\/fs\/cgroup [^\n]* - cgroup2 /.test(mounts) ? '2' : '1';
}

async function operatingSystem(): Promise<string> {
  const text = await readFile('/etc/os-release', 'utf8').catch(() => '');
  return /^PRETTY_NAME="?([^"\n]*)/m.exec(text)?.[1] ?? 'Linux';
}
