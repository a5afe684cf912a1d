import { randomBytes } from 'node:crypto';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { assert, SeededRandom } from '../../src/base/index.ts';
import { bootstrap, type Manager, startManager } from '../../src/manager/index.ts';
import { MemoryLog, MemoryWal } from '../../src/manager/testing.ts';
import { type ClusterId, type NodeId, newId, type Task } from '../../src/model/index.ts';
import { type Change, decodeEntry, encodeEntry, Store, snapshotSlices } from '../../src/store/index.ts';
import { clusterObject, nodeObject, put, serviceObject, taskObject } from '../../src/store/testing.ts';
import { DATA_KEY_BYTES, openLog, openNodeDisk } from '../../src/wal/index.ts';
import { alternate, type Bench, timed } from '../runner/bench.ts';
import { type Result, summarise } from '../runner/statistics.ts';

const NODES = 1_000;
const SERVICES = 100;

/** What the store and the way into it take: applying, snapshots, lookups, and a proposal through log and disk. */
export const bench: Bench = {
  name: 'store',
  about: `the store with ${NODES} nodes and 100000 tasks (20000 with --quick), and proposals to a manager, ms`,
  async *run({ quick, host, only, progress, signal }) {
    if (host !== undefined) return;
    const named = (name: string) => (only === undefined || name.includes(only)) && !signal.aborted;
    const measured = inMemory(quick ? 20_000 : 100_000, progress);
    for (const result of measured) if (named(result.case)) yield result;
    if (named('propose in memory')) yield await proposeInMemory(quick ? 500 : 5_000);
    if (named('propose on disk')) yield await proposeOnDisk(quick ? 200 : 1_000, signal);
  },
};

const resultOf = (name: string, samples: readonly number[], floor?: readonly number[]): Result =>
  summarise({ bench: 'store', case: name, unit: 'ms' }, samples, floor);

function* inMemory(tasks: number, progress: (text: string) => void): Generator<Result> {
  progress('filling the store');
  const { store, ids, applies } = filled(tasks);
  yield resultOf('apply 200 new tasks', applies);
  const status = (round: number): number => {
    const task = store.get('task', ids[(round * 31) % ids.length] ?? '');
    assert(task !== undefined, 'a task a round');
    const object: Task = { ...task, Status: { ...task.Status, Message: `round ${round}` } };
    return applied(store, [put('task', object)]);
  };
  yield resultOf('apply 1 status', repeat(2_000, status));
  yield resultOf(
    'hold for a snapshot',
    repeat(20, () => time(() => store.hold())),
  );
  yield resultOf('snapshot slice', sliceTimes(store));
  const prefix = (round: number) => time(() => store.byIdPrefix('task', (ids[round] ?? '').slice(0, 8)));
  yield resultOf('look up by prefix', repeat(2_000, prefix));
}

function filled(tasks: number) {
  const random = new SeededRandom(1);
  const store = new Store();
  const nodes = Array.from({ length: NODES }, () => newId(random));
  const services = Array.from({ length: SERVICES }, () => newId(random));
  applied(store, [{ kind: 'put', table: 'cluster', object: clusterObject() }]);
  for (let from = 0; from < NODES; from += 200)
    applied(
      store,
      nodes.slice(from, from + 200).map((id) => put('node', nodeObject({ id }))),
    );
  applied(
    store,
    services.map((id) => put('service', serviceObject({ id }))),
  );
  const ids = Array.from({ length: tasks }, () => newId(random));
  const applies: number[] = [];
  for (let from = 0; from < tasks; from += 200) {
    const changes = ids.slice(from, from + 200).map((id, at) => {
      const number = from + at;
      const [service, node] = [services[number % SERVICES], nodes[number % NODES]];
      assert(service !== undefined && node !== undefined, 'both lists are full');
      const slot = Math.floor(number / SERVICES) + 1;
      return put('task', taskObject(store, { id, service, slot, node, state: 'running' }));
    });
    applies.push(applied(store, changes));
  }
  return { store, ids, applies };
}

