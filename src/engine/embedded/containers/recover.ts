import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { replaceFile } from '../../../files/index.ts';
import type { ContainerId } from '../../../model/index.ts';
import type { EngineContext } from '../context.ts';
import { identify, isAlive, readIfThere } from '../host/process.ts';
import { Container } from './container.ts';
import { wasOomKilled } from './ending.ts';
import type { ContainerRecord } from './record.ts';
import { decideRecovery, type Findings } from './recovery.ts';
import { cleanRun, keepLog } from './start.ts';
import { discard } from './stop.ts';

/** The monitor that the bundle's file names, if it lives and is this container's. */
async function livingMonitor(container: Container): Promise<Findings['monitor']> {
  const pid = Number(await readIfThere(join(container.bundle, 'conmon.pid')));
  if (!(pid > 0)) return undefined;
  const line = await readIfThere(`/proc/${pid}/cmdline`);
  return line?.split('\0').includes(container.record.id) ? await identify(pid) : undefined;
}

async function look(context: EngineContext, container: Container): Promise<Findings> {
  const { state, id } = container.record;
  const ran = state.kind === 'running' || state.kind === 'starting';
  const isSameBoot = ran && state.bootId === context.host.bootId;
  // Asked in this order: a monitor that ends in between has written its file before.
  const isMonitorAlive =
    isSameBoot && state.kind === 'running' && state.monitor !== undefined && (await isAlive(state.monitor));
  const monitor = isSameBoot && state.kind === 'starting' ? await livingMonitor(container) : undefined;
  const runc = monitor === undefined ? undefined : await context.runc.status(id);
  const exit = ran ? await context.exits.read(id) : undefined;
  return {
    isSameBoot,
    isMonitorAlive,
    exit,
    oomKilled: ran && (await wasOomKilled(container)),
    runc,
    monitor,
    now: context.clock.now(),
    bootedAtMs: context.host.bootedAtMs,
  };
}

async function recoverOne(context: EngineContext, record: ContainerRecord): Promise<void> {
  const container = new Container(record, context.journal);
  const decision = decideRecovery(record, await look(context, container), context.host.bootId);
  context.containers.add(container);
  if (decision.kind === 'discard') return await discard(context, container);
  if (!context.images.hold(record.image.id, record.id))
    context.log.warn({ container: record.id, image: record.image.id }, 'image of container is gone');
  if (decision.kind === 'become') {
    if (decision.clean) await cleanRun(context, container, record.state.kind === 'starting');
    await container.become(decision.phase);
    context.log.info({ container: record.id, from: record.state.kind, to: decision.phase.kind }, 'container recovered');
  }
  if (container.isRunning) await keepLog(context, container);
  else await context.exits.forget(record.id);
}

/**
 * Brings the engine's picture and the machine into agreement when the daemon starts: containers that run are adopted, those that
 * ended meanwhile get their true exit code and time, half-made ones go. Nobody listens yet, so nothing is announced: whoever
 * starts to watch lists first.
 */
export async function recover(context: EngineContext): Promise<void> {
  await forgetOldBoot(context);
  await context.journal.finishRemovals();
  const found = await context.journal.readAll();
  await Promise.all(
    found.map(({ id, record }) => (record === undefined ? removeUnknown(context, id) : recoverOne(context, record))),
  );
  const known = new Set<string>(context.containers.all().map(({ record }) => record.id));
  for (const id of await context.exits.list()) if (!known.has(id)) await context.exits.forget(id);
  // Also of containers whose end was recorded, but which the daemon did not live to clean up after.
  for (const id of await readdir(context.runc.root)) {
    if (context.containers.get(id)?.isRunning) continue;
    await context.runc.delete(id);
    await context.cgroups.removeContainer(id);
  }
  await removeOrphanVolumes(context);
}

async function removeUnknown(context: EngineContext, id: ContainerId): Promise<void> {
  await context.runc.delete(id);
  await context.journal.remove(id);
}

/** runc's state and our pid files mean nothing after a restart of the machine; /run need not be a tmpfs that forgets them. */
async function forgetOldBoot(context: EngineContext): Promise<void> {
  const path = join(context.runDirectory, 'boot-id');
  const { bootId } = context.host;
  if ((await readIfThere(path))?.trim() === bootId) return;
  await rm(context.runc.root, { recursive: true, force: true });
  await mkdir(context.runc.root, { recursive: true, mode: 0o700 });
  await replaceFile(path, `${bootId}\n`);
}

/** Anonymous volumes of containers whose making was cut short. */
async function removeOrphanVolumes(context: EngineContext): Promise<void> {
  const used = new Set(
    context.containers
      .all()
      .flatMap(({ record }) =>
        record.mounts.flatMap((mount) => (mount.kind === 'volume' ? (mount.volumeName ?? []) : [])),
      ),
  );
  for (const { name, isAnonymous } of context.volumes.list())
    if (isAnonymous && !used.has(name)) await context.volumes.remove(name);
}
