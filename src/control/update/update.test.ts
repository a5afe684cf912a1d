import { expect, test } from 'vitest';
import { globalWeb, seconds, toImage, toImageWith, toReplicas, web } from '../testing/specs.ts';
import { World } from '../testing/world.ts';

function settledWorld(replicas: number, nodes = 2) {
  const world = new World();
  world.addNodes(nodes);
  const { ID } = world.createService(web(replicas));
  world.run(10);
  world.transcript();
  return { world, ID };
}

test('stop-first, one by one', () => {
  const { world, ID } = settledWorld(2);
  world.updateService(ID, toImage('web:2'));
  world.run(20);
  expect(world.transcript()).toEqual([
    '10 updating: update in progress',
    '10 web.1.a desired shutdown',
    '10 web.1.b created, desired ready',
    '11 web.1.a shutdown',
    '11 web.1.b desired running',
    '11.5 web.1.b running',
    '11.5 web.2.a desired shutdown',
    '11.5 web.2.b created, desired ready',
    '12.5 web.2.a shutdown',
    '12.5 web.2.b desired running',
    '13 web.2.b running',
    '18 completed: update completed',
  ]);
});

test('two at a time with a delay between slots', () => {
  const { world, ID } = settledWorld(4);
  world.updateService(ID, toImageWith('web:2', { Parallelism: 2, Delay: seconds(10) }));
  world.run(60);
  const lines = world.transcript().filter((line) => /created|completed|[.]b running/.test(line));
  expect(lines).toEqual([
    '10 web.1.b created, desired ready',
    '10 web.2.b created, desired ready',
    '11.5 web.1.b running',
    '11.5 web.2.b running',
    '21.5 web.3.b created, desired ready',
    '21.5 web.4.b created, desired ready',
    '23 web.3.b running',
    '23 web.4.b running',
    '34 completed: update completed',
  ]);
});

test('settings without parallelism change all slots at once', () => {
  const { world, ID } = settledWorld(5);
  world.updateService(ID, toImageWith('web:2', {}));
  world.settle();
  expect(world.live(ID).every(({ DesiredState }) => DesiredState === 'ready')).toBe(true);
  expect(world.live(ID)).toHaveLength(5);
});

test('start-first: the old task stops when the new one runs', () => {
  const { world, ID } = settledWorld(1);
  world.updateService(ID, toImageWith('web:2', { Order: 'start-first' }));
  world.run(20);
  expect(world.transcript()).toEqual([
    '10 updating: update in progress',
    '10 web.1.b created, desired running',
    '11 web.1.b running',
    '11 web.1.a desired shutdown',
    '12 web.1.a shutdown',
    '16 completed: update completed',
  ]);
});

test('start-first: a new task that fails does not cost the old one', () => {
  const { world, ID } = settledWorld(1);
  world.agents.behave('web:2', { endsAfterMs: 0, exitCode: 1 });
  world.updateService(ID, toImageWith('web:2', { Order: 'start-first' }));
  world.run(60);
  expect(world.service(ID).UpdateStatus?.State).toBe('paused');
  expect(world.running(ID)).toHaveLength(1);
});

test('a failure pauses the roll-out and leaves the other slots alone', () => {
  const { world, ID } = settledWorld(2);
  world.agents.behave('web:2', { endsAfterMs: 0, exitCode: 1 });
  world.updateService(ID, toImage('web:2'));
  world.run(3);
  expect(world.transcript()).toEqual([
    '10 updating: update in progress',
    '10 web.1.a desired shutdown',
    '10 web.1.b created, desired ready',
    '11 web.1.a shutdown',
    '11 web.1.b desired running',
    '11.5 web.1.b failed',
    '11.5 web.1.b desired shutdown',
    '11.5 web.1.c created, desired ready',
    '11.5 paused: update paused due to failure or early termination of task web.1.b',
  ]);
  world.run(30);
  expect(world.running(ID).map(({ Slot }) => Slot)).toEqual([2]);
});

test('any new spec takes a paused roll-out up again, even the old image', () => {
  const { world, ID } = settledWorld(2);
  world.agents.behave('web:2', { endsAfterMs: 0, exitCode: 1 });
  world.updateService(ID, toImage('web:2'));
  world.run(10);
  world.updateService(ID, toImage('web:1'));
  world.run(20);
  expect(world.service(ID).UpdateStatus?.State).toBe('completed');
  expect(world.running(ID).map(({ Slot, Status }) => [Slot, Status.State])).toEqual([
    [1, 'running'],
    [2, 'running'],
  ]);
});

