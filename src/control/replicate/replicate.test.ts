import { expect, test } from 'vitest';
import { toReplicas, web } from '../testing/specs.ts';
import { World } from '../testing/world.ts';

test('a new service has its tasks created and placed in one log entry', () => {
  const world = new World();
  world.addNodes(2);
  const { ID } = world.createService(web(3));
  world.settle();
  expect(world.entries).toBe(1);
  const placed = 'scheduler assigned task to node';
  expect(world.tasks(ID).map(({ Slot, Status }) => [Slot, Status.State, Status.Message])).toEqual([
    [1, 'assigned', placed],
    [2, 'assigned', placed],
    [3, 'assigned', placed],
  ]);
});

test('more replicas take the lowest free slots', () => {
  const world = new World();
  world.addNode();
  const { ID } = world.createService(web(2));
  world.run(5);
  world.transcript();
  world.updateService(ID, toReplicas(4));
  world.run(5);
  expect(world.transcript()).toEqual([
    '5 web.3.a created, desired running',
    '5 web.4.a created, desired running',
    '6 web.3.a running',
    '6 web.4.a running',
  ]);
});

test('fewer replicas leave one a node, and the removed tasks vanish once they stopped', () => {
  const world = new World();
  world.addNodes(2);
  const { ID } = world.createService(web(5));
  world.run(5);
  world.updateService(ID, toReplicas(2));
  world.run(5);
  expect(world.tasks(ID)).toHaveLength(2);
  expect(new Set(world.running(ID).map(({ NodeID }) => NodeID)).size).toBe(2);
  expect(world.service(ID).UpdateStatus).toBeUndefined();
});

test('what does not run is given up before what runs', () => {
  const world = new World();
  world.addNode();
  const { ID } = world.createService(web(3));
  world.run(5);
  const [first] = world.running(ID);
  if (first !== undefined) world.agents.end(first, 1);
  world.settle();
  world.updateService(ID, toReplicas(2));
  world.run(10);
  expect(world.tasks(ID).map(({ Slot, Status }) => [Slot, Status.State])).toEqual([
    [2, 'running'],
    [3, 'running'],
  ]);
});

test('tasks of a removed service are stopped and deleted', () => {
  const world = new World();
  world.addNode();
  const { ID } = world.createService(web(2));
  world.run(5);
  world.transcript();
  world.removeService(ID);
  world.run(5);
  expect(world.transcript()).toEqual([
    '5 web.1.a desired remove',
    '5 web.2.a desired remove',
    '6 web.1.a shutdown',
    '6 web.2.a shutdown',
    '6 web.1.a deleted',
    '6 web.2.a deleted',
  ]);
});

test('a new leader takes down the tasks of a service that went while nobody led', () => {
  const world = new World();
  world.addNode();
  const { ID } = world.createService(web(2));
  world.run(5);
  world.removeService(ID);
  world.changeLeader();
  world.run(5);
  expect(world.tasks(ID)).toEqual([]);
});

test('a task object that vanishes is made anew', () => {
  const world = new World();
  world.addNode();
  const { ID } = world.createService(web(2));
  world.run(5);
  const [, second] = world.tasks(ID);
  world.apply([{ preconditions: [], changes: [{ kind: 'remove', table: 'task', id: second?.ID ?? '' }] }]);
  world.run(5);
  expect(world.running(ID).map(({ Slot }) => Slot)).toEqual([1, 2]);
});
