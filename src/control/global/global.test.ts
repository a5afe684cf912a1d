import { expect, test } from 'vitest';
import type { NodeId, ServiceSpec } from '../../model/index.ts';
import { globalWeb } from '../testing/specs.ts';
import { World } from '../testing/world.ts';

const onSsd: Partial<ServiceSpec> = { TaskTemplate: { Placement: { Constraints: ['node.labels.disk==ssd'] } } };

test('one task on each node, placed in the entry that creates them', () => {
  const world = new World();
  const ids = world.addNodes(3).map(({ ID }) => ID);
  const { ID } = world.createService(globalWeb());
  world.settle();
  expect(world.entries).toBe(1);
  expect(new Set(world.tasks(ID).map(({ NodeID }) => NodeID))).toEqual(new Set(ids));
  expect(world.tasks(ID)[0]?.Status).toMatchObject({
    State: 'assigned',
    Message: 'scheduler confirmed task can run on preassigned node',
  });
});

test('a node that joins gets its task, a paused one only when it is active', () => {
  const world = new World();
  const { ID } = world.createService(globalWeb());
  const node = world.addNode();
  world.run(5);
  expect(world.running(ID).map(({ NodeID }) => NodeID)).toEqual([node.ID]);
  const other = world.addNode();
  world.setAvailability(other.ID, 'pause');
  world.run(5);
  expect(world.running(ID)).toHaveLength(1);
  world.setAvailability(other.ID, 'active');
  world.run(5);
  expect(world.running(ID)).toHaveLength(2);
});

test('drain stops its task without replacement; active again brings it back', () => {
  const world = new World();
  const [a] = world.addNodes(2);
  const id = a?.ID ?? ('' as NodeId);
  const { ID } = world.createService(globalWeb());
  world.run(5);
  world.setAvailability(id, 'drain');
  world.run(5);
  expect(world.running(ID).map(({ NodeID }) => NodeID)).not.toContain(id);
  expect(world.live(ID)).toHaveLength(1);
  world.setAvailability(id, 'active');
  world.run(5);
  expect(world.running(ID).map(({ NodeID }) => NodeID)).toContain(id);
});

test('back before the old task stopped: the new one waits for it', () => {
  const world = new World();
  const node = world.addNode();
  world.agents.behave('web:1', { stopMs: 10_000 });
  world.createService(globalWeb());
  world.run(5);
  world.transcript();
  world.setAvailability(node.ID, 'drain');
  world.run(1);
  world.setAvailability(node.ID, 'active');
  world.run(20);
  expect(world.transcript()).toEqual([
    '5 web.host1.a desired shutdown',
    '6 web.host1.b created, desired ready',
    '15 web.host1.a shutdown',
    '15 web.host1.b desired running',
    '15.5 web.host1.b running',
  ]);
});

test('constraints decide which nodes take part, and a changed label moves the border', () => {
  const world = new World();
  const ssd = world.addNode({ labels: { disk: 'ssd' } });
  const hdd = world.addNode({ labels: { disk: 'hdd' } });
  const { ID } = world.createService(globalWeb(onSsd));
  world.run(5);
  expect(world.running(ID).map(({ NodeID }) => NodeID)).toEqual([ssd.ID]);
  world.changeNode(hdd.ID, (node) => ({ ...node, Spec: { ...node.Spec, Labels: { disk: 'ssd' } } }));
  world.changeNode(ssd.ID, (node) => ({ ...node, Spec: { ...node.Spec, Labels: { disk: 'hdd' } } }));
  world.run(10);
  expect(world.running(ID).map(({ NodeID }) => NodeID)).toEqual([hdd.ID]);
});

test('a failed task is restarted on its node after the delay', () => {
  const world = new World();
  world.addNode();
  const { ID } = world.createService(globalWeb());
  world.run(5);
  world.transcript();
  const [task] = world.running(ID);
  if (task !== undefined) world.agents.end(task, 1);
  world.run(10);
  expect(world.transcript().slice(-1)).toEqual(['10.5 web.host1.b running']);
  expect(world.running(ID)[0]?.NodeID).toBe(task?.NodeID);
});

test('a removed node takes its tasks with it', () => {
  const world = new World();
  const [a] = world.addNodes(2);
  const { ID } = world.createService(globalWeb());
  world.run(5);
  world.agents.powerOff(a?.ID ?? ('' as NodeId));
  world.removeNode(a?.ID ?? ('' as NodeId));
  world.run(5);
  expect(world.tasks(ID).map(({ Status }) => Status.State)).toEqual(['running']);
});
