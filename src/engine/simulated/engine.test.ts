import { expect, test } from 'vitest';
import { ManualClock } from '../../base/index.ts';
import type { ContainerBehaviour } from './container.ts';
import { SimulatedEngine } from './engine.ts';

const { signal } = new AbortController();
const labels = { 'x.id': '1' };

function world(behaviour: ContainerBehaviour = {}) {
  const clock = new ManualClock();
  const engine = new SimulatedEngine({ clock, behave: () => behaviour });
  engine.addImage('a');
  return { clock, engine };
}

/** Lets virtual time run until the work is done. */
async function done<T>(clock: ManualClock, work: Promise<T>): Promise<T> {
  let isOver = false;
  const over = () => {
    isOver = true;
  };
  work.then(over, over);
  for (;;) {
    await new Promise((resolve) => setImmediate(resolve));
    const next = clock.nextAlarm();
    if (isOver || next === undefined) return work;
    clock.advance(next - clock.now());
  }
}

async function started(behaviour: ContainerBehaviour = {}) {
  const { clock, engine } = world(behaviour);
  const id = await done(clock, engine.createContainer('c', { Image: 'a', Labels: labels }, { signal }));
  await done(clock, engine.startContainer(id, signal));
  return { clock, engine, id };
}

test('a container runs, ends by itself and keeps its code', async () => {
  const { clock, engine, id } = await started({ exitAfterMs: 500, exitCode: 4 });
  expect((await done(clock, engine.inspectContainer('c', signal)))?.State).toMatchObject({
    Status: 'running',
    Running: true,
  });
  clock.advance(500);
  const inspect = await done(clock, engine.inspectContainer(id, signal));
  expect(inspect?.State).toMatchObject({ Status: 'exited', ExitCode: 4, Pid: 0 });
});

test('a stop takes what the container takes, at most the grace', async () => {
  const { clock, engine, id } = await started({ ignoresStopSignal: true });
  const before = clock.now();
  await done(clock, engine.stopContainer(id, 3000, signal));
  expect(clock.now() - before).toBeGreaterThanOrEqual(3000);
  expect(engine.container('c')?.inspect().State.ExitCode).toBe(137);
});

test('a watcher hears everything after listening, and of an outage', async () => {
  const { clock, engine, id } = await started();
  const events = engine.watch(signal)[Symbol.asyncIterator]();
  expect((await events.next()).value).toBe('listening');
  await done(clock, engine.stopContainer(id, 1000, signal));
  expect((await events.next()).value).toMatchObject({ kind: 'died', id, labels });
  engine.setAvailability('down');
  await expect(events.next()).rejects.toMatchObject({ kind: 'unavailable' });
  await expect(engine.inspectContainer(id, signal)).rejects.toMatchObject({ kind: 'unavailable' });
});

test('a call that was given up may take effect all the same', async () => {
  const { clock, engine } = world();
  const giveUp = new AbortController();
  const create = engine.createContainer('c', { Image: 'a' }, { signal: giveUp.signal });
  giveUp.abort(new Error('given up'));
  await expect(create).rejects.toThrow('given up');
  clock.advance(100);
  await new Promise((resolve) => setImmediate(resolve));
  expect(engine.container('c')).toBeDefined();
});

test('an engine that hangs answers nothing, and a call ends with its signal', async () => {
  const { engine } = world();
  engine.setAvailability('hangs');
  const giveUp = new AbortController();
  const call = engine.findImage('a', giveUp.signal);
  giveUp.abort(new Error('deadline'));
  await expect(call).rejects.toThrow('deadline');
  expect(engine.calls).toEqual([]);
});

test('lists by label, with or without value; a reboot ends all that ran', async () => {
  const { clock, engine } = await started();
  expect(await done(clock, engine.listContainers('x.id', signal))).toHaveLength(1);
  expect(await done(clock, engine.listContainers('x.id=2', signal))).toHaveLength(0);
  engine.reboot();
  expect(engine.container('c')?.inspect().State).toMatchObject({ Running: false, ExitCode: 255 });
});

test('names are unique, images must be here, and failures come as ordered', async () => {
  const { clock, engine } = await started();
  await expect(done(clock, engine.createContainer('c', { Image: 'a' }, { signal }))).rejects.toMatchObject({
    code: 'container-name-taken',
  });
  await expect(done(clock, engine.createContainer('d', { Image: 'b' }, { signal }))).rejects.toThrow(
    'No such image: b',
  );
  engine.failNext('list', new Error('once'));
  await expect(done(clock, engine.listContainers('x.id', signal))).rejects.toThrow('once');
  expect(await done(clock, engine.listContainers('x.id', signal))).toHaveLength(1);
});
