import { describe, expect, test } from 'vitest';
import { Refusal } from '../base/index.ts';
import type { TaskId } from '../model/index.ts';
import { AgentWorld, complete, increment, task, template, worldWith } from './agent-world.ts';
import { decodeRecord } from './state.ts';

describe('ends of the process', () => {
  test.each([
    0, 1, 2, 5, 10, 40, 55, 60, 70, 80, 90, 120, 260, 320, 1000,
  ])('killed %i ms after its start, the task runs once in the end and nothing is stopped', async (ms) => {
    const world = await worldWith(['t1']);
    await world.pass(ms);
    await world.restart();
    await world.pass(10_000);
    expect([world.manager.stateOf('t1'), world.running()]).toEqual(['running', ['web.1.t1']]);
    expect(world.engine.containers()).toHaveLength(1);
    expect(world.count('stop')).toBe(0);
    const starts = world.count('start');
    await world.restart();
    await world.pass(10_000);
    expect([world.count('start'), world.running()]).toEqual([starts, ['web.1.t1']]);
  });

  test.each([0, 1, 3, 8, 12, 15, 18, 25])('killed %i ms into a removal, nothing is left in the end', async (ms) => {
    const world = await worldWith(['t1', 't2']);
    await world.pass(3000);
    world.manager.assign(increment(1, 2, { removedTasks: ['t1' as TaskId] }));
    await world.pass(ms);
    world.manager.assignments = complete(3, [task('t2')]);
    await world.restart();
    await world.pass(10_000);
    expect(world.engine.containers().map(({ name }) => name)).toEqual(['web.1.t2']);
  });

  test('what a dead process had begun to remove is removed also when the manager goes on by increments', async () => {
    const world = await worldWith(['t1', 't2']);
    await world.pass(3000);
    world.manager.assign(increment(1, 2, { removedTasks: ['t1' as TaskId] }));
    await world.pass(1);
    world.manager.assignments = undefined;
    await world.restart();
    await world.pass(10_000);
    expect(world.engine.containers().map(({ name }) => name)).toEqual(['web.1.t2']);
    expect(world.running()).toEqual(['web.1.t2']);
  });

  test('what ended meanwhile is reported with its code and time', async () => {
    const world = await worldWith(['t1']);
    await world.pass(3000);
    await world.crash();
    await world.pass(1000);
    world.engine.container('web.1.t1')?.end(21);
    const endedAt = new Date(world.clock.now()).toISOString();
    await world.pass(60_000);
    await world.start();
    await world.pass(3000);
    expect(world.manager.statusOf('t1')).toMatchObject({
      State: 'failed',
      Timestamp: endedAt,
      Err: 'task: non-zero exit (21)',
      ContainerStatus: { ExitCode: 21 },
    });
  });

  test('a status that no manager got is sent by the next process', async () => {
    const world = await worldWith(['t1'], { behave: () => ({ exitAfterMs: 4000, exitCode: 9 }) });
    await world.pass(2000);
    world.manager.goDown();
    await world.pass(10_000);
    await world.restart();
    world.manager.isUp = true;
    await world.pass(10_000);
    expect(world.manager.statusOf('t1')).toMatchObject({ State: 'failed', Err: 'task: non-zero exit (9)' });
  });

  test('without managers a node runs what it had', async () => {
    const world = await worldWith(['t1']);
    await world.pass(50);
    world.manager.goDown();
    await world.restart();
    await world.pass(10_000);
    expect(world.running()).toEqual(['web.1.t1']);
  });

  test('leave stops and removes everything, and remembers nothing', async () => {
    const world = await worldWith(['t1', 't2']);
    await world.pass(3000);
    const left = world.agent.leave();
    await world.pass(5000);
    await left;
    expect(world.engine.containers()).toEqual([]);
    const bytes = await world.state.read();
    expect(bytes === undefined ? undefined : decodeRecord(bytes).tasks).toEqual([]);
  });

  test('a damaged state file is refused, credentials never reach it', async () => {
    const world = new AgentWorld();
    world.manager.assign(complete(1, [task('t1')], [{ ...template(), Credentials: { RegistryAuth: 'c2VjcmV0' } }]));
    await world.start();
    await world.pass(3000);
    const bytes = await world.state.read();
    expect(Buffer.from(bytes ?? []).includes('c2VjcmV0')).toBe(false);
    expect(bytes?.length).toBeGreaterThan(100);
    if (bytes === undefined) return;
    bytes[50] = (bytes[50] ?? 0) ^ 1;
    await world.state.replace(bytes);
    await world.crash();
    await expect(world.agent.start()).rejects.toBeInstanceOf(Refusal);
  });
});

