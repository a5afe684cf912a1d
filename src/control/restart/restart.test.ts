import { expect, test } from 'vitest';
import { assert } from '../../base/index.ts';
import type { RestartPolicy, Task } from '../../model/index.ts';
import { seconds, toImage, toReplicas, web } from '../testing/specs.ts';
import { World } from '../testing/world.ts';

const policy = (RestartPolicy: RestartPolicy) => ({ TaskTemplate: { RestartPolicy } });

function only(tasks: readonly Task[]): Task {
  const [task] = tasks;
  assert(task !== undefined && tasks.length === 1, 'one task', { tasks: tasks.length });
  return task;
}

test('a failed task is followed in its slot after the delay, prepared meanwhile', () => {
  const world = new World();
  world.addNode();
  const { ID } = world.createService(web(1));
  world.run(5);
  world.transcript();
  world.agents.end(only(world.running(ID)), 1);
  world.run(10);
  expect(world.transcript()).toEqual([
    '5 web.1.a failed',
    '5 web.1.a desired shutdown',
    '5 web.1.b created, desired ready',
    '10 web.1.b desired running',
    '10.5 web.1.b running',
  ]);
});

test('without delay the replacement is placed in the entry that follows the failure', () => {
  const world = new World();
  world.addNode();
  const { ID } = world.createService(web(1, policy({ Delay: 0 })));
  world.run(5);
  world.transcript();
  world.entries = 0;
  world.agents.end(only(world.running(ID)), 1);
  world.settle();
  expect(world.entries).toBe(1);
  expect(only(world.live(ID)).Status.State).toBe('assigned');
});

test('condition none: the ended task keeps the slot until the spec changes', () => {
  const world = new World();
  world.addNode();
  world.agents.behave('web:1', { endsAfterMs: 1000, exitCode: 1 });
  const { ID } = world.createService(web(1, policy({ Condition: 'none' })));
  world.run(60);
  expect(world.tasks(ID).map(({ Status }) => Status.State)).toEqual(['failed']);
  world.updateService(ID, toReplicas(1));
  world.run(10);
  expect(world.tasks(ID)).toHaveLength(1);
  world.updateService(ID, (spec) => ({ ...spec, TaskTemplate: { ...spec.TaskTemplate, ForceUpdate: 1 } }));
  world.run(1.5);
  expect(world.tasks(ID).map(({ Status }) => Status.State)).toEqual(['failed', 'running']);
});

test('condition on-failure: exit 0 ends it, a failure does not', () => {
  const world = new World();
  world.addNode();
  const { ID } = world.createService(web(2, policy({ Condition: 'on-failure', Delay: seconds(1) })));
  world.run(5);
  for (const task of world.running(ID)) world.agents.end(task, task.Slot === 1 ? 0 : 1);
  world.run(5);
  expect(world.tasks(ID).map(({ Slot, Status }) => [Slot, Status.State])).toEqual([
    [1, 'complete'],
    [2, 'failed'],
    [2, 'running'],
  ]);
});

test('no more restarts than MaxAttempts, over a change of leader', () => {
  const world = new World();
  world.addNode();
  world.agents.behave('web:1', { endsAfterMs: 100, exitCode: 1 });
  const { ID } = world.createService(web(1, policy({ MaxAttempts: 7, Delay: seconds(1) })));
  world.run(5);
  world.changeLeader();
  world.run(60);
  expect(world.tasks(ID).map(({ Status }) => Status.State)).toEqual(Array(8).fill('failed'));
  expect(world.live(ID)).toEqual([]);
});

test('with a window only the attempts within it count', () => {
  const world = new World();
  world.addNode();
  world.agents.behave('web:1', { endsAfterMs: 9_000, exitCode: 1 });
  const { ID } = world.createService(web(1, policy({ MaxAttempts: 2, Delay: 0, Window: seconds(15) })));
  world.run(120);
  expect(world.live(ID)).toHaveLength(1);
  expect(world.tasks(ID)).toHaveLength(3);
});

test('a restart delay goes on under a new leader', () => {
  const world = new World();
  world.addNode();
  const { ID } = world.createService(web(1));
  world.run(5);
  world.agents.end(only(world.running(ID)), 1);
  world.run(3);
  world.transcript();
  world.changeLeader();
  world.run(10);
  expect(world.transcript()).toEqual(['10 web.1.b desired running', '10.5 web.1.b running']);
});

test('an image that cannot be had is tried again at the pace of the delay', () => {
  const world = new World();
  world.addNode();
  world.agents.behave('web:1', { missing: true, prepareMs: 100 });
  const { ID } = world.createService(web(1));
  world.run(60);
  const made = world.events.filter((event) => event.includes('created')).length;
  expect(made).toBeGreaterThan(8);
  expect(made).toBeLessThan(14);
  expect(world.tasks(ID)).toHaveLength(5);
});

