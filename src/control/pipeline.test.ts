import { expect, test } from 'vitest';
import { toImage, toReplicas, web } from './testing/specs.ts';
import { World } from './testing/world.ts';

test('a spec that is accepted between decision and commit drops what was decided on the old one', () => {
  const world = new World();
  world.addNodes(2);
  const { ID } = world.createService(web(2));
  const decided = world.decide();
  world.updateService(ID, toReplicas(3));
  world.apply(decided);
  expect(world.dropped).toBe(1);
  expect(world.tasks(ID)).toEqual([]);
  world.run(5);
  expect(world.running(ID)).toHaveLength(3);
});

test('a status that arrives between decision and commit drops only what was decided on that task', () => {
  const world = new World();
  world.addNodes(2);
  const { ID } = world.createService(web(3));
  world.run(5);
  world.updateService(ID, toReplicas(1));
  const decided = world.decide();
  const [task] = world.tasks(ID).filter(({ Slot }) => Slot > 1);
  if (task !== undefined) world.agents.end(task, 1);
  world.apply(decided);
  expect(world.dropped).toBe(1);
  world.run(10);
  expect(world.running(ID)).toHaveLength(1);
  expect(world.tasks(ID)).toHaveLength(1);
});

test('room that a dropped placement took is given back', () => {
  const world = new World();
  world.addNode({ cpus: 1 });
  const Resources = { Reservations: { NanoCPUs: 1e9 } };
  const first = world.createService(web(1, { Name: 'first', TaskTemplate: { Resources } }));
  const decided = world.decide();
  world.removeService(first.ID);
  world.apply(decided);
  const second = world.createService(web(1, { Name: 'second', TaskTemplate: { Resources } }));
  world.run(5);
  expect(world.running(second.ID)).toHaveLength(1);
});

test('what was lost is due at once, without any commit', () => {
  const world = new World();
  world.addNode();
  const { ID } = world.createService(web(1));
  world.loses = () => true;
  world.act();
  world.loses = () => false;
  world.run(5);
  expect(world.running(ID)).toHaveLength(1);
});

test('a failure during a roll-out whose note is lost is noted again', () => {
  const world = new World();
  world.addNodes(2);
  const { ID } = world.createService(web(2));
  world.run(5);
  world.agents.behave('web:2', { endsAfterMs: 0, exitCode: 1 });
  world.updateService(ID, toImage('web:2'));
  world.loses = ({ changes }) =>
    changes.some(
      (change) => change.kind === 'put' && change.table === 'service' && change.object.UpdateStatus?.State === 'paused',
    ) && world.random.below(3) > 0;
  world.run(20);
  expect(world.service(ID).UpdateStatus?.State).toBe('paused');
  expect(world.running(ID).map(({ Slot }) => Slot)).toEqual([2]);
});