test('a failure within the monitor period after running counts', () => {
  const { world, ID } = settledWorld(2);
  world.agents.behave('web:2', { endsAfterMs: 4_000, exitCode: 1 });
  world.updateService(ID, toImage('web:2'));
  world.run(30);
  expect(world.service(ID).UpdateStatus?.State).toBe('paused');
});

test('a failure after the monitor period does not', () => {
  const { world, ID } = settledWorld(1);
  world.agents.behave('web:2', { endsAfterMs: 6_000, exitCode: 1 });
  world.updateService(ID, toImage('web:2'));
  world.run(30);
  expect(world.service(ID).UpdateStatus?.State).toBe('completed');
});

test('failures up to the ratio are borne', () => {
  const { world, ID } = settledWorld(4, 1);
  world.agents.behave('web:2', { missing: true });
  world.updateService(ID, toImageWith('web:2', { Parallelism: 1, MaxFailureRatio: 0.5 }));
  world.run(60);
  expect(world.service(ID).UpdateStatus?.State).toBe('paused');
  expect(world.service(ID).Internal.Rollout?.Failed).toHaveLength(3);
  expect(world.running(ID).map(({ Slot }) => Slot)).toEqual([4]);
});

test('action continue goes on to the end', () => {
  const { world, ID } = settledWorld(2);
  world.agents.behave('web:2', { endsAfterMs: 0, exitCode: 1 });
  world.updateService(ID, toImageWith('web:2', { Parallelism: 1, FailureAction: 'continue' }));
  world.run(30);
  expect(world.service(ID).UpdateStatus?.State).toBe('completed');
});

test('action rollback puts the previous spec back, and there is none before it then', () => {
  const { world, ID } = settledWorld(2);
  world.agents.behave('web:2', { endsAfterMs: 0, exitCode: 1 });
  world.updateService(ID, toImageWith('web:2', { Parallelism: 1, FailureAction: 'rollback' }));
  world.run(30);
  const statuses = world.transcript().filter((line) => /: /.test(line));
  expect(statuses).toEqual([
    '10 updating: update in progress',
    '11.5 rollback_started: update rolled back due to failure or early termination of task web.1.b',
    '17.5 rollback_completed: rollback completed',
  ]);
  expect(world.service(ID).PreviousSpec).toBeUndefined();
  expect(world.service(ID).Spec.TaskTemplate?.ContainerSpec?.Image).toBe('web:1');
  expect(world.running(ID)).toHaveLength(2);
});

test('a roll-back that fails as well pauses', () => {
  const { world, ID } = settledWorld(2);
  world.updateService(ID, (spec) => ({ ...spec, RollbackConfig: { FailureAction: 'rollback', Parallelism: 1 } }));
  world.agents.behave('web:1', { endsAfterMs: 0, exitCode: 1 });
  world.agents.behave('web:2', { endsAfterMs: 0, exitCode: 1 });
  world.updateService(ID, toImageWith('web:2', { Parallelism: 1, FailureAction: 'rollback' }));
  world.run(30);
  expect(world.service(ID).UpdateStatus?.State).toBe('rollback_paused');
  expect(world.service(ID).UpdateStatus?.Message).toMatch(
    /^rollback paused due to failure or early termination of task /,
  );
});

test('a manual roll-back with nothing to roll completes at once', () => {
  const { world, ID } = settledWorld(2);
  world.updateService(ID, toReplicas(3));
  world.run(5);
  world.rollBackService(ID);
  world.settle();
  expect(world.service(ID).UpdateStatus?.State).toBe('rollback_completed');
  world.run(5);
  expect(world.tasks(ID)).toHaveLength(2);
});

test.each([
  ['labels', (spec: object) => ({ ...spec, Labels: { a: 'b' } })],
  ['update settings', (spec: object) => ({ ...spec, UpdateConfig: { Parallelism: 2 } })],
  ['roll-back settings', (spec: object) => ({ ...spec, RollbackConfig: { Parallelism: 2 } })],
])('changed %s restart nothing', (_what, change) => {
  const { world, ID } = settledWorld(2);
  world.updateService(ID, change);
  world.run(10);
  expect(world.transcript()).toEqual([]);
  expect(world.service(ID).UpdateStatus).toBeUndefined();
});

