import { expect, test } from 'vitest';
import { assert } from '../base/index.ts';
import type { Task } from '../model/index.ts';
import { MAX_CHANGES, type Transaction } from '../store/index.ts';
import { Overlay } from './overlay.ts';
import { createTask, desire, replaceTask, specUnchanged } from './tasks/index.ts';
import { web } from './testing/specs.ts';
import { World } from './testing/world.ts';

function fixture() {
  const world = new World();
  world.addNode();
  const service = world.createService(web(2));
  world.run(5);
  const context = { now: world.clock.now(), random: world.random };
  const create = (slot: number): { task: Task; transaction: Transaction } => {
    const change = createTask(service, { place: { kind: 'slot', slot } }, context);
    assert(change.kind === 'put' && change.table === 'task', 'a task is created');
    return { task: change.object, transaction: { preconditions: [specUnchanged(service)], changes: [change] } };
  };
  return { world, service, create, overlay: new Overlay(world.view) };
}

test('a task that is created and changed is one put, without a precondition on what is not there yet', () => {
  const { overlay, create, service } = fixture();
  const { task, transaction } = create(3);
  overlay.add(transaction);
  overlay.add(replaceTask(task, desire(task, 'shutdown')));
  expect(overlay.get('task', task.ID)?.DesiredState).toBe('shutdown');
  expect(overlay.transactions()).toEqual([
    {
      preconditions: [specUnchanged(service)],
      changes: [{ kind: 'put', table: 'task', object: desire(task, 'shutdown') }],
    },
  ]);
});

test('a task that is created and removed leaves nothing', () => {
  const { overlay, create } = fixture();
  const { task, transaction } = create(3);
  overlay.add(transaction);
  overlay.add({ preconditions: [], changes: [{ kind: 'remove', table: 'task', id: task.ID }] });
  expect(overlay.transactions()).toEqual([]);
  expect(overlay.get('task', task.ID)).toBeUndefined();
});

test('it shows what is written over what is stored, by every way of asking', () => {
  const { overlay, create, world, service } = fixture();
  const [first, second] = world.tasks(service.ID);
  assert(first !== undefined && second !== undefined, 'two tasks run');
  const { task, transaction } = create(3);
  overlay.add(transaction);
  overlay.add({ preconditions: [], changes: [{ kind: 'remove', table: 'task', id: first.ID }] });
  const ids = [second.ID, task.ID];
  expect([...overlay.tasksOfService(service.ID)].map(({ ID }) => ID)).toEqual(ids);
  expect([...overlay.list('task')].map(({ ID }) => ID)).toEqual(ids);
  expect([...overlay.tasksOfSlot(service.ID, 1)]).toEqual([]);
  expect([...overlay.tasksOfSlot(service.ID, 3)].map(({ ID }) => ID)).toEqual([task.ID]);
  expect([...overlay.tasksOfNode(second.NodeID ?? ('' as never))].map(({ ID }) => ID)).toEqual([second.ID]);
  expect(overlay.count('task')).toBe(2);
});

test('a transaction that builds on two others joins them, so that all are applied or none', () => {
  const { overlay, create } = fixture();
  const a = create(3);
  const b = create(4);
  overlay.add(a.transaction);
  overlay.add(b.transaction);
  expect(overlay.transactions()).toHaveLength(2);
  overlay.add({
    preconditions: [],
    changes: [a.task, b.task].map((task) => ({ kind: 'put', table: 'task', object: desire(task, 'remove') })),
  });
  expect(overlay.transactions()).toHaveLength(1);
});

test('what would make a transaction too large is put off', () => {
  const { overlay, create } = fixture();
  const { task, transaction } = create(3);
  overlay.add(transaction);
  const changes = Array.from({ length: MAX_CHANGES }, (_, at) => create(at + 10).transaction.changes).flat();
  const large = { preconditions: [], changes: [...changes, ...replaceTask(task, desire(task, 'remove')).changes] };
  expect(overlay.add(large)).toBeUndefined();
  expect(overlay.get('task', task.ID)?.DesiredState).toBe('running');
});
