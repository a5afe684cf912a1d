import { Refusal } from '../../../base/index.ts';
import type { WaitCondition } from '../../port/local.ts';
import type { EngineContext } from '../context.ts';
import { parseSignal } from '../spec/signals.ts';
import type { Container } from './container.ts';
import { removeAnonymousVolumes } from './mounting.ts';
import { cleanRun } from './start.ts';

const SIGKILL = 9;

/** Sends a signal by name or number; refuses when the container does not run. */
export async function killContainer(context: EngineContext, container: Container, signal: string): Promise<void> {
  const { id } = container.record;
  const number = parseSignal(signal === '' ? 'SIGKILL' : signal);
  if (!container.isRunning || !(await context.runc.kill(id, number)))
    throw new Refusal('container-not-running', { id });
  context.events.emit(container.record, 'kill', { signal: String(number) });
}

/** Waits for the end of a run, at most `graceMs` (negative: for ever). `true` when it has ended. */
async function endsWithin(
  context: EngineContext,
  container: Container,
  graceMs: number,
  signal: AbortSignal,
): Promise<boolean> {
  const late = new AbortController();
  const cancel = graceMs < 0 ? undefined : context.clock.after(graceMs, () => late.abort());
  try {
    await container.until(() => !container.isRunning, AbortSignal.any([signal, late.signal]));
    return true;
  } catch (cause) {
    if (late.signal.aborted && !signal.aborted) return false;
    throw cause;
  } finally {
    cancel?.();
  }
}

/** Stop signal, then after the grace SIGKILL; resolves when the container has ended. One that does not run is left alone. */
export async function stopContainer(
  context: EngineContext,
  container: Container,
  graceMs: number,
  signal: AbortSignal,
): Promise<void> {
  // A start that is under way comes to its end first.
  await container.turns.run(async () => undefined);
  if (!container.isRunning) return;
  const { record } = container;
  const number = parseSignal(record.stopSignal);
  if (await context.runc.kill(record.id, number)) context.events.emit(record, 'kill', { signal: String(number) });
  if (!(await endsWithin(context, container, graceMs, signal))) {
    if (await context.runc.kill(record.id, SIGKILL)) context.events.emit(record, 'kill', { signal: String(SIGKILL) });
    await container.until(() => !container.isRunning, signal);
  }
  context.events.emit(container.record, 'stop');
}

/** Removes a container with its anonymous volumes, killing it first. Resolves also when somebody else has removed it meanwhile. */
export async function removeContainer(
  context: EngineContext,
  container: Container,
  signal: AbortSignal,
): Promise<void> {
  if (container.isBeingRemoved) return await container.until(() => container.isGone, signal);
  container.isBeingRemoved = true;
  try {
    await container.turns.run(async () => undefined);
    if (container.isRunning) {
      await context.runc.kill(container.record.id, SIGKILL);
      await container.until(() => !container.isRunning, signal);
    }
    await container.turns.run(() => discard(context, container));
  } catch (cause) {
    container.isBeingRemoved = false;
    throw cause;
  }
}

/** Takes a container away that does not run. Every step may be repeated after a crash. */
export async function discard(context: EngineContext, container: Container): Promise<void> {
  const { id, name, mounts, state } = container.record;
  const hadRun = state.kind !== 'created' && state.kind !== 'exited';
  if (hadRun) await cleanRun(context, container, state.kind === 'starting');
  container.markRemoving();
  await context.journal.remove(id);
  await removeAnonymousVolumes(context, mounts);
  context.images.release(id);
  context.containers.remove(id, name);
  container.markGone();
  context.events.emit(container.record, 'destroy');
}

/** Resolves with the exit code once the condition holds. */
export async function waitContainer(
  container: Container,
  condition: WaitCondition,
  signal: AbortSignal,
): Promise<number> {
  if (condition === 'removed') await container.until(() => container.isGone, signal);
  else if (condition === 'not-running') await container.until(() => !container.isRunning, signal);
  else {
    if (!container.isRunning) await container.until(() => container.isRunning || container.isGone, signal);
    await container.until(() => !container.isRunning, signal);
  }
  return container.lastExitCode;
}
