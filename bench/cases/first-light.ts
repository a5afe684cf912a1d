import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { hasDockerd, startDockerd } from '../../test/e2e/harness/dockerd.ts';
import { callCases, isWanted, lifeCases, runCases } from '../first-light/api-cases.ts';
import { ensureImage } from '../first-light/busybox.ts';
import { Client } from '../first-light/client.ts';
import { Daemon } from '../first-light/daemon.ts';
import { DockerFloor } from '../first-light/docker-floor.ts';
import { EmbeddedFloor } from '../first-light/embedded-floor.ts';
import { enterSwarm } from '../first-light/swarm.ts';
import { Workload } from '../first-light/workload.ts';
import type { Bench, BenchOptions } from '../runner/bench.ts';
import type { Result } from '../runner/statistics.ts';

const onEmbedded = lifeCases({ isSlow: false });
const onDocker = lifeCases({ isSlow: true });
const loopDelay = { names: ['loop delay'] } as const;

/** Services on one node, from the API's call to what a client sees of it. */
export const bench: Bench = {
  name: 'first-light',
  about: 'create -> Running, removal, roll-out, replacement and calls, as a client of the API sees them',
  async *run(options: BenchOptions): AsyncIterable<Result> {
    if (options.host !== undefined) {
      yield* foreign(options.host, options);
      return;
    }
    if (isWanted([...onEmbedded, ...callCases, loopDelay], 'embedded ', options)) yield* embedded(options);
    if (options.signal.aborted || !hasDockerd) return;
    if (isWanted([...onDocker, loopDelay], 'docker ', options)) yield* docker(options);
  },
};

/** Any daemon that speaks the API, e.g. a Docker Swarm. It is left as it was found. */
async function* foreign(socket: string, options: BenchOptions): AsyncGenerator<Result> {
  const client = new Client(socket, options.signal);
  try {
    const leave = await enterSwarm(client);
    try {
      const isOurImage = await ensureImage(client);
      yield* runCases([...onDocker, ...callCases], client, '', options);
      if (isOurImage) await client.status('DELETE', '/images/busybox:latest');
    } finally {
      await leave();
    }
  } finally {
    client.close();
  }
}

async function* embedded(options: BenchOptions): AsyncGenerator<Result> {
  options.progress('embedded: start');
  const daemon = await Daemon.start('embedded');
  try {
    const client = new Client(daemon.socket, options.signal);
    await enterSwarm(client);
    await ensureImage(client);
    const floor = await embeddedFloor(daemon, client);
    try {
      yield* runCases(onEmbedded, client, 'embedded ', options, floor);
      yield* runCases(callCases, client, '', options);
    } finally {
      client.close();
      await floor.close();
    }
    yield* loopDelayOf('embedded ', daemon, options);
  } finally {
    await daemon.dispose();
  }
}

/** A container of the workload is made by the engine, copied, and removed. */
async function embeddedFloor(daemon: Daemon, client: Client): Promise<EmbeddedFloor> {
  const workload = new Workload(client);
  const name = `bench-${process.pid}-pattern`;
  await workload.createAndWait({ name, replicas: 1 });
  try {
    const [id = ''] = await readdir(daemon.bundles);
    return await EmbeddedFloor.open(join(daemon.directory, 'floor'), join(daemon.bundles, id));
  } finally {
    await workload.removeAndWait(name);
  }
}

async function* docker(options: BenchOptions): AsyncGenerator<Result> {
  options.progress('docker: start');
  const dockerd = await startDockerd('bench');
  try {
    const daemon = await Daemon.start('docker', dockerd.socket);
    const client = new Client(daemon.socket, options.signal);
    const floor = new DockerFloor(dockerd.socket);
    try {
      await enterSwarm(client);
      yield* runCases(onDocker, client, 'docker ', options, floor);
      yield* loopDelayOf('docker ', daemon, options);
    } finally {
      client.close();
      floor.close();
      await daemon.dispose();
    }
  } finally {
    await dockerd.stop();
  }
}

/** How long the daemon's event loop was held up during all of its cases, as the daemon tells when it stops. */
async function* loopDelayOf(prefix: string, daemon: Daemon, options: BenchOptions): AsyncGenerator<Result> {
  if (!isWanted([loopDelay], prefix, options)) return;
  const delay = await daemon.stop();
  if (delay === undefined) throw new Error('the daemon did not tell the delay of its event loop');
  const [name] = loopDelay.names;
  yield { bench: 'first-light', case: `${prefix}${name}`, unit: 'ms', ...delay };
}
