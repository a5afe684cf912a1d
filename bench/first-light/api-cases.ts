import { type BenchOptions, timed } from '../runner/bench.ts';
import { type Result, summarise } from '../runner/statistics.ts';
import { Client } from './client.ts';
import { serviceSpec, Workload } from './workload.ts';

const BENCH = 'first-light';

/** What a case measures beside the daemon: the same containers, made without it. Absent when only a daemon is there. */
export interface Floor {
  /** From nothing to `count` running containers. */
  create(count: number): Promise<void>;
  /** From those to none. */
  remove(): Promise<void>;
}

interface Context {
  readonly prefix: string;
  readonly workload: Workload;
  readonly floor: Floor | undefined;
  readonly options: BenchOptions;
}

let serial = 0;
const nextName = () => `bench-${process.pid}-${serial++}`;

/** All cases that go through the API of one daemon; `prefix` names what it is, e.g. `embedded `. */
export async function* apiCases(
  socket: string,
  prefix: string,
  options: BenchOptions,
  floor?: Floor,
): AsyncGenerator<Result> {
  const client = new Client(socket);
  const context = { prefix, workload: new Workload(client), floor, options };
  try {
    for (const count of [1, 10, 50, 100]) yield* createAndRemove(context, count);
    yield* roll(context, 20, 1, `${prefix}roll 20 one by one`);
    yield* roll(context, 20, 4, `${prefix}roll 20 by 4`);
    yield* replace(context);
    yield* latencies(context, client);
  } finally {
    client.close();
  }
}

const wanted = ({ options }: Context, name: string): boolean =>
  !options.signal.aborted && (options.only === undefined || name.includes(options.only));

/** Rounds that leave the whole bench in its time: few of what is slow. */
function rounds({ options }: Context, count: number): number {
  if (options.quick) return count === 1 ? 5 : 1;
  return count === 1 ? 20 : count === 10 ? 8 : 4;
}

async function* createAndRemove(context: Context, count: number): AsyncGenerator<Result> {
  const { prefix, workload, floor, options } = context;
  const createName = `${prefix}create ${count}`;
  const removeName = `${prefix}remove ${count}`;
  if (!wanted(context, createName) && !wanted(context, removeName)) return;
  if (options.quick && count === 100) return;
  const create = { samples: [] as number[], floor: [] as number[] };
  const remove = { samples: [] as number[], floor: [] as number[] };
  const total = rounds(context, count);
  // Round -1 warms caches of both sides and is not counted; who goes first alternates.
  for (let round = -1; round < total && !options.signal.aborted; round++) {
    options.progress(`${createName}: ${round + 1} of ${total}`);
    const measures = [
      () => daemonRound(workload, count),
      ...(floor === undefined ? [] : [() => floorRound(floor, count)]),
    ];
    const order = round % 2 === 0 ? measures : measures.toReversed();
    const results = new Map<() => unknown, readonly [number, number]>();
    for (const measure of order) results.set(measure, await measure());
    if (round < 0) continue;
    const [mine, limit] = measures.map((measure) => results.get(measure));
    create.samples.push(mine?.[0] ?? Number.NaN);
    remove.samples.push(mine?.[1] ?? Number.NaN);
    if (limit !== undefined) {
      create.floor.push(limit[0]);
      remove.floor.push(limit[1]);
    }
  }
  if (create.samples.length === 0) return;
  const limits = (kind: typeof create) => (floor === undefined ? undefined : kind.floor);
  if (wanted(context, createName))
    yield summarise({ bench: BENCH, case: createName, unit: 'ms' }, create.samples, limits(create));
  if (wanted(context, removeName))
    yield summarise({ bench: BENCH, case: removeName, unit: 'ms' }, remove.samples, limits(remove));
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

async function* roll(context: Context, replicas: number, parallelism: number, name: string): AsyncGenerator<Result> {
  if (!wanted(context, name)) return;
  const { workload, options } = context;
  const service = nextName();
  const samples: number[] = [];
  await workload.createAndWait({ name: service, replicas, parallelism });
  try {
    for (let round = 0; round < (options.quick ? 1 : 3) && !options.signal.aborted; round++) {
      options.progress(`${name}: ${round + 1}`);
      samples.push(
        await timed(() => workload.rollAndWait({ name: service, replicas, parallelism, env: [`ROUND=${round}`] })),
      );
    }
  } finally {
    await workload.removeAndWait(service);
  }
  if (samples.length > 0) yield summarise({ bench: BENCH, case: name, unit: 'ms' }, samples);
}

async function* replace(context: Context): AsyncGenerator<Result> {
  const name = `${context.prefix}replace`;
  if (!wanted(context, name)) return;
  const { workload, options } = context;
  const service = nextName();
  const samples: number[] = [];
  await workload.createAndWait({ name: service, replicas: 1, restartDelayNs: 0 });
  try {
    for (let round = -1; round < (options.quick ? 5 : 20) && !options.signal.aborted; round++) {
      options.progress(`${name}: ${round + 1}`);
      const sample = await timed(() => workload.killAndWait(service));
      if (round >= 0) samples.push(sample);
    }
  } finally {
    await workload.removeAndWait(service);
  }
  if (samples.length > 0) yield summarise({ bench: BENCH, case: name, unit: 'ms' }, samples);
}

/** Calls one after the other on a kept connection, as a script makes them. */
async function* latencies(context: Context, client: Client): AsyncGenerator<Result> {
  const { options } = context;
  const count = options.quick ? 200 : 1000;
  const names = Array.from({ length: count }, () => nextName());
  const createName = `${context.prefix}POST /services/create`;
  const listName = `${context.prefix}GET /services`;
  if (!wanted(context, createName) && !wanted(context, listName)) return;
  const creates: number[] = [];
  const lists: number[] = [];
  for (let i = 0; i < count && !options.signal.aborted; i++) {
    if (i % 50 === 0) options.progress(`${listName}: ${i} of ${count}`);
    lists.push(await timed(() => client.call('GET', '/services')));
  }
  try {
    for (const name of names) {
      if (options.signal.aborted) break;
      creates.push(await timed(() => client.call('POST', '/services/create', serviceSpec({ name, replicas: 0 }))));
    }
  } finally {
    for (const name of names.slice(0, creates.length)) await client.status('DELETE', `/services/${name}`);
  }
  yield summarise({ bench: BENCH, case: createName, unit: 'ms' }, creates);
  yield summarise({ bench: BENCH, case: listName, unit: 'ms' }, lists);
}
