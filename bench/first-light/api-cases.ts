import { type BenchOptions, timed } from '../runner/bench.ts';
import { type Result, summarise } from '../runner/statistics.ts';
import type { Client } from './client.ts';
import { serviceSpec, Workload } from './workload.ts';

/** What a case measures beside the daemon: the same containers, made without it. Absent when only a daemon is there. */
export interface Floor {
  /** From nothing to `count` running containers. */
  create(count: number): Promise<void>;
  /** From those to none. */
  remove(): Promise<void>;
}

interface Context {
  readonly client: Client;
  readonly workload: Workload;
  /** Names what is measured, e.g. `embedded `. */
  readonly prefix: string;
  readonly floor: Floor | undefined;
  readonly options: BenchOptions;
}

interface Case {
  /** Of its results, without prefix. */
  readonly names: readonly string[];
  readonly run: (context: Context) => AsyncGenerator<Result>;
}

/** Replicas, and how many rounds are measured, thoroughly and quickly. What is slow gets few. */
const sizes = [
  { count: 1, rounds: 20, quickRounds: 5 },
  { count: 10, rounds: 8, quickRounds: 1 },
  { count: 50, rounds: 4, quickRounds: 2 },
  { count: 100, rounds: 4, quickRounds: 0 },
];

/** What a service goes through on its engine. Where that takes a tenth of a second a container, a quick run leaves out the longest. */
export function lifeCases({ isSlow }: { readonly isSlow: boolean }): readonly Case[] {
  return [
    ...sizes.map((size) => ({
      names: [`create ${size.count}`, `remove ${size.count}`],
      run: (context: Context) =>
        createAndRemove(context, isSlow && size.count > 10 ? { ...size, quickRounds: 0 } : size),
    })),
    ...[
      { name: 'roll 20 one by one', parallelism: 1, isQuick: false },
      { name: 'roll 20 by 4', parallelism: 4, isQuick: true },
    ].map((plan) => ({ names: [plan.name], run: (context: Context) => roll(context, plan) })),
    { names: ['replace'], run: replace },
  ];
}

/** What the API takes by itself, whatever the engine. */
export const callCases: readonly Case[] = [
  { names: ['GET /services'], run: list },
  { names: ['POST /services/create'], run: create },
];

/** Whether `only` asks for something of these. */
export function isWanted(cases: ReadonlyArray<Pick<Case, 'names'>>, prefix: string, { only }: BenchOptions): boolean {
  return only === undefined || cases.some(({ names }) => names.some((name) => `${prefix}${name}`.includes(only)));
}

/** Those of the cases that are asked for, one after the other. */
export async function* runCases(
  cases: readonly Case[],
  client: Client,
  prefix: string,
  options: BenchOptions,
  floor?: Floor,
): AsyncGenerator<Result> {
  const context = { client, workload: new Workload(client), prefix, floor, options };
  for (const one of cases) {
    if (options.signal.aborted) return;
    if (isWanted([one], prefix, options)) yield* one.run(context);
  }
}

let serial = 0;
const nextName = () => `bench-${process.pid}-${serial++}`;

const result = (context: Context, name: string, samples: readonly number[], floor?: readonly number[]): Result =>
  summarise({ bench: 'first-light', case: `${context.prefix}${name}`, unit: 'ms' }, samples, floor);

async function* createAndRemove(context: Context, size: (typeof sizes)[number]): AsyncGenerator<Result> {
  const { prefix, workload, floor, options } = context;
  const { count } = size;
  const total = options.quick ? size.quickRounds : size.rounds;
  if (total === 0) return;
  // Round -1 warms the caches of both sides and is not counted; the smallest size does so for all when time is short.
  const first = options.quick && count > 1 ? 0 : -1;
  const create = { samples: [] as number[], floor: [] as number[] };
  const remove = { samples: [] as number[], floor: [] as number[] };
  for (let round = first; round < total && !options.signal.aborted; round++) {
    options.progress(`${prefix}create ${count}: ${round + 1} of ${total}`);
    // Who goes first alternates, so that neither has the warmer machine.
    const early = round % 2 !== 0 && floor !== undefined ? await floorRound(floor, count) : undefined;
    const [created, removed] = await daemonRound(workload, count);
    const limits = early ?? (floor === undefined ? undefined : await floorRound(floor, count));
    if (round < 0) continue;
    create.samples.push(created);
    remove.samples.push(removed);
    if (limits === undefined) continue;
    create.floor.push(limits[0]);
    remove.floor.push(limits[1]);
  }
  if (create.samples.length === 0) return;
  const limits = (kind: typeof create) => (floor === undefined ? undefined : kind.floor);
  yield result(context, `create ${count}`, create.samples, limits(create));
  yield result(context, `remove ${count}`, remove.samples, limits(remove));
}

