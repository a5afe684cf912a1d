import { noTaskNetwork } from '../../agent/index.ts';
import { createDockerPassage } from '../../api/handover/index.ts';
import type { ApiEvent, EngineInfo } from '../../api/index.ts';
import type { Clock } from '../../base/index.ts';
import { DockerEngine, EngineConnection, jsonLines, parseEngineAddress } from '../../engine/docker/index.ts';
import type { EngineContext, NodeEngine } from './node-engine.ts';

/** The engine must say who it is within this time when the daemon starts. */
const CONNECT_TIMEOUT_MS = 15_000;
const INFO_TIMEOUT_MS = 15_000;
/** Between two tries to follow the engine's events, while it is away. */
const RETRY_MS = 1_000;

/** Connects to a Docker Engine; refuses one that is too old or in swarm mode itself. */
export async function openDocker({ configuration, clock, log }: EngineContext): Promise<NodeEngine> {
  const address = parseEngineAddress(`unix://${configuration.dockerSocket}`);
  const engine = await DockerEngine.connect(new EngineConnection(address), AbortSignal.timeout(CONNECT_TIMEOUT_MS));
  // Clients that follow streams must not take the agent's place, nor the events' theirs.
  const forClients = new EngineConnection(address);
  const forUs = new EngineConnection(address);
  const closing = new AbortController();
  const { Engine } = await engine.describe(AbortSignal.timeout(CONNECT_TIMEOUT_MS));
  return {
    engine,
    passage: createDockerPassage(forClients),
    info: {
      info: async (signal) => {
        const call = { method: 'GET', path: '/info', timeoutMs: INFO_TIMEOUT_MS, signal } as const;
        return (await forUs.call(call)) as EngineInfo; // the shape is the Engine API's
      },
      watchEvents: (listener) => {
        const stop = new AbortController();
        const signal = AbortSignal.any([stop.signal, closing.signal]);
        void followEvents(forUs, {
          clock,
          signal,
          listener,
          lost: (error) => log.debug({ error }, 'engine events interrupted'),
        });
        return () => stop.abort();
      },
    },
    components: [{ Name: 'Docker Engine', Version: Engine?.EngineVersion ?? '' }],
    network: noTaskNetwork,
    close: async () => {
      closing.abort();
      await Promise.all([engine.close(), forClients.close(), forUs.close()]);
    },
  };
}

interface Following {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly listener: (event: ApiEvent) => void;
  readonly lost: (error: unknown) => void;
}

/** Passes the engine's events on until the signal ends it; comes back to an engine that went away. */
async function followEvents(connection: EngineConnection, { clock, signal, listener, lost }: Following): Promise<void> {
  while (!signal.aborted) {
    try {
      const call = { method: 'GET', path: '/events', timeoutMs: INFO_TIMEOUT_MS, signal } as const;
      const { body } = await connection.open(call);
      const source = { address: connection.address, what: 'GET /events' };
      for await (const event of jsonLines(source, body)) listener(event as unknown as ApiEvent); // the Engine API's own shape
    } catch (error) {
      if (!signal.aborted) lost(error);
    }
    await pause(clock, signal);
  }
}

function pause(clock: Clock, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const end = (): void => {
      cancel();
      signal.removeEventListener('abort', end);
      resolve();
    };
    const cancel = clock.after(RETRY_MS, end);
    signal.addEventListener('abort', end, { once: true });
  });
}
