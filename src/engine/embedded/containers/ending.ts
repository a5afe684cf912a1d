import { join } from 'node:path';
import type { EngineContext } from '../context.ts';
import { isAlive, readIfThere } from '../host/process.ts';
import type { ExitRecord } from '../runtime/exit-directory.ts';
import { timestampOf, timestampOfNs } from '../spec/time.ts';
import type { Container } from './container.ts';
import type { ExitedPhase } from './record.ts';
import { LOST_EXIT_CODE, MONITOR_LOST } from './recovery.ts';
import { cleanRun, forgetRun } from './start.ts';

/** The monitor leaves a file when the kernel ended something of the container for memory. */
export async function wasOomKilled(container: Container): Promise<boolean> {
  return (await readIfThere(join(container.bundle, 'oom'))) !== undefined;
}

function announce(context: EngineContext, container: Container, phase: ExitedPhase, atNs?: bigint): void {
  if (phase.oomKilled) context.events.emit(container.record, 'oom', {}, atNs);
  context.events.emit(container.record, 'die', { exitCode: String(phase.exitCode) }, atNs);
}

function stopKeeping(container: Container): void {
  container.logKeeper?.keep();
  container.logKeeper?.stop();
  container.logKeeper = undefined;
}

async function end(context: EngineContext, container: Container, exit: ExitRecord): Promise<void> {
  const { state, id } = container.record;
  if (state.kind !== 'running') return;
  const phase: ExitedPhase = {
    kind: 'exited',
    startedAt: state.startedAt,
    finishedAt: timestampOfNs(exit.atNs),
    exitCode: exit.code,
    oomKilled: await wasOomKilled(container),
  };
  stopKeeping(container);
  await container.become(phase);
  announce(context, container, phase);
  // Who waits for the end knows it by now; a start or removal that follows waits for its turn behind this.
  await context.runc.delete(id);
  await forgetRun(context, container);
}

/** Called when a container's exit file may have come. */
export async function noticeExit(context: EngineContext, id: string): Promise<void> {
  const container = context.containers.get(id);
  if (container === undefined) return;
  await container.turns.run(async () => {
    const exit = container.isRunning ? await context.exits.read(id) : undefined;
    if (exit !== undefined) await end(context, container, exit);
  });
}

/**
 * Looks for exits whose notice was lost and for monitors that were killed: such a container can't be watched any more, so it is
 * ended and reported with exit code 255 and the reason.
 */
export async function sweep(context: EngineContext): Promise<void> {
  for (const id of await context.exits.list()) await noticeExit(context, id);
  for (const container of context.containers.all()) {
    const { state } = container.record;
    if (state.kind !== 'running' || (state.monitor !== undefined && (await isAlive(state.monitor)))) continue;
    await container.turns.run(() => endLost(context, container));
  }
}

async function endLost(context: EngineContext, container: Container): Promise<void> {
  const { state, id } = container.record;
  if (state.kind !== 'running') return;
  const exit = await context.exits.read(id);
  if (exit !== undefined) return await end(context, container, exit);
  if (state.monitor !== undefined && (await isAlive(state.monitor))) return;
  context.log.warn({ container: id, monitor: state.monitor?.pid }, 'container monitor lost');
  stopKeeping(container);
  await cleanRun(context, container, false);
  const phase: ExitedPhase = {
    kind: 'exited',
    startedAt: state.startedAt,
    finishedAt: timestampOf(context.clock.now()),
    exitCode: LOST_EXIT_CODE,
    oomKilled: false,
    error: MONITOR_LOST,
  };
  await container.become(phase);
  announce(context, container, phase);
}
