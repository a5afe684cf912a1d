import type { ContainerId, Healthcheck, Integer, Mount } from '../../model/index.ts';

/**
 * A container to make, in the shape of the body of the Engine API's `POST /containers/create`. Both engines take it; what one
 * can't do it refuses by name.
 */
export interface ContainerCreate {
  readonly Image: string;
  readonly Cmd?: readonly string[];
  readonly Entrypoint?: readonly string[];
  readonly Env?: readonly string[];
  readonly Labels?: Readonly<Record<string, string>>;
  readonly Hostname?: string;
  readonly Domainname?: string;
  readonly User?: string;
  readonly WorkingDir?: string;
  readonly Tty?: boolean;
  readonly OpenStdin?: boolean;
  readonly StdinOnce?: boolean;
  readonly StopSignal?: string;
  /** Seconds. */
  readonly StopTimeout?: number;
  readonly Healthcheck?: Healthcheck;
  readonly HostConfig?: HostConfig;
}

export interface HostConfig {
  readonly NetworkMode?: string;
  readonly Memory?: Integer;
  readonly MemorySwap?: Integer;
  readonly MemorySwappiness?: Integer;
  readonly NanoCpus?: Integer;
  readonly PidsLimit?: Integer;
  readonly Ulimits?: ReadonlyArray<{ readonly Name?: string; readonly Soft?: Integer; readonly Hard?: Integer }>;
  readonly CapAdd?: readonly string[];
  readonly CapDrop?: readonly string[];
  readonly GroupAdd?: readonly string[];
  readonly SecurityOpt?: readonly string[];
  readonly ReadonlyRootfs?: boolean;
  readonly Init?: boolean;
  readonly Sysctls?: Readonly<Record<string, string>>;
  readonly ExtraHosts?: readonly string[];
  readonly Dns?: readonly string[];
  readonly DnsSearch?: readonly string[];
  readonly DnsOptions?: readonly string[];
  readonly Mounts?: readonly Mount[];
  /** `source:target[:options]`, as `docker run -v` sends it. */
  readonly Binds?: readonly string[];
  readonly Tmpfs?: Readonly<Record<string, string>>;
  readonly OomScoreAdj?: Integer;
  readonly LogConfig?: { readonly Type?: string; readonly Config?: Readonly<Record<string, string>> };
  readonly RestartPolicy?: { readonly Name?: string; readonly MaximumRetryCount?: number };
  readonly AutoRemove?: boolean;
  readonly Privileged?: boolean;
  readonly Isolation?: string;
}

/** The part of `GET /containers/{id}/json` that the agent reads; adapters return the whole document. */
export interface ContainerInspect {
  readonly Id: ContainerId;
  /** With a leading slash, as the Engine API has it. */
  readonly Name: string;
  readonly Created: string;
  readonly Image: string;
  readonly State: ContainerState;
  readonly Config: {
    readonly Labels?: Readonly<Record<string, string>>;
    readonly Image?: string;
    readonly Tty?: boolean;
    /** Seconds. */
    readonly StopTimeout?: number;
  };
}

export interface ContainerState {
  readonly Status: 'created' | 'running' | 'paused' | 'restarting' | 'removing' | 'exited' | 'dead';
  readonly Running: boolean;
  readonly Paused: boolean;
  readonly OOMKilled: boolean;
  readonly Dead: boolean;
  readonly Pid: number;
  readonly ExitCode: number;
  readonly Error: string;
  readonly StartedAt: string;
  readonly FinishedAt: string;
  readonly Health?: { readonly Status: 'none' | 'starting' | 'healthy' | 'unhealthy' };
}

/** What happened to a container, as the agent needs it. */
export interface ContainerEvent {
  readonly kind: 'created' | 'started' | 'died' | 'oom' | 'healthChanged' | 'removed';
  readonly id: ContainerId;
  readonly labels: Readonly<Record<string, string>>;
  readonly at: string;
}

/** One line, or part of one, of a container's output. */
export interface ContainerLogRecord {
  readonly stream: 'stdout' | 'stderr';
  /** RFC 3339 with nanoseconds. */
  readonly at: string;
  readonly bytes: Uint8Array;
}

export interface ContainerLogOptions {
  readonly stdout: boolean;
  readonly stderr: boolean;
  readonly follow: boolean;
  /** RFC 3339 or Unix seconds with fraction; absent = from the start. */
  readonly since?: string;
  readonly until?: string;
  /** Lines from the end; absent = all. */
  readonly tail?: number;
}
