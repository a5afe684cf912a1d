import { randomBytes, randomInt } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ApiPorts, createApi } from '../../../src/api/index.ts';
import type { Clock, Random } from '../../../src/base/index.ts';
import { timestamp } from '../../../src/model/index.ts';
import { OneNodeSwarm } from './one-node-swarm.ts';
import { loggerOutput } from './scripted-node.ts';

/** Longest delay that a timer of Node keeps. */
const MAX_TIMER_MS = 2 ** 31 - 1;

const wallClock: Clock = {
  now: () => Date.now(),
  after: (delayMs, wake) => {
    const timer = setTimeout(wake, Math.min(MAX_TIMER_MS, Math.max(0, delayMs)));
    return () => clearTimeout(timer);
  },
};

const systemRandom: Random = { below: (below) => randomInt(below), bytes: (length) => randomBytes(length) };

/** The API on a socket of its own, over a node that is in no swarm. What the API notes as its own faults is collected. */
export async function startApi(): Promise<{
  readonly socket: string;
  readonly faults: readonly string[];
  readonly stop: () => Promise<void>;
}> {
  const folder = await mkdtemp(join(tmpdir(), 'ruche-conformance-'));
  const socket = join(folder, 'api.sock');
  const swarm = new OneNodeSwarm(wallClock, systemRandom, 'vm');
  const faults: string[] = [];
  const api = createApi(portsOver(swarm, faults));
  await api.listen({ kind: 'unix', path: socket });
  const stop = async () => {
    await swarm.leave();
    await api.close(0);
    await rm(folder, { recursive: true });
  };
  return { socket, faults, stop };
}

function portsOver(swarm: OneNodeSwarm, faults: string[]): ApiPorts {
  const note = (facts: Readonly<Record<string, unknown>>, event: string) => {
    const { error } = facts;
    faults.push(`${event}: ${error instanceof Error ? error.stack : JSON.stringify(facts)}`);
  };
  return {
    clock: wallClock,
    random: systemRandom,
    log: { warn: note, error: note },
    swarm,
    logs: {
      async *taskLogs(task, options, signal) {
        if (!options.follow && task.Status.State === 'new') return;
        const wanted = loggerOutput.filter(({ stream }) => options[stream]);
        const shown = options.tail === undefined ? wanted : wanted.slice(wanted.length - options.tail);
        for (const { stream, text } of shown) yield { stream, at: timestamp(Date.now()), bytes: Buffer.from(text) };
        if (options.follow) await new Promise((resolve) => signal.addEventListener('abort', resolve));
      },
    },
    engineInfo: {
      info: async () => ({ Name: 'vm' }),
      version: () => ({
        version: '0.0.0',
        gitCommit: 'unknown',
        buildTime: '2026-01-01T00:00:00Z',
        kernelVersion: '6.1.0',
        arch: 'amd64',
        runtime: 'node',
        components: [],
      }),
    },
  };
}
