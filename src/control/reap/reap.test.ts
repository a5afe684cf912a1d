import { expect, test } from 'vitest';
import { seconds, web } from '../testing/specs.ts';
import { World } from '../testing/world.ts';

test('a slot keeps as many tasks as the limit says, the live one among them, the youngest first', () => {
  const world = new World();
  world.addNode();
  world.agents.behave('web:1', { endsAfterMs: 1_000, exitCode: 1 });
  const { ID } = world.createService(web(1, { TaskTemplate: { RestartPolicy: { Delay: seconds(1) } } }));
  world.run(60);
  const tasks = world.tasks(ID);
  expect(tasks).toHaveLength(5);
  expect(world.live(ID)).toEqual(tasks.slice(-1));
});

test('with MaxAttempts the history is long enough to count them', () => {
  const world = new World();
  world.addNode();
  world.agents.behave('web:1', { endsAfterMs: 100, exitCode: 1 });
  const RestartPolicy = { Delay: 0, MaxAttempts: 2 };
  const { ID } = world.createService(web(1, { TaskTemplate: { RestartPolicy } }));
  world.run(60);
  expect(world.tasks(ID)).toHaveLength(3);
});
