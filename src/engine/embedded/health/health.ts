import type { ContainerCreate } from '../../port/container.ts';
import type { ImageRunConfig } from '../image-source.ts';

export type HealthStatus = 'starting' | 'healthy' | 'unhealthy';

/** One run of a check, as `docker inspect` shows it. */
export interface ProbeResult {
  readonly Start: string;
  readonly End: string;
  /** 0 healthy; -1 when the check was cut off. */
  readonly ExitCode: number;
  readonly Output: string;
}

export interface Health {
  readonly Status: HealthStatus;
  readonly FailingStreak: number;
  /** The latest, oldest first. */
  readonly Log: readonly ProbeResult[];
}

/** How a container is checked; times in milliseconds. */
export interface HealthPlan {
  readonly command: readonly string[];
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly startPeriodMs: number;
  readonly startIntervalMs: number;
  readonly retries: number;
}

/** Docker's defaults. */
const defaults = { intervalMs: 30_000, timeoutMs: 30_000, startPeriodMs: 0, startIntervalMs: 5_000, retries: 3 };
/** Results that are kept, as in Docker. */
const MAX_LOG = 5;
const NS_PER_MS = 1_000_000;

/** The check of a container, its own fields before the image's; `undefined` when it has none or `NONE`. */
export function healthPlan(create: ContainerCreate, image: ImageRunConfig): HealthPlan | undefined {
  const [own, given] = [create.Healthcheck ?? {}, image.Healthcheck ?? {}];
  const [kind, ...rest] = own.Test?.length ? own.Test : (given.Test ?? []);
  if (kind === undefined || kind === 'NONE' || rest.length === 0) return undefined;
  const ms = (name: 'Interval' | 'Timeout' | 'StartPeriod' | 'StartInterval', byDefault: number): number =>
    (Number(own[name] ?? 0) || Number(given[name] ?? 0)) / NS_PER_MS || byDefault;
  return {
    command: kind === 'CMD-SHELL' ? ['/bin/sh', '-c', ...rest] : rest,
    intervalMs: ms('Interval', defaults.intervalMs),
    timeoutMs: ms('Timeout', defaults.timeoutMs),
    startPeriodMs: ms('StartPeriod', defaults.startPeriodMs),
    startIntervalMs: ms('StartInterval', defaults.startIntervalMs),
    retries: Number(own.Retries ?? 0) || Number(given.Retries ?? 0) || defaults.retries,
  };
}

export const firstHealth: Health = { Status: 'starting', FailingStreak: 0, Log: [] };

/** Health after one more result. Within the start period a failure counts only once the container has been healthy. */
export function afterProbe(health: Health, result: ProbeResult, plan: HealthPlan, isStartPeriod: boolean): Health {
  const Log = [...health.Log, result].slice(-MAX_LOG);
  if (result.ExitCode === 0) return { Status: 'healthy', FailingStreak: 0, Log };
  const counts = !(isStartPeriod && health.Status === 'starting');
  const FailingStreak = health.FailingStreak + (counts ? 1 : 0);
  return { Status: FailingStreak >= plan.retries ? 'unhealthy' : health.Status, FailingStreak, Log };
}

/** When the next check is due. */
export function nextDelay(health: Health, plan: HealthPlan, isStartPeriod: boolean): number {
  return isStartPeriod && health.Status === 'starting'
    ? Math.min(plan.startIntervalMs, plan.intervalMs)
    : plan.intervalMs;
}
