import { assert } from '../../src/base/index.ts';
import { web } from '../../src/control/testing/specs.ts';
import { World } from '../../src/control/testing/world.ts';
import type { Node, Service, Task } from '../../src/model/index.ts';
import type { Bench, BenchOptions } from '../runner/bench.ts';
import { type Result, summarise } from '../runner/statistics.ts';

const NODES = 1000;
const TASKS = 10_000;

/** What the leader's loops take to decide, without log, network and engines. */
export const bench: Bench = {
  name: 'control',
  about: `deciding for ${NODES} nodes and ${TASKS} tasks, ms of one thread`,
  async *run({ quick, host, only, progress, signal }: BenchOptions): AsyncIterable<Result> {
    if (host !== undefined) return;
    for (const [name, measure] of Object.entries(cases)) {
      if (signal.aborted) return;
      if (only !== undefined && !name.includes(only)) continue;
      progress(name);
      yield summarise({ bench: 'control', case: name, unit: 'ms' }, measure(quick ? 5 : 25));
    }
  },
};

const cases: Readonly<Record<string, (rounds: number) => number[]>> = {
  /** All acts together. */
  'create 10000': (rounds) => {
    const totals: number[] = [];
    for (let round = 0; round < Math.ceil(rounds / 5); round++) totals.push(sum(populated(round).acts));
    return totals;
  },
  'one act of 500 changes': () => populated(1).acts,
  'create 1': (rounds) => {
    const { world } = populated(2);
    return repeat(rounds, (round) => {
      world.createService(spec(`one${round}`, 1));
      return settle(world);
    });
  },
  'replace 1 of 10000': (rounds) => {
    const { world, service } = populated(3);
    const tasks = world.tasks(service.ID);
    return repeat(rounds, (round) => {
      fail(world, tasks[round]);
      return settle(world);
    });
  },
  'node down': (rounds) => {
    const { world, nodes } = populated(4);
    return repeat(rounds, (round) => {
      const node = nodes[round];
      assert(node !== undefined, 'a node a round');
      world.setState(node.ID, 'down');
      return settle(world);
    });
  },
  'first act of a leader': (rounds) => {
    const { world } = populated(5);
    return repeat(rounds, () => {
      const startedAt = performance.now();
      world.changeLeader();
      world.decide();
      return performance.now() - startedAt;
    });
  },
};

interface Populated {
  readonly world: World;
  readonly nodes: readonly Node[];
  readonly service: Service;
  readonly acts: number[];
}

function populated(seed: number): Populated {
  const world = new World(seed, { isBare: true });
  const nodes = world.addNodes(NODES, { cpus: 64, memoryMiB: 65_536, labels: { zone: 'a' } });
  const service = world.createService(spec('web', TASKS));
  const acts: number[] = [];
  settle(world, acts);
  return { world, nodes, service, acts };
}

const spec = (name: string, replicas: number) =>
  web(replicas, {
    Name: name,
    TaskTemplate: {
      Resources: { Reservations: { NanoCPUs: 100_000_000 } },
      Placement: { Constraints: ['node.labels.zone==a'] },
    },
  });

function fail(world: World, task: Task | undefined): void {
  assert(task !== undefined, 'a task a round');
  const object: Task = { ...task, Status: { ...task.Status, State: 'failed', Message: 'started' } };
  world.apply([{ preconditions: [], changes: [{ kind: 'put', table: 'task', object }] }]);
}

/** Time of deciding, until there is nothing more to decide. */
function settle(world: World, acts: number[] = []): number {
  for (;;) {
    const startedAt = performance.now();
    const decided = world.decide();
    acts.push(performance.now() - startedAt);
    if (decided.length === 0) return sum(acts);
    world.apply(decided);
  }
}

const repeat = (rounds: number, measure: (round: number) => number) =>
  Array.from({ length: rounds }, (_, round) => measure(round));
const sum = (samples: readonly number[]) => samples.reduce((total, sample) => total + sample, 0);
