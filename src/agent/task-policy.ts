import { type DesiredState, type Healthcheck, msOf, restartPolicy, type TaskTemplate } from '../model/index.ts';
import type { TaskPolicy } from './task-events.ts';

/** The engine's own defaults of a health check, ms. */
const DEFAULT_INTERVAL_MS = 30_000;
const DEFAULT_TIMEOUT_MS = 30_000;
const DEFAULT_RETRIES = 3;
/** What an engine may take beyond the check's own times to tell its verdict, ms. */
const VERDICT_SLACK_MS = 30_000;
/** A check that only the image knows: nothing tells its times, so STARTING gets this long, ms. */
const IMAGE_CHECK_MS = 600_000;

/** What a machine must know of its task's template; a task without one is only stopped and removed. */
export function taskPolicy(template: TaskTemplate | undefined, desired: DesiredState): TaskPolicy {
  return {
    healthTimeoutMs: healthTimeoutMs(template?.Spec.ContainerSpec?.Healthcheck),
    // A job's task counts its completions at the managers; it is theirs to repeat.
    restartsAlone:
      template !== undefined && restartPolicy(template.Spec).condition !== 'none' && desired !== 'complete',
  };
}

/** By when the engine has called a container healthy or not: start period and all retries, each with its interval and timeout. */
function healthTimeoutMs(check: Healthcheck | undefined): number {
  if (check === undefined || check.Test === undefined || check.Test.length === 0) return IMAGE_CHECK_MS;
  const retries = Number(check.Retries ?? 0) || DEFAULT_RETRIES;
  const intervalMs = milliseconds(check.Interval) || DEFAULT_INTERVAL_MS;
  const timeoutMs = milliseconds(check.Timeout) || DEFAULT_TIMEOUT_MS;
  return milliseconds(check.StartPeriod) + (retries + 1) * (intervalMs + timeoutMs) + VERDICT_SLACK_MS;
}

function milliseconds(duration: Healthcheck['Interval']): number {
  return Math.ceil(msOf(duration ?? 0));
}
