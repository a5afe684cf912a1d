import { describe, expect, test } from 'vitest';
import { Refusal } from '../base/index.ts';
import type { TaskId } from '../model/index.ts';
import { AgentWorld, complete, fence, IMAGE, increment, NODE, task, template } from './agent-world.ts';
import { decodeRecord } from './state.ts';

async function worldWith(ids: readonly string[], options = {}): Promise<AgentWorld> {
  const world = new AgentWorld(options);
  world.manager.assign(
    complete(
      1,
      ids.map((id) => task(id)),
    ),
  );
  await world.start();
  return world;
}

describe('the way of a task', () => {
  test('from assigned to running, with its statuses in order and the container named and labelled', async () => {
    const world = await worldWith(['t1']);
    await world.pass(3000);
    expect(world.manager.statesOf('t1').at(-1)).toBe('running');
    expect(world.running()).toEqual(['web.1.t1']);
    expect(world.engine.containers()[0]?.create.Labels).toMatchObject({
      'com.docker.swarm.task': '',
      'com.docker.swarm.task.id': 't1',
      'com.docker.swarm.node.id': NODE,
      'com.docker.swarm.service.name': 'web',
    });
    expect(world.manager.statusOf('t1')?.ContainerStatus?.PID).toBeGreaterThan(0);
    expect(world.manager.kinds('applied')).toHaveLength(1);
  });

  test('an exit is reported with its code, the container stays until the task is removed', async () => {
    const world = await worldWith(['t1'], { behave: () => ({ exitAfterMs: 5000, exitCode: 3 }) });
    await world.pass(20_000);
    expect(world.manager.statusOf('t1')).toMatchObject({
      State: 'failed',
      Err: 'task: non-zero exit (3)',
      ContainerStatus: { ExitCode: 3 },
    });
    expect(world.engine.containers()).toHaveLength(1);
    world.manager.assign(increment(1, 2, { removedTasks: ['t1' as TaskId] }));
    await world.pass(1000);
    expect(world.engine.containers()).toEqual([]);
    expect(world.agent.statuses().size).toBe(0);
  });

  test('a stop keeps to the grace period of the spec', async () => {
    const world = new AgentWorld({ behave: () => ({ ignoresStopSignal: true }) });
    world.manager.assign(complete(1, [task('t1')], [template({ StopGracePeriod: 3_900_000_000 })]));
    await world.start();
    await world.pass(3000);
    world.manager.assign(increment(1, 2, { tasks: [task('t1', 'shutdown')] }));
    await world.pass(2900);
    expect(world.running()).toEqual(['web.1.t1']);
    await world.pass(200);
    expect(world.manager.statusOf('t1')).toMatchObject({ State: 'shutdown', ContainerStatus: { ExitCode: 137 } });
  });

  test('starts no more at once than the engine does well, and stops do not wait behind starts', async () => {
    const options = { engine: { startParallelism: 2, times: { start: 1000, create: 10 } } };
    const world = await worldWith(['t1', 't2', 't3', 't4', 't5', 't6'], options);
    await world.pass(1500);
    expect(world.running()).toHaveLength(2);
    world.manager.assign(increment(1, 2, { tasks: [task('t1', 'shutdown'), task('t2', 'shutdown')] }));
    await world.pass(200);
    expect(world.running()).toEqual([]);
    await world.pass(5000);
    expect(world.running()).toHaveLength(4);
  });
});

