import { describe, expect, test } from 'vitest';
import { SharedWork } from './shared-work.ts';

const never = new AbortController().signal;

describe('work for the same key', () => {
  test('is done once; all get the result and hear the progress, latecomers the last of it', async () => {
    const shared = new SharedWork<string, number>();
    const heard: Array<[string, number]> = [];
    const gate = Promise.withResolvers<void>();
    let runs = 0;
    const work = async (_signal: AbortSignal, report: (progress: number) => void) => {
      runs += 1;
      report(1);
      await gate.promise;
      report(2);
      return 'done';
    };
    const first = shared.run('k', { signal: never, onProgress: (value) => heard.push(['first', value]) }, work);
    await Promise.resolve();
    await Promise.resolve();
    const second = shared.run('k', { signal: never, onProgress: (value) => heard.push(['second', value]) }, work);
    gate.resolve();
    expect(await Promise.all([first, second])).toEqual(['done', 'done']);
    expect(runs).toBe(1);
    expect(heard).toEqual([
      ['first', 1],
      ['second', 1],
      ['first', 2],
      ['second', 2],
    ]);
    await shared.run('k', { signal: never, onProgress: () => undefined }, work);
    expect(runs).toBe(2);
  });

  test('goes on while one still waits, and is stopped and awaited when the last gives up', async () => {
    const shared = new SharedWork<string, never>();
    const [one, two] = [new AbortController(), new AbortController()];
    let hasEnded = false;
    const work = (signal: AbortSignal) =>
      new Promise<string>((_resolve, reject) => {
        signal.addEventListener('abort', () =>
          setImmediate(() => {
            hasEnded = true;
            reject(signal.reason);
          }),
        );
      });
    const first = shared.run('k', { signal: one.signal, onProgress: () => undefined }, work);
    const second = shared.run('k', { signal: two.signal, onProgress: () => undefined }, work);
    one.abort(new Error('first gone'));
    await expect(first).rejects.toThrow('first gone');
    expect(hasEnded).toBe(false);
    two.abort(new Error('second gone'));
    await expect(second).rejects.toThrow('second gone');
    expect(hasEnded).toBe(true);
  });

  test('that fails fails for all, and the next one begins anew', async () => {
    const shared = new SharedWork<string, never>();
    const wait = { signal: never, onProgress: () => undefined };
    const failing = async () => {
      throw new Error('broken');
    };
    const outcomes = await Promise.allSettled([shared.run('k', wait, failing), shared.run('k', wait, failing)]);
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(await shared.run('k', wait, async () => 'fine')).toBe('fine');
  });
});
