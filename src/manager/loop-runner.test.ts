import { expect, test } from 'vitest';
import { AssertionFailed, type Instant, ManualClock, SeededRandom } from '../base/index.ts';
import type { Loop, LoopContext } from '../control/index.ts';
import type { Commit, Outcome, Store, Transaction, View } from '../store/index.ts';
import { cluster, nodeObject, put, write } from '../store/testing.ts';
import { LoopRunner } from './loop-runner.ts';
import { MemoryLog, settle } from './testing.ts';
import { nextTurn } from './turns.ts';

/** A loop that notes what it is told and decides what the test says. */
class ScriptedLoop implements Loop {
  readonly name = 'scripted';
  readonly told: string[] = [];
  decide: (view: View, context: LoopContext) => readonly Transaction[] = () => [];
  deadline: Instant | undefined;

  start(): void {
    this.told.push('start');
  }

  mark(commit: Commit): void {
    this.told.push(
      `mark ${commit.changes.map(({ id, before, after }) => `${id}:${before ? 1 : 0}${after ? 1 : 0}`).join()}`,
    );
  }

  act(view: View, context: LoopContext): readonly Transaction[] {
    this.told.push('act');
    return this.decide(view, context);
  }

  nextDeadline(): Instant | undefined {
    return this.deadline;
  }
}

type Submit = (transactions: readonly Transaction[], store: Store) => Promise<PromiseSettledResult<Outcome>[]>;

/** What a proposer does at its best: one entry, applied at once. */
const applied: Submit = async (transactions, store) => {
  const { outcomes } = store.apply(store.index + 1, { version: 1, epoch: 1, storeTime: store.storeTime, transactions });
  return outcomes.map((value) => ({ status: 'fulfilled', value }));
};

function setUp() {
  const store = cluster();
  const clock = new ManualClock();
  const loop = new ScriptedLoop();
  const log = new MemoryLog();
  const proposer = { submit: applied };
  const runner = new LoopRunner({
    loop,
    view: store,
    proposer: { submitAll: (transactions) => proposer.submit(transactions, store) },
    clock,
    random: new SeededRandom(1),
    storeNow: () => clock.now(),
    nextTurn,
    log,
  });
  store.onCommit((commit) => runner.noteCommit(commit));
  return { store, clock, loop, log, runner, proposer };
}

const create = (number: number): Transaction => ({
  preconditions: [{ kind: 'absent', table: 'node', id: `node${number}` }],
  changes: [put('node', nodeObject({}, number))],
});

test('a loop starts with a leadership, and acts once for all commits of a turn', async () => {
  const { store, loop, runner } = setUp();
  write(store, [put('node', nodeObject({}, 1))]);
  await settle();
  expect(loop.told).toEqual([]);
  runner.start();
  await settle();
  expect(loop.told.splice(0)).toEqual(['start', 'act']);
  write(store, [put('node', nodeObject({}, 2))]);
  write(store, [put('node', nodeObject({}, 3))]);
  await settle();
  expect(loop.told.splice(0)).toEqual(['mark node2:01', 'mark node3:01', 'act']);
  runner.stop();
  write(store, [put('node', nodeObject({}, 4))]);
  await settle();
  expect(loop.told).toEqual([]);
});

test('it acts again only when what it proposed has its outcome, and has seen the commit', async () => {
  const { store, loop, runner, proposer } = setUp();
  let finish = () => undefined as unknown;
  proposer.submit = async (transactions) => {
    await new Promise<void>((resolve) => {
      finish = resolve;
    });
    return applied(transactions, store);
  };
  loop.decide = (view) => (view.get('node', 'node1') === undefined ? [create(1)] : []);
  runner.start();
  await settle();
  write(store, [put('node', nodeObject({}, 9))]);
  await settle();
  expect(loop.told).toEqual(['start', 'act', 'mark node9:01']);
  finish();
  await settle();
  expect(loop.told).toEqual(['start', 'act', 'mark node9:01', 'mark node1:01', 'act']);
});

