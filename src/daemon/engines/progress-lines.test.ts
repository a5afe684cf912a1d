import { expect, test } from 'vitest';
import { lines } from './progress-lines.ts';

type Line = { readonly id: string; readonly progressDetail?: object };

test('lines come in order, then the end', async () => {
  const told = lines<Line>(async (emit) => {
    emit({ id: 'a' });
    await Promise.resolve();
    emit({ id: 'b' });
  });
  expect(await Array.fromAsync(told)).toEqual([{ id: 'a' }, { id: 'b' }]);
});

test('a failure comes after the lines before it', async () => {
  const told = lines<Line>(async (emit) => {
    emit({ id: 'a' });
    throw new Error('lost');
  });
  expect(await told.next()).toEqual({ done: false, value: { id: 'a' } });
  await expect(told.next()).rejects.toThrow('lost');
});

test('for a slow reader updates of a bar are left out, all other lines are kept', async () => {
  const told = lines<Line>(async (emit) => {
    for (let i = 0; i < 5000; i++) emit({ id: 'layer', progressDetail: {} });
    emit({ id: 'done' });
  });
  const read = await Array.fromAsync(told);
  expect(read.length).toBeLessThan(1100);
  expect(read.at(-1)).toEqual({ id: 'done' });
});
