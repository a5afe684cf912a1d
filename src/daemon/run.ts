import { execFile } from 'node:child_process';
import { mkdir, readFile } from 'node:fs/promises';
import { release } from 'node:os';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { type Api, type ApiListener, createApi } from '../api/index.ts';
import { messageOf, Refusal } from '../base/index.ts';
import type { Configuration } from './configuration.ts';
import { openDocker } from './engines/docker.ts';
import { openEmbedded } from './engines/embedded.ts';
import type { EngineContext, NodeEngine } from './engines/node-engine.ts';
import { tcpListeners } from './listeners.ts';
import { createLog, type Log } from './log.ts';
import { lockState } from './state-lock.ts';
import { SwarmNode } from './swarm/swarm-node.ts';
import { systemClock, systemRandom } from './system.ts';

export interface RunOptions {
  readonly version: string;
  /** Called once everything answers, with the path of the socket. */
  readonly onReady?: ((socket: string) => void) | undefined;
}

/** All parts together; init systems send SIGKILL after 90 s. */
const STOP_TIMEOUT_MS = 30_000;

/** A part of the daemon that was started, and what ends it. */
interface Started {
  readonly what: string;
  readonly stop: () => Promise<void>;
}

/**
 * Runs the daemon until a signal ends it. Containers run on after it. What can't go on safely (a disk that failed, a broken
 * assumption) ends the process at once: the next start recovers from the disk.
 */
export async function runDaemon(configuration: Configuration, options: RunOptions): Promise<void> {
  if (process.getuid?.() !== 0) throw new Refusal('not-root');
  const log = createLog(configuration.logLevel);
  const started: Started[] = [];
  const ended = untilSignal(log);
  try {
    await start(configuration, options, { log, started });
    await ended;
  } finally {
    await stopAll(started, log);
  }
  log.info({}, 'stopped');
  // Connections to peers that never answer must not keep a stopped daemon alive.
  process.exit(0);
}

/** In the reverse order of their start. A disk or an engine that hangs must not keep a daemon that was told to stop. */
async function stopAll(started: readonly Started[], log: Log): Promise<void> {
  let stopping = '';
  const timer = setTimeout(() => {
    log.fatal({ what: stopping, timeoutMs: STOP_TIMEOUT_MS }, 'stopping takes too long: ended');
    process.exit(1);
  }, STOP_TIMEOUT_MS);
  for (const { what, stop } of started.toReversed()) {
    stopping = what;
    await stop().catch((error: unknown) => log.error({ what, reason: messageOf(error) }, 'stop failed'));
  }
  clearTimeout(timer);
}

async function start(
  configuration: Configuration,
  { version, onReady }: RunOptions,
  { log, started }: { readonly log: Log; readonly started: Started[] },
): Promise<void> {
  const clock = systemClock();
  const random = systemRandom;
  // Members of the group must reach the socket; what is below is closed to them by its own modes.
  await mkdir(configuration.runDirectory, { recursive: true, mode: 0o755 });
  const unlock = await lockState(configuration.stateDirectory);
  started.push({ what: 'lock', stop: unlock });
  started.push({ what: 'event loop watch', stop: watchEventLoop(log) });
  const fatal = (error: Error): void => {
    log.fatal({ reason: error.message, cause: messageOf(error.cause) }, 'daemon can not go on');
    process.exit(1);
  };
  const node = await openEngine({ configuration, clock, random, log, version });
  started.push({ what: 'engine', stop: () => node.close() });
  const swarm = await SwarmNode.open({ configuration, clock, random, log, version, node, fatal });
  started.push({ what: 'swarm node', stop: () => swarm.stop() });
  const api = createApi({
    clock,
    random,
    log,
    swarm,
    logs: swarm,
    engineInfo: {
      ...node.info,
      version: () => ({
        version,
        gitCommit: '',
        buildTime: '',
        kernelVersion: release(),
        arch: process.arch === 'x64' ? 'amd64' : process.arch,
        runtime: `node ${process.versions.node}`,
        components: node.components,
      }),
    },
    passage: node.passage,
  });
  started.push({ what: 'api', stop: () => api.close() });
  await listen(api, configuration, log);
  log.info({ socket: configuration.socket, engine: configuration.engine, version }, 'ready');
  notifySystemd('--ready', log);
  onReady?.(configuration.socket);
}

function openEngine(context: EngineContext): Promise<NodeEngine> {
  return context.configuration.engine === 'docker' ? openDocker(context) : openEmbedded(context);
}

async function listen(api: Api, configuration: Configuration, log: Log): Promise<void> {
  const listeners: ApiListener[] = [await socketListener(configuration, log), ...(await tcpListeners(configuration))];
  for (const listener of listeners) log.info({ address: await api.listen(listener) }, 'listening');
}

/** The default group may not be there yet; one that was asked for must be. */
async function socketListener({ socket, group }: Configuration, log: Log): Promise<ApiListener> {
  const groups = await readFile('/etc/group', 'utf8');
  const isThere = groups.split('\n').some((line) => line.startsWith(`${group}:`));
  if (isThere || group !== 'ruche') return { kind: 'unix', path: socket, group };
  log.warn({ group }, 'no such group: only root may use the socket; groupadd --system ruche, then restart');
  return { kind: 'unix', path: socket };
}

/** Resolves at the first SIGTERM or SIGINT; the second one ends the process at once. */
function untilSignal(log: Log): Promise<void> {
  process.on('uncaughtException', (error) => {
    log.fatal({ reason: error.message, stack: error.stack }, 'broken assumption');
    process.exit(1);
  });
  return new Promise((resolve) => {
    let isAsked = false;
    const onSignal = (signal: string): void => {
      if (isAsked) process.exit(130);
      isAsked = true;
      log.info({ signal }, 'stopping');
      resolve();
    };
    process.on('SIGTERM', onSignal);
    process.on('SIGINT', onSignal);
  });
}

/** How often it is looked whether the event loop is late, ms. */
const LOOP_SAMPLE_MS = 5;

/** Notes at the end by how much the event loop was late: the daemon's own measure of its rule. */
function watchEventLoop(log: Log): () => Promise<void> {
  const histogram = monitorEventLoopDelay({ resolution: LOOP_SAMPLE_MS });
  histogram.enable();
  // The histogram holds the time between two looks, not what it was too long.
  const late = (nanoseconds: number): number => Math.max(0, Math.round(nanoseconds / 1e4 - LOOP_SAMPLE_MS * 100) / 100);
  return async () => {
    histogram.disable();
    const { count: n, min, max } = histogram;
    const [p50, p99] = [histogram.percentile(50), histogram.percentile(99)];
    log.info({ n, min: late(min), p50: late(p50), p99: late(p99), max: late(max) }, 'event loop delay ms');
  };
}

/** Tells an init system that asked for it; others are not there to be told. */
function notifySystemd(state: '--ready' | '--stopping', log: Log): void {
  if (process.env.NOTIFY_SOCKET === undefined) return;
  execFile('systemd-notify', [state], (error) => {
    if (error !== null) log.warn({ reason: error.message }, 'systemd-notify failed');
  });
}