test('without delay an image that cannot be had is still not tried at full speed', () => {
  const world = new World();
  world.addNode();
  world.agents.behave('web:1', { missing: true, prepareMs: 1 });
  world.createService(web(1, policy({ Delay: 0 })));
  world.run(10);
  expect(world.events.filter((event) => event.includes('created')).length).toBeLessThan(15);
});

test('after a roll-back to a spec that ran before, its attempts count anew', () => {
  const world = new World();
  world.addNode();
  const { ID } = world.createService(web(1, policy({ MaxAttempts: 1, Delay: 0 })));
  world.run(5);
  world.agents.end(only(world.running(ID)), 1);
  world.run(5);
  world.updateService(ID, toImage('web:2'));
  world.run(15);
  world.rollBackService(ID);
  world.run(15);
  expect(world.service(ID).UpdateStatus?.State).toBe('rollback_completed');
  world.agents.end(only(world.running(ID)), 1);
  world.run(5);
  expect(world.running(ID)).toHaveLength(1);
  world.agents.end(only(world.running(ID)), 1);
  world.run(5);
  expect(world.live(ID)).toEqual([]);
});

test('drain: replacements start when the old ones stopped, without the delay', () => {
  const world = new World();
  const [a] = world.addNodes(2);
  const { ID } = world.createService(web(2));
  world.run(5);
  world.transcript();
  world.setAvailability(a?.ID ?? ('' as never), 'drain');
  world.run(5);
  expect(world.transcript()).toEqual([
    '5 web.1.a desired shutdown',
    '5 web.1.b created, desired ready',
    '6 web.1.a shutdown',
    '6 web.1.b desired running',
    '6.5 web.1.b running',
  ]);
  expect(world.running(ID).every(({ NodeID }) => NodeID !== a?.ID)).toBe(true);
});

test('a task that does not stop is waited for one minute', () => {
  const world = new World();
  const [a] = world.addNodes(2);
  world.agents.behave('web:1', { stopMs: 300_000 });
  world.createService(web(1));
  world.run(5);
  world.transcript();
  world.setAvailability(a?.ID ?? ('' as never), 'drain');
  world.run(100);
  expect(world.transcript()).toEqual([
    '5 web.1.a desired shutdown',
    '5 web.1.b created, desired ready',
    '65 web.1.b desired running',
    '65.5 web.1.b running',
  ]);
});

test('a worker loses power: whole again after the delay, and nothing moves back when it returns', () => {
  const world = new World();
  const [a] = world.addNodes(2);
  const id = a?.ID ?? ('' as never);
  const { ID } = world.createService(web(2));
  world.run(5);
  world.agents.powerOff(id);
  world.run(10);
  world.transcript();
  world.setState(id, 'down');
  world.run(10);
  expect(world.transcript()).toEqual([
    '15 web.1.a desired shutdown',
    '15 web.1.b created, desired ready',
    '20 web.1.b desired running',
    '20.5 web.1.b running',
  ]);
  expect(world.tasks(ID)[0]?.Status.State).toBe('running');
  world.setState(id, 'ready');
  world.agents.powerOn(id);
  world.run(10);
  expect(world.transcript()).toEqual(['26 web.1.a shutdown']);
});

test('a node that is removed leaves its tasks orphaned and their slots to others', () => {
  const world = new World();
  const [a] = world.addNodes(2);
  const { ID } = world.createService(web(2));
  world.run(5);
  world.agents.powerOff(a?.ID ?? ('' as never));
  world.removeNode(a?.ID ?? ('' as never));
  world.run(10);
  expect(world.tasks(ID).map(({ Slot, Status }) => [Slot, Status.State])).toEqual([
    [1, 'orphaned'],
    [1, 'running'],
    [2, 'running'],
  ]);
});

test('a task that was never placed is closed and deleted when its service goes', () => {
  const world = new World();
  const { ID } = world.createService(web(2));
  world.run(1);
  expect(world.tasks(ID)).toHaveLength(2);
  world.removeService(ID);
  world.run(1);
  expect(world.tasks(ID)).toEqual([]);
});

test('an old task that fails is followed by one of the new spec', () => {
  const world = new World();
  world.addNode();
  world.agents.behave('web:2', { missing: true });
  const { ID } = world.createService(web(2));
  world.run(5);
  world.updateService(ID, toImage('web:2'));
  world.run(10);
  expect(world.service(ID).UpdateStatus?.State).toBe('paused');
  const second = world.running(ID).find(({ Slot }) => Slot === 2);
  assert(second !== undefined, 'slot 2 still runs');
  world.agents.end(second, 1);
  world.settle();
  expect(world.live(ID).find(({ Slot }) => Slot === 2)?.Internal.SpecVersion).toBe(
    world.service(ID).Internal.SpecVersion,
  );
});
