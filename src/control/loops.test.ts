import { expect, test } from 'vitest';
import type { ServiceSpec } from '../model/index.ts';
import { World } from './testing/world.ts';

const web = (replicas: number, more: Partial<ServiceSpec> = {}): ServiceSpec => ({
  TaskTemplate: { ContainerSpec: { Image: 'web:1' } },
  Mode: { Replicated: { Replicas: replicas } },
  ...more,
});

const image = (name: string) => (spec: ServiceSpec) => ({
  ...spec,
  TaskTemplate: { ...spec.TaskTemplate, ContainerSpec: { Image: name } },
});

test('a new service has its tasks created and placed in one log entry', () => {
  const world = new World();
  world.addNodes(2);
  const { ID } = world.createService(web(3));
  world.settle();
  expect(world.entries).toBe(1);
  expect(world.tasks(ID).map(({ Slot, Status }) => [Slot, Status.State, Status.Message])).toEqual([
    [1, 'assigned', 'scheduler assigned task to node'],
    [2, 'assigned', 'scheduler assigned task to node'],
    [3, 'assigned', 'scheduler assigned task to node'],
  ]);
  world.run(2);
  expect(world.running(ID)).toHaveLength(3);
});

test('stop-first roll-out of two slots one by one', () => {
  const world = new World();
  world.addNodes(2);
  const { ID } = world.createService(web(2));
  world.run(10);
  world.transcript();
  world.updateService(ID, image('web:2'));
  world.run(20);
  expect(world.transcript()).toEqual([
    '10 updating: update in progress',
    '10 web.1.a desired shutdown',
    '10 web.1.b created, desired ready',
    '11 web.1.a shutdown',
    '11 web.1.b desired running',
    '11.5 web.1.b running',
    '11.5 web.2.a desired shutdown',
    '11.5 web.2.b created, desired ready',
    '12.5 web.2.a shutdown',
    '12.5 web.2.b desired running',
    '13 web.2.b running',
    '18 completed: update completed',
  ]);
});
