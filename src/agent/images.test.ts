import { describe, expect, test } from 'vitest';
import { ManualClock, Unavailable } from '../base/index.ts';
import type { Engine, EngineImage, PullOptions } from '../engine/index.ts';
import { SimulatedEngine } from '../engine/simulated/index.ts';
import { silentLog } from './agent-world.ts';
import {
  FAILED_PULL_MEMORY_MS,
  ImageShelf,
  MADE_HERE_PATIENCE_MS,
  PULL_STALL_MS,
  REGISTRY_PATIENCE_MS,
} from './images.ts';
import { WorkQueue } from './work-queue.ts';

const { signal } = new AbortController();
const settled = () => new Promise((resolve) => setImmediate(resolve));

/** A shelf whose pulls go on until the test says how they end. */
function shelf(local?: EngineImage) {
  const clock = new ManualClock();
  const pulls: Array<PullOptions & PromiseWithResolvers<EngineImage>> = [];
  const engine: Engine = Object.assign(new SimulatedEngine({ clock }), {
    findImage: () => Promise.resolve(local),
    pullImage: (_reference: string, options: PullOptions) => {
      const pull = { ...options, ...Promise.withResolvers<EngineImage>() };
      options.signal.addEventListener('abort', () => pull.reject(options.signal.reason));
      pulls.push(pull);
      return pull.promise;
    },
  });
  const warned: string[] = [];
  const log = { ...silentLog, warn: (_facts: unknown, event: string) => void warned.push(event) };
  const images = new ImageShelf({ engine, clock, queue: new WorkQueue(1), log, prefersLocalImages: false });
  const ensure = () => {
    const state = { outcome: 'waiting' };
    images.ensure('app:1', undefined, signal).then(
      () => {
        state.outcome = 'here';
      },
      (error: Error) => {
        state.outcome = error.message;
      },
    );
    return state;
  };
  return { clock, pulls, ensure, warned };
}

const made: EngineImage = { id: 'sha256:a', repoDigests: [] };
const pulled: EngineImage = { id: 'sha256:a', repoDigests: ['app@sha256:b'] };

describe('an image that is here', () => {
  test.each([
    ['was made here', made, MADE_HERE_PATIENCE_MS],
    ['came from a registry', pulled, REGISTRY_PATIENCE_MS],
  ])('and %s waits for a silent registry for its time only, then not again for a while', async (_how, local, patienceMs) => {
    const { clock, pulls, ensure } = shelf(local);
    const first = ensure();
    await settled();
    clock.advance(patienceMs - 1);
    await settled();
    expect(first.outcome).toBe('waiting');
    clock.advance(1);
    await settled();
    const second = ensure();
    await settled();
    expect([first.outcome, second.outcome, pulls.length]).toEqual(['here', 'here', 1]);
    clock.advance(FAILED_PULL_MEMORY_MS + PULL_STALL_MS);
    await settled();
    const third = ensure();
    await settled();
    expect([third.outcome, pulls.length]).toEqual(['waiting', 2]);
  });

  test('a pull that fails under many tasks is told once, and again after its time', async () => {
    const { clock, pulls, ensure, warned } = shelf(made);
    const waiting = [ensure(), ensure(), ensure()];
    await settled();
    pulls[0]?.reject(new Unavailable('simulated-outage'));
    await settled();
    expect(waiting.map(({ outcome }) => outcome)).toEqual(['here', 'here', 'here']);
    expect(warned).toEqual(['pull failed']);
    clock.advance(FAILED_PULL_MEMORY_MS);
    ensure();
    await settled();
    pulls[1]?.reject(new Unavailable('simulated-outage'));
    await settled();
    expect(warned).toHaveLength(2);
  });

  test('waits for a registry that has answered until the new one is whole', async () => {
    const { clock, pulls, ensure } = shelf(pulled);
    const wait = ensure();
    await settled();
    pulls[0]?.onProgress?.({ status: 'Pulling from app' });
    await settled();
    clock.advance(PULL_STALL_MS - 1);
    await settled();
    expect(wait.outcome).toBe('waiting');
    pulls[0]?.resolve(pulled);
    await settled();
    expect(wait.outcome).toBe('here');
  });
});

describe('an image that is not here', () => {
  test('waits as long as the registry sends anything, and is given up when it stalls', async () => {
    const { clock, pulls, ensure } = shelf();
    const wait = ensure();
    await settled();
    for (let step = 0; step < 5; step++) {
      clock.advance(PULL_STALL_MS - 1);
      pulls[0]?.onProgress?.({ status: 'Downloading' });
    }
    await settled();
    expect(wait.outcome).toBe('waiting');
    clock.advance(PULL_STALL_MS);
    await settled();
    expect(wait.outcome).toMatch(/^No such image: app:1 \(pull: /);
  });

  test('can’t be had: its name and the reason are told', async () => {
    const { pulls, ensure } = shelf();
    const wait = ensure();
    await settled();
    pulls[0]?.reject(new Unavailable('simulated-outage'));
    await settled();
    expect(wait.outcome).toMatch(/^No such image: app:1 \(pull: Cannot connect/);
  });
});
