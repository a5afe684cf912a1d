import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { EventJournal } from './events/journal.ts';
import { type ApiListener, bind, secureListener } from './http/listeners.ts';
import { standardHeaders } from './http/respond.ts';
import { Router } from './http/router.ts';
import { createHttpServer } from './http/server.ts';
import type { ApiPorts } from './ports.ts';
import { eventRoutes } from './resources/events.ts';
import { infoRoutes } from './resources/info.ts';
import { logRoutes } from './resources/logs.ts';
import { nodeRoutes } from './resources/nodes.ts';
import { pingRoutes } from './resources/ping.ts';
import { serviceRoutes } from './resources/services.ts';
import { storedDataRoutes } from './resources/stored-data.ts';
import { swarmRoutes } from './resources/swarm.ts';
import { taskRoutes } from './resources/tasks.ts';
import { unbuiltRoutes } from './resources/unbuilt.ts';
import { versionRoutes } from './resources/version.ts';

/** Answers that are under way have this long to end when the API stops; then they are cut off. */
const STOP_GRACE_MS = 5_000;

/** The Docker Engine API of this node. */
export interface Api {
  /**
   * Serves on one more listener. Resolves with the address in the form of DOCKER_HOST once it is bound; rejects with a `Refusal`
   * for a listener that would not be safe or whose socket is taken.
   */
  listen(listener: ApiListener): Promise<string>;
  /** Stops listening, ends streams, waits for answers under way up to `graceMs`, then cuts them off. */
  close(graceMs?: number): Promise<void>;
}

export function createApi(ports: ApiPorts): Api {
  const journal = new EventJournal(ports);
  const stopping = new AbortController();
  const router = new Router([
    ...pingRoutes(ports),
    ...versionRoutes(ports),
    ...infoRoutes(ports),
    ...eventRoutes(journal),
    ...swarmRoutes(ports),
    ...nodeRoutes(ports),
    ...serviceRoutes(ports),
    ...taskRoutes(ports),
    ...logRoutes(ports),
    ...storedDataRoutes(ports),
  ]);
  const fallback = new Router(unbuiltRoutes(ports));
  const standard = standardHeaders(ports.engineInfo.version().version);
  const served: Array<{ readonly server: Server; readonly unbind: () => Promise<void> }> = [];

  return {
    async listen(listener) {
      const server = createHttpServer({
        router,
        fallback,
        log: ports.log,
        standard,
        stopping: stopping.signal,
        ...(ports.passage && { passage: ports.passage }),
        ...secureListener(listener),
      });
      served.push({ server, unbind: await bind(server, listener) });
      return addressOf(server, listener);
    },
    async close(graceMs = STOP_GRACE_MS) {
      journal.close();
      stopping.abort();
      await Promise.all(
        served.splice(0).map(async ({ server, unbind }) => {
          await unbind();
          await closeServer(server, graceMs);
        }),
      );
    },
  };
}

function addressOf(server: Server, listener: ApiListener): string {
  if (listener.kind === 'unix') return `unix://${listener.path}`;
  const { port } = server.address() as AddressInfo; // a TCP listener's address is one
  return `tcp://${listener.host.includes(':') ? `[${listener.host}]` : listener.host}:${port}`;
}

function closeServer(server: Server, graceMs: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => server.closeAllConnections(), graceMs);
    server.close(() => {
      clearTimeout(timer);
      resolve();
    });
    server.closeIdleConnections();
  });
}