/** Applies changes as they come from the log, and times the apply alone. */
function applied(store: Store, changes: readonly Change[]): number {
  const transactions = [{ preconditions: [], changes }];
  const entry = decodeEntry(encodeEntry({ version: 1, epoch: 1, storeTime: store.storeTime + 1, transactions }));
  return time(() => store.apply(store.index + 1, entry));
}

function sliceTimes(store: Store): number[] {
  const slices = snapshotSlices(store.hold());
  const times: number[] = [];
  for (let done = false; !done; ) {
    times.push(
      time(() => {
        done = slices.next().done === true;
      }),
    );
  }
  return times;
}

async function proposeInMemory(rounds: number): Promise<Result> {
  const wal = new MemoryWal();
  const manager = await managerOn({ wal, recovered: wal.recovered() });
  const samples: number[] = [];
  for (let round = 0; round < rounds; round++) samples.push(await timed(() => createService(manager, round)));
  await manager.stop();
  return resultOf('propose in memory', samples);
}

/** Beside a write of the same size and a sync of its file. */
async function proposeOnDisk(rounds: number, signal: AbortSignal): Promise<Result> {
  const directory = await mkdtemp(join(tmpdir(), 'ruche-bench-store-'));
  const file = await open(join(directory, 'floor'), 'w');
  try {
    const disk = await openNodeDisk(join(directory, 'log'));
    const onFatal = (error: Error) => {
      throw error;
    };
    const dataKey = randomBytes(DATA_KEY_BYTES);
    const { log, recovered } = await openLog({ disk, dataKey, randomBytes: (length) => randomBytes(length), onFatal });
    const manager = await managerOn({ wal: log, recovered });
    const block = randomBytes(1_024);
    await file.write(Buffer.alloc(rounds * block.length * 2));
    await file.sync();
    let round = 0;
    const measure = () => timed(() => createService(manager, round++));
    const floor = () =>
      timed(async () => {
        await file.write(block, 0, block.length, round * block.length);
        await file.datasync();
      });
    const { samples, floor: floors } = await alternate(rounds, { measure, floor }, signal);
    await manager.stop();
    return resultOf('propose on disk', samples, floors);
  } finally {
    await file.close();
    await rm(directory, { recursive: true, force: true });
  }
}

/** A service as the API writes it, kept at no replicas so that nothing but the write is measured. */
async function createService(manager: Manager, round: number): Promise<void> {
  const outcome = await manager.update(() => ({
    preconditions: [{ kind: 'nameFree', table: 'service', name: `web${round}` }],
    changes: [put('service', serviceObject({ id: `service${round}`, name: `web${round}`, replicas: 0 }))],
  }));
  assert(outcome.applied, 'the name is free');
}

function managerOn(log: Pick<Parameters<typeof startManager>[0], 'wal' | 'recovered'>): Promise<Manager> {
  const empty = { TrustRoot: '', CertIssuerSubject: '', CertIssuerPublicKey: '' };
  return startManager({
    ...log,
    nodeId: 'node' as NodeId,
    bootstrap: bootstrap({
      request: {},
      clusterId: 'cluster' as ClusterId,
      nodeId: 'node' as NodeId,
      authority: { rootCertificate: '', rootKey: '', workerJoinToken: '', managerJoinToken: '', tlsInfo: empty },
      managerAddress: '127.0.0.1:2377',
      nodeAddress: '127.0.0.1',
    }),
    clock: {
      now: () => Date.now(),
      after: (delayMs, wake) => {
        const timer = setTimeout(wake, delayMs);
        return () => clearTimeout(timer);
      },
    },
    random: new SeededRandom(2),
    log: new MemoryLog(),
    onFatal: (error) => {
      throw error;
    },
  });
}

function time(work: () => unknown): number {
  const startedAt = performance.now();
  work();
  return performance.now() - startedAt;
}

const repeat = (rounds: number, measure: (round: number) => number) =>
  Array.from({ length: rounds }, (_, round) => measure(round));