async function daemonRound(workload: Workload, count: number): Promise<readonly [number, number]> {
  const name = nextName();
  const created = await timed(() => workload.createAndWait({ name, replicas: count }));
  return [created, await timed(() => workload.removeAndWait(name))];
}

async function floorRound(floor: Floor, count: number): Promise<readonly [number, number]> {
  const created = await timed(() => floor.create(count));
  return [created, await timed(() => floor.remove())];
}

interface RollPlan {
  readonly name: string;
  readonly parallelism: number;
  readonly isQuick: boolean;
}

async function* roll(context: Context, { name, parallelism, isQuick }: RollPlan): AsyncGenerator<Result> {
  const { prefix, workload, options } = context;
  if (options.quick && !isQuick) return;
  const replicas = 20;
  const service = nextName();
  const samples: number[] = [];
  await workload.createAndWait({ name: service, replicas, parallelism });
  try {
    for (let round = 0; round < (options.quick ? 1 : 3) && !options.signal.aborted; round++) {
      options.progress(`${prefix}${name}: ${round + 1}`);
      samples.push(
        await timed(() => workload.rollAndWait({ name: service, replicas, parallelism, env: [`ROUND=${round}`] })),
      );
    }
  } finally {
    await workload.removeAndWait(service);
  }
  if (samples.length > 0) yield result(context, name, samples);
}

async function* replace(context: Context): AsyncGenerator<Result> {
  const { prefix, workload, options } = context;
  const service = nextName();
  const samples: number[] = [];
  await workload.createAndWait({ name: service, replicas: 1, restartDelayNs: 0 });
  try {
    for (let round = -1; round < (options.quick ? 5 : 20) && !options.signal.aborted; round++) {
      options.progress(`${prefix}replace: ${round + 1}`);
      const sample = await timed(() => workload.killAndWait(service));
      if (round >= 0) samples.push(sample);
    }
  } finally {
    await workload.removeAndWait(service);
  }
  if (samples.length > 0) yield result(context, 'replace', samples);
}

/** Calls go one after the other on a kept connection, as a script makes them; the first ones are not counted. */
const calls = ({ options }: Context) => (options.quick ? 200 : 1000);
const WARM_UP_CALLS = 50;

async function* list(context: Context): AsyncGenerator<Result> {
  const { client, options } = context;
  const service = nextName();
  await client.call('POST', '/services/create', serviceSpec({ name: service, replicas: 0 }));
  const samples: number[] = [];
  try {
    options.progress('GET /services');
    for (let i = 0; i < WARM_UP_CALLS; i++) await client.call('GET', '/services');
    for (let i = 0; i < calls(context) && !options.signal.aborted; i++)
      samples.push(await timed(() => client.call('GET', '/services')));
  } finally {
    await client.status('DELETE', `/services/${service}`);
  }
  if (samples.length > 0) yield result(context, 'GET /services', samples);
}

async function* create(context: Context): AsyncGenerator<Result> {
  const { client, options } = context;
  const samples: number[] = [];
  const made: string[] = [];
  options.progress('POST /services/create');
  try {
    for (let i = -WARM_UP_CALLS; i < calls(context) && !options.signal.aborted; i++) {
      const name = nextName();
      const sample = await timed(() => client.call('POST', '/services/create', serviceSpec({ name, replicas: 0 })));
      made.push(name);
      if (i >= 0) samples.push(sample);
    }
  } finally {
    for (const name of made) await client.status('DELETE', `/services/${name}`);
  }
  if (samples.length > 0) yield result(context, 'POST /services/create', samples);
}
