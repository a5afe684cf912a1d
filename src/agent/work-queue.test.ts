import { expect, test } from 'vitest';
import { WorkQueue } from './work-queue.ts';

/** Works that end when the test says so. */
function works(queue: WorkQueue) {
  const begun: string[] = [];
  const ends = new Map<string, () => void>();
  return {
    begun,
    add: (kind: Parameters<WorkQueue['run']>[0], name: string, signal = new AbortController().signal) =>
      queue.run(kind, signal, () => {
        begun.push(name);
        return new Promise<void>((resolve) => ends.set(name, resolve));
      }),
    end: async (name: string) => {
      ends.get(name)?.();
      await settled();
    },
  };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

test('no more at once than the engine does well; starts before creations; stops at once', async () => {
  const { add, begun, end } = works(new WorkQueue(1));
  const all = [add('create', 'create1'), add('create', 'create2'), add('start', 'start1'), add('stop', 'stop1')];
  await settled();
  expect(begun).toEqual(['create1', 'stop1']);
  await end('create1');
  expect(begun.at(-1)).toBe('start1');
  await end('start1');
  expect(begun.at(-1)).toBe('create2');
  await end('create2');
  await end('stop1');
  await Promise.all(all);
});

test('what is given up while it waits never runs, and the next goes on', async () => {
  const { add, begun, end } = works(new WorkQueue(1));
  const giveUp = new AbortController();
  const first = add('create', 'first');
  const second = add('create', 'second', giveUp.signal);
  const third = add('create', 'third');
  giveUp.abort(new Error('not wanted'));
  await expect(second).rejects.toMatchObject({ code: 'step-cancelled' });
  await end('first');
  await end('third');
  await Promise.all([first, third]);
  expect(begun).toEqual(['first', 'third']);
});

test('a work that fails gives its place back', async () => {
  const queue = new WorkQueue(1);
  const { signal } = new AbortController();
  await expect(queue.run('start', signal, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  await expect(queue.run('start', signal, () => Promise.resolve('yes'))).resolves.toBe('yes');
});