test('what was dropped in a conflict is marked again, as it is', async () => {
  const { store, loop, runner, proposer } = setUp();
  let isFirst = true;
  loop.decide = () => {
    if (!isFirst) return [];
    isFirst = false;
    return [create(1), create(2)];
  };
  proposer.submit = async (transactions) => {
    write(store, [put('node', nodeObject({}, 1))]);
    return applied(transactions, store);
  };
  runner.start();
  await settle();
  expect(loop.told).toEqual(['start', 'act', 'mark node1:01', 'mark node2:01', 'mark node1:11', 'act']);
});

test('refused proposals are marked again after a rest', async () => {
  const { loop, runner, proposer, clock, log, store } = setUp();
  loop.decide = (view) => (view.get('node', 'node1') === undefined ? [create(1)] : []);
  proposer.submit = async (transactions) => transactions.map(() => ({ status: 'rejected', reason: new Error('full') }));
  runner.start();
  await settle();
  expect(loop.told).toEqual(['start', 'act', 'mark node1:10']);
  expect(log.events).toEqual(['warn changes not written']);
  clock.advance(999);
  await settle();
  expect(loop.told).toHaveLength(3);
  proposer.submit = applied;
  clock.advance(1);
  await settle();
  expect(store.get('node', 'node1')).toBeDefined();
});

test('a deadline wakes it, also when store time is behind', async () => {
  const { loop, runner, clock } = setUp();
  loop.deadline = 5_000;
  loop.decide = (_view, { now }) => {
    if (now >= 5_000) loop.deadline = undefined;
    return [];
  };
  runner.start();
  await settle();
  clock.advance(4_999);
  await settle();
  expect(loop.told).toEqual(['start', 'act']);
  clock.advance(1);
  await settle();
  expect(loop.told).toEqual(['start', 'act', 'act']);
});

test('a loop that throws rests longer each time, then begins anew; its log names the object', async () => {
  const { loop, runner, clock, log, store } = setUp();
  loop.decide = () => {
    throw new AssertionFailed('two tasks run in one slot', { id: 'service1' });
  };
  runner.start();
  await settle();
  write(store, [put('node', nodeObject({}, 1))]);
  await settle();
  expect(loop.told).toEqual(['start', 'act']);
  expect(log.facts[0]).toMatchObject({ loop: 'scripted', id: 'service1', restMs: 1_000 });
  clock.advance(1_000);
  await settle();
  expect(loop.told).toEqual(['start', 'act', 'start', 'act']);
  clock.advance(1_000);
  await settle();
  expect(loop.told).toHaveLength(4);
  loop.decide = () => [];
  clock.advance(1_000);
  await settle();
  expect(loop.told).toHaveLength(6);
  expect(log.events).toEqual(['error loop failed', 'error loop failed']);
});

test('a loop that fails to name its next deadline rests and begins anew as well', async () => {
  const { loop, runner, clock, log } = setUp();
  const fails = (): never => {
    throw new Error('no such task');
  };
  const nextDeadline = loop.nextDeadline;
  loop.nextDeadline = fails;
  runner.start();
  await settle();
  expect(log.events).toEqual(['error loop failed']);
  loop.nextDeadline = nextDeadline;
  clock.advance(1_000);
  await settle();
  expect(loop.told).toEqual(['start', 'act', 'start', 'act']);
});

test('an object that the loop gives a rest is logged and told of', async () => {
  const { loop, runner, log } = setUp();
  loop.decide = (_view, context) => {
    context.quarantined?.({ loop: 'scripted', key: 'service1', error: new Error('bug'), until: 30_000 });
    return [];
  };
  runner.start();
  await settle();
  expect(log.events).toEqual(['error object quarantined']);
  expect(log.facts[0]).toMatchObject({ key: 'service1', error: 'bug', until: 30_000 });
});

test('a loop that asks again and again without deciding anything is stopped for a while', async () => {
  const { loop, runner, log, clock } = setUp();
  loop.deadline = Number.NEGATIVE_INFINITY;
  runner.start();
  await settle(1_100);
  expect(log.events).toEqual(['error loop asks to act and decides nothing']);
  const acts = loop.told.length;
  await settle(20);
  expect(loop.told).toHaveLength(acts);
  loop.deadline = undefined;
  clock.advance(1_000);
  await settle();
  expect(loop.told).toHaveLength(acts + 1);
});
