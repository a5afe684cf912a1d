import { expect, test } from 'vitest';
import { complete, task, worldWith } from './agent-world.ts';

test('a namespace whose making was given up is taken away once it is made', async () => {
  const made = Promise.withResolvers<string>();
  const calls: string[] = [];
  const world = await worldWith(['a'], {
    agent: {
      network: {
        prepare: async (taskId) => {
          calls.push(`prepare ${taskId}`);
          const path = await made.promise;
          calls.push('made');
          return path;
        },
        release: async (taskId) => {
          calls.push(`release ${taskId}`);
        },
      },
    },
  });
  await world.pass(1_000);
  expect(calls).toEqual(['prepare a']);
  world.manager.assign(complete(2, [task('a', 'shutdown')]));
  await world.pass(1_000);
  expect(world.manager.stateOf('a')).toBe('shutdown');
  expect(calls).toEqual(['prepare a']);
  made.resolve('/run/netns/a');
  await world.pass(1_000);
  expect(calls.slice(0, 3)).toEqual(['prepare a', 'made', 'release a']);
  await world.agent.stop();
});