describe('what can not run here', () => {
  test('an unknown image is rejected by name', async () => {
    const world = new AgentWorld();
    world.manager.assign(complete(1, [task('t1')], [template({ Image: 'nosuch:1' })]));
    await world.start();
    await world.pass(3000);
    expect(world.manager.statusOf('t1')).toMatchObject({
      State: 'rejected',
      Message: 'preparing',
      ContainerStatus: { ContainerID: '' },
    });
    expect(world.manager.statusOf('t1')?.Err).toMatch(/^No such image: nosuch:1/);
  });

  test('a start that the engine refuses is failed with its text', async () => {
    const world = await worldWith(['t1'], {
      behave: () => ({ startError: 'OCI runtime create failed: no such file' }),
    });
    await world.pass(3000);
    expect(world.manager.statusOf('t1')).toMatchObject({
      State: 'failed',
      Message: 'starting',
      Err: 'OCI runtime create failed: no such file',
    });
  });

  test.each([
    [{ Type: 'bind', Source: 'x', Target: '/y' }, 'invalid bind mount source, must be an absolute path: x'],
    [{ Type: 'bind', Source: '/x', Target: 'y' }, 'invalid mount target, must be an absolute path: y'],
    [{ Type: 'volume', Source: '/x', Target: '/y' }, 'invalid volume mount source, must not be an absolute path: /x'],
    [{ Type: 'tmpfs', Source: 'x', Target: '/y' }, 'invalid tmpfs source, source must be empty'],
    [
      { Type: 'bind', Source: '/gone', Target: '/y' },
      'invalid mount config for type "bind": bind source path does not exist: /gone',
    ],
  ] as const)('the mount %o is rejected in Swarm’s words', async (mount, error) => {
    const world = new AgentWorld({ agent: { hostPathExists: () => Promise.resolve(false) } });
    world.manager.assign(complete(1, [task('t1')], [template({ Mounts: [mount] })]));
    await world.start();
    await world.pass(3000);
    expect(world.manager.statusOf('t1')).toMatchObject({ State: 'rejected', Err: error });
  });
});

describe('assignments', () => {
  test('older, repeated and unconnected ones stop nothing', async () => {
    const world = new AgentWorld();
    world.manager.assign({ ...complete(5, [task('t1')]), fence: fence(5, { term: 3 }) });
    await world.start();
    await world.pass(3000);
    world.manager.assign({ ...increment(5, 4, { removedTasks: ['t1' as TaskId] }), fence: fence(9, { term: 2 }) });
    await world.pass(1000);
    world.manager.assign({ ...complete(9, []), fence: fence(9, { term: 2 }) });
    world.manager.assignments = undefined;
    await world.pass(10_000);
    expect(world.running()).toEqual(['web.1.t1']);
    world.manager.assign({ ...increment(7, 8, { removedTasks: ['t1' as TaskId] }), fence: fence(8, { term: 4 }) });
    world.manager.assign({ ...increment(8, 9, { removedTasks: ['t1' as TaskId] }), fence: fence(9, { term: 4 }) });
    await world.pass(1000);
    expect(world.running()).toEqual(['web.1.t1']);
    expect(world.manager.kinds('needComplete')).toHaveLength(1);
  });

  test('a task that comes twice runs once', async () => {
    const world = await worldWith(['t1']);
    world.manager.assign(complete(1, [task('t1')]));
    world.manager.assign(complete(2, [task('t1')]));
    await world.pass(5000);
    expect([world.count('create'), world.running().length]).toEqual([1, 1]);
  });

  test('a desired state that comes late is not obeyed', async () => {
    const world = await worldWith(['t1']);
    await world.pass(3000);
    world.manager.assign(increment(1, 2, { tasks: [task('t1', 'shutdown')] }));
    world.manager.assign(increment(2, 3, { tasks: [task('t1', 'running')] }));
    await world.pass(3000);
    expect([world.manager.stateOf('t1'), world.running()]).toEqual(['shutdown', []]);
  });

  test('an acknowledgement comes only after the disk has it', async () => {
    const world = new AgentWorld();
    let isFull = true;
    const { state } = world;
    const replace = state.replace;
    state.replace = (bytes) => (isFull ? Promise.reject(new Error('disk full')) : replace(bytes));
    world.manager.assign(complete(1, [task('t1')]));
    await world.start();
    await world.pass(3000);
    expect(world.running()).toHaveLength(1);
    expect(world.manager.kinds('applied')).toEqual([]);
    isFull = false;
    await world.pass(2000);
    expect(world.manager.kinds('applied')).toEqual([{ kind: 'applied', sessionId: 's1', fence: fence(1) }]);
  });
});