test('a constraint that the nodes meet already restarts nothing, one that they do not moves the task', () => {
  const world = new World();
  const a = world.addNode({ labels: { disk: 'ssd' } });
  world.addNode({ labels: { disk: 'hdd' } });
  const { ID } = world.createService(web(2));
  world.run(10);
  world.transcript();
  world.updateService(ID, (spec) => ({
    ...spec,
    TaskTemplate: { ...spec.TaskTemplate, Placement: { Constraints: ['node.labels.disk==ssd'] } },
  }));
  world.run(20);
  expect(world.transcript().filter((line) => line.includes('created'))).toEqual(['10 web.2.b created, desired ready']);
  expect(world.running(ID).map(({ NodeID }) => NodeID)).toEqual([a.ID, a.ID]);
});

test('a task that ran to its end is no failed update', () => {
  const world = new World();
  world.addNode();
  const { ID } = world.createService(web(1, { TaskTemplate: { RestartPolicy: { Condition: 'on-failure' } } }));
  world.run(10);
  world.agents.behave('web:2', { endsAfterMs: 1_000, exitCode: 0 });
  world.updateService(ID, toImage('web:2'));
  world.run(30);
  expect(world.service(ID).UpdateStatus?.State).toBe('completed');
});

test('a new leader goes on with the roll-out and the failures so far', () => {
  const { world, ID } = settledWorld(4, 1);
  world.agents.behave('web:2', { missing: true });
  world.updateService(ID, toImageWith('web:2', { Parallelism: 1, MaxFailureRatio: 0.5 }));
  for (let second = 0; second < 60; second++) {
    world.run(1);
    world.changeLeader();
  }
  expect(world.service(ID).UpdateStatus?.State).toBe('paused');
  expect(world.service(ID).Internal.Rollout?.Failed).toHaveLength(3);
});

test('a new leader in every second changes nothing in the roll-out', () => {
  const { world, ID } = settledWorld(3);
  world.updateService(ID, toImageWith('web:2', { Parallelism: 1, Delay: seconds(2) }));
  for (let second = 0; second < 30; second++) {
    world.run(1);
    world.changeLeader();
  }
  expect(world.transcript().filter((line) => /created|completed/.test(line))).toEqual([
    '10 web.1.b created, desired ready',
    '13.5 web.2.b created, desired ready',
    '17 web.3.b created, desired ready',
    '23.5 completed: update completed',
  ]);
});

test('a third spec in the middle of a roll-out replaces what the second began', () => {
  const { world, ID } = settledWorld(3);
  world.updateService(ID, toImage('web:2'));
  world.run(2);
  world.updateService(ID, toImage('web:3'));
  world.run(30);
  expect(world.service(ID).UpdateStatus?.State).toBe('completed');
  const version = world.service(ID).Internal.SpecVersion;
  expect(world.running(ID).map((task) => task.Internal.SpecVersion)).toEqual([version, version, version]);
});

test('scaling during a roll-out', () => {
  const { world, ID } = settledWorld(3);
  world.updateService(ID, toImage('web:2'));
  world.run(2);
  world.updateService(ID, toReplicas(5));
  world.run(30);
  expect(world.running(ID).map(({ Slot }) => Slot)).toEqual([1, 2, 3, 4, 5]);
  expect(world.service(ID).UpdateStatus?.State).toBe('completed');
});

test('a global service rolls node by node; a paused node catches up when it is active', () => {
  const world = new World();
  const [a, b] = world.addNodes(2);
  const { ID } = world.createService(globalWeb());
  world.run(10);
  world.setAvailability(b?.ID ?? ('' as never), 'pause');
  world.transcript();
  world.updateService(ID, toImage('web:2'));
  world.run(20);
  expect(world.service(ID).UpdateStatus?.State).toBe('completed');
  const dirty = world
    .running(ID)
    .filter((task) => task.Internal.SpecVersion !== world.service(ID).Internal.SpecVersion);
  expect(dirty.map(({ NodeID }) => NodeID)).toEqual([b?.ID]);
  world.setAvailability(b?.ID ?? ('' as never), 'active');
  world.run(20);
  expect(
    world
      .running(ID)
      .map(({ NodeID }) => NodeID)
      .sort(),
  ).toEqual([a?.ID, b?.ID].sort());
  expect(world.running(ID).every((t) => t.Internal.SpecVersion === world.service(ID).Internal.SpecVersion)).toBe(true);
});
