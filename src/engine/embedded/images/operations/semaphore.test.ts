import { expect, test } from 'vitest';
import { Semaphore } from './semaphore.ts';

test('no more than the limit run at once, in order, and who gives up waiting leaves the queue', async () => {
  const slots = new Semaphore(2);
  const never = new AbortController().signal;
  const gates = Array.from({ length: 4 }, () => Promise.withResolvers<void>());
  const started: number[] = [];
  const stop = new AbortController();
  const run = (at: number, signal = never) =>
    slots.run(signal, async () => {
      started.push(at);
      await gates[at]?.promise;
    });
  const all = [run(0), run(1), run(2, stop.signal), run(3)];
  await Promise.resolve();
  await Promise.resolve();
  expect(started).toEqual([0, 1]);
  stop.abort(new Error('gave up'));
  await expect(all[2]).rejects.toThrow('gave up');
  gates[0]?.resolve();
  await all[0];
  for (const gate of gates) gate.resolve();
  await Promise.all([all[1], all[3]]);
  expect(started).toEqual([0, 1, 3]);
  await expect(slots.run(stop.signal, async () => 'late')).rejects.toThrow('gave up');
  expect(await slots.run(never, async () => 'free')).toBe('free');
});
