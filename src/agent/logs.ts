import type { Clock } from '../base/index.ts';
import type { ContainerLogOptions, ContainerLogRecord, Engine } from '../engine/index.ts';
import type { ContainerId } from '../model/index.ts';
import { pause } from './deadline.ts';

/** How often a follower looks whether the task has its container by now, ms. */
const CONTAINER_CHECK_MS = 200;

/**
 * The output of a task's container, while it runs and after it ended, until the container is removed. A follower of a task
 * without container waits for one; others get nothing. `isKnown` tells whether the task is still on this node.
 */
export async function* taskLogs(
  source: {
    readonly clock: Clock;
    readonly engine: Engine;
    readonly containerOf: () => ContainerId | undefined;
    readonly isKnown: () => boolean;
  },
  options: ContainerLogOptions,
  signal: AbortSignal,
): AsyncGenerator<ContainerLogRecord> {
  let container = source.containerOf();
  while (container === undefined && options.follow && source.isKnown() && !signal.aborted) {
    await pause(source.clock, CONTAINER_CHECK_MS, signal);
    container = source.containerOf();
  }
  if (container !== undefined && !signal.aborted) yield* source.engine.logs(container, options, signal);
}