describe('reboot', () => {
  test('what died is told to the managers with the reason, stale containers go', async () => {
    const world = await worldWith(['t1', 't2']);
    await world.pass(3000);
    world.manager.assignments = complete(2, [task('t1', 'running', 'running')]);
    await world.reboot();
    await world.pass(5000);
    expect(world.manager.statusOf('t1')).toMatchObject({
      State: 'failed',
      Message: 'the machine restarted',
      ContainerStatus: { ExitCode: 255 },
    });
    expect(world.engine.containers().map(({ name }) => name)).toEqual(['web.1.t1']);
  });

  test('without a manager the tasks are started again, and go on when one comes', async () => {
    const world = await worldWith(['t1']);
    await world.pass(3000);
    world.manager.goDown();
    await world.reboot();
    await world.pass(20_000);
    expect(world.running()).toEqual(['web.1.t1']);
    world.manager.isUp = true;
    await world.pass(20_000);
    expect(world.manager.statusOf('t1')).toMatchObject({
      State: 'running',
      Message: 'started again after the machine restarted',
    });
  });
});

describe('the engine', () => {
  test('dies: tasks keep their states and say so, and go on when it is back', async () => {
    const world = await worldWith(['t1']);
    await world.pass(3000);
    world.engine.setAvailability('down');
    world.manager.assign(increment(1, 2, { tasks: [task('t2')] }));
    await world.pass(10_000);
    expect(world.manager.statusOf('t1')).toMatchObject({
      State: 'running',
      Err: expect.stringContaining('Is it running?'),
    });
    expect(world.manager.stateOf('t2')).toMatch(/accepted|preparing/);
    world.engine.setAvailability('up');
    await world.pass(40_000);
    expect(world.manager.statusOf('t1')?.Err).toBeUndefined();
    expect(world.running()).toEqual(['web.1.t1', 'web.1.t2']);
  });

  test('is away: the session stays, and a new one is opened', async () => {
    const world = await worldWith(['t1']);
    await world.pass(3000);
    world.engine.setAvailability('down');
    await world.pass(60_000);
    expect(world.manager.sessions).toBe(1);
    world.manager.goDown();
    world.manager.isUp = true;
    await world.pass(20_000);
    expect(world.manager.sessions).toBe(2);
  });

  test('hangs: it is noticed, and what ended meanwhile is seen afterwards', async () => {
    const world = await worldWith(['t1']);
    await world.pass(3000);
    world.engine.setAvailability('hangs');
    world.engine.container('web.1.t1')?.end(5);
    await world.pass(150_000);
    expect(world.manager.statusOf('t1')?.State).toBe('running');
    expect(world.manager.statusOf('t1')?.Err).toContain('took longer than');
    world.engine.setAvailability('up');
    await world.pass(40_000);
    expect(world.manager.statusOf('t1')).toMatchObject({ State: 'failed', Err: 'task: non-zero exit (5)' });
  });

  test.each([
    'create',
    'start',
    'find',
    'inspect',
  ] as const)('an outage in the middle of %s loses nothing', async (operation) => {
    const world = await worldWith(['t1']);
    world.engine.failNext(operation, new Refusal('container-name-taken', { name: 'x' }));
    world.engine.failNext(operation, new Refusal('container-name-taken', { name: 'x' }));
    await world.pass(60);
    world.engine.setAvailability('down');
    await world.pass(3000);
    world.engine.setAvailability('up');
    await world.pass(60_000);
    expect(world.engine.containers().length).toBeLessThanOrEqual(1);
    expect(['running', 'rejected', 'failed']).toContain(world.manager.stateOf('t1'));
  });

  test('a container that someone removed behind our back is a failed task', async () => {
    const world = await worldWith(['t1']);
    await world.pass(3000);
    const id = world.engine.containers()[0]?.id;
    if (id !== undefined) void world.engine.removeContainer(id, new AbortController().signal);
    await world.pass(1000);
    expect(world.manager.statusOf('t1')).toMatchObject({ State: 'failed' });
  });
});
