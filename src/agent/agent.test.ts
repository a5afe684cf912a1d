import { describe, expect, test } from 'vitest';
import type { TaskId } from '../model/index.ts';
import { AgentWorld, complete, fence, IMAGE, increment, NODE, task, template, worldWith } from './agent-world.ts';

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

  test('neither an acknowledgement nor a container comes before the disk has the task', async () => {
    const world = new AgentWorld();
    let isFull = true;
    const { state } = world;
    const replace = state.replace;
    state.replace = (bytes) => (isFull ? Promise.reject(new Error('disk full')) : replace(bytes));
    world.manager.assign(complete(1, [task('t1')]));
    await world.start();
    await world.pass(3000);
    expect(world.running()).toEqual([]);
    expect(world.manager.statusOf('t1')).toMatchObject({
      State: 'preparing',
      Err: expect.stringContaining('disk full'),
    });
    expect(world.manager.kinds('applied')).toEqual([]);
    isFull = false;
    await world.pass(5000);
    expect(world.running()).toHaveLength(1);
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