describe('sessions', () => {
  test('a new one is opened after a loss, and unacknowledged statuses are sent again', async () => {
    const world = await worldWith(['t1']);
    world.manager.acknowledges = false;
    await world.pass(3000);
    world.manager.goDown();
    await world.pass(5000);
    world.manager.acknowledges = true;
    world.manager.statuses.length = 0;
    world.manager.isUp = true;
    await world.pass(10_000);
    expect(world.manager.sessions).toBe(2);
    expect(world.manager.stateOf('t1')).toBe('running');
    expect(world.manager.kinds('openSession').at(-1)).toMatchObject({ holds: fence(1) });
  });

  test('beats at the period it is told', async () => {
    const world = await worldWith([]);
    await world.pass(15_500);
    expect(world.manager.kinds('heartbeat').length).toBe(4);
  });

  test('a changed description is told', async () => {
    const world = await worldWith([]);
    await world.pass(100);
    world.engine.description = { Hostname: 'renamed' };
    await world.pass(21_000);
    expect(world.manager.kinds('description')).toEqual([
      { kind: 'description', sessionId: 's1', description: { Hostname: 'renamed' } },
    ]);
  });

  test('a removed node opens no other', async () => {
    let reason = '';
    const world = await worldWith([], {
      agent: {
        onRemoved: (why: string) => {
          reason = why;
        },
      },
    });
    await world.pass(100);
    world.manager.remove();
    await world.pass(60_000);
    expect([world.manager.sessions, reason]).toEqual([1, 'node was removed']);
  });
});

describe('ends of the process', () => {
  test.each([0, 1, 2, 5, 10, 40, 55, 60, 70, 80, 90, 120, 260, 320, 1000])(
    'killed %i ms after its start, the task runs once in the end and nothing is stopped',
    async (ms) => {
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
    },
  );

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

  test.each(['create', 'start', 'find', 'inspect'] as const)(
    'an outage in the middle of %s loses nothing',
    async (operation) => {
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
    },
  );

  test('a container that someone removed behind our back is a failed task', async () => {
    const world = await worldWith(['t1']);
    await world.pass(3000);
    const id = world.engine.containers()[0]?.id;
    if (id !== undefined) void world.engine.removeContainer(id, new AbortController().signal);
    await world.pass(1000);
    expect(world.manager.statusOf('t1')).toMatchObject({ State: 'failed' });
  });
});

describe('images', () => {
  test('tasks of the same image share one pull', async () => {
    const world = new AgentWorld();
    world.engine.registryImages.add('fresh:1');
    const tasks = ['t1', 't2', 't3'].map((id) => task(id));
    world.manager.assign(complete(1, tasks, [template({ Image: 'fresh:1' })]));
    await world.start();
    await world.pass(3000);
    expect([world.count('pull'), world.running().length]).toEqual([1, 3]);
  });

  test('a registry that does not answer delays a local image once and briefly', async () => {
    const world = new AgentWorld();
    world.engine.registry = 'hangs';
    world.manager.assign(complete(1, [task('t1')]));
    await world.start();
    await world.pass(400);
    expect(world.running()).toHaveLength(1);
    world.manager.assign(increment(1, 2, { tasks: [task('t2')] }));
    await world.pass(50);
    expect(world.running()).toHaveLength(2);
  });

  test('a digest or an id that is here is not asked for, nor is anything when local images are preferred', async () => {
    for (const [image, prefersLocalImages] of [
      [`${IMAGE}@sha256:${'0'.repeat(64)}`, false],
      [IMAGE, true],
    ] as const) {
      const world = new AgentWorld({ agent: { prefersLocalImages } });
      world.engine.addImage(image, { fromRegistry: true });
      world.manager.assign(complete(1, [task('t1')], [template({ Image: image })]));
      await world.start();
      await world.pass(3000);
      expect([world.count('pull'), world.running().length]).toEqual([0, 1]);
    }
  });
});

test('logs of a task come from its container, also after its end', async () => {
  const world = await worldWith(['t1'], { behave: () => ({ output: ['hello'], exitAfterMs: 10 }) });
  await world.pass(3000);
  const lines: string[] = [];
  const options = { stdout: true, stderr: true, follow: false };
  for await (const record of world.agent.logs('t1' as TaskId, options, new AbortController().signal))
    lines.push(new TextDecoder().decode(record.bytes));
  expect(lines).toEqual(['hello\n']);
});
