import { expect, test } from 'vitest';
import type { NodeId, ServiceSpec, Task } from '../../model/index.ts';
import { globalWeb, toReplicas, web } from '../testing/specs.ts';
import { World } from '../testing/world.ts';

const MIB = 2 ** 20;
const reserving = (nanoCpus: number, mib = 0): Partial<ServiceSpec> => ({
  TaskTemplate: { Resources: { Reservations: { NanoCPUs: nanoCpus, MemoryBytes: mib * MIB } } },
});
const placed = (...Constraints: string[]): Partial<ServiceSpec> => ({ TaskTemplate: { Placement: { Constraints } } });
const errors = (tasks: readonly Task[]) => [...new Set(tasks.map(({ Status }) => Status.Err))];

function counts(tasks: readonly Task[], ...ids: readonly NodeId[]): number[] {
  return ids.map((id) => tasks.filter(({ NodeID }) => NodeID === id).length);
}

test('tasks spread by the count of their service, then by all tasks', () => {
  const world = new World();
  const [a, b, c] = world.addNodes(3).map(({ ID }) => ID) as [NodeId, NodeId, NodeId];
  const first = world.createService(web(1));
  world.run(5);
  const second = world.createService(web(2, { Name: 'api' }));
  world.run(5);
  const busy = world.tasks(first.ID)[0]?.NodeID;
  expect(world.tasks(second.ID).map(({ NodeID }) => NodeID)).not.toContain(busy);
  const third = world.createService(web(6, { Name: 'db' }));
  world.run(5);
  expect(counts(world.tasks(third.ID), a, b, c)).toEqual([2, 2, 2]);
});

test('reservations are never exceeded, and what is freed goes to who waits for it', () => {
  const world = new World();
  world.addNode({ cpus: 2 });
  const { ID } = world.createService(web(3, reserving(1e9)));
  world.run(5);
  expect(world.running(ID)).toHaveLength(2);
  expect(errors(world.tasks(ID))).toContain('no suitable node (insufficient resources on 1 node)');
  world.updateService(ID, toReplicas(2));
  world.run(5);
  const other = world.createService(web(1, { ...reserving(1e9), Name: 'api' }));
  world.run(5);
  expect(world.running(other.ID)).toHaveLength(0);
  world.removeService(ID);
  world.run(5);
  expect(world.running(other.ID)).toHaveLength(1);
  expect(world.tasks(other.ID)[0]?.Status.Err).toBeUndefined();
});

test('a stop-first roll-out on a full node waits for the old tasks to go', () => {
  const world = new World();
  world.addNode({ cpus: 2 });
  const { ID } = world.createService(web(2, reserving(1e9)));
  world.run(5);
  world.updateService(ID, (spec) => ({ ...spec, TaskTemplate: { ...spec.TaskTemplate, ForceUpdate: 1 } }));
  world.run(30);
  expect(world.service(ID).UpdateStatus?.State).toBe('completed');
  expect(world.running(ID)).toHaveLength(2);
});

test('each reason has its own text, most nodes first', () => {
  const world = new World();
  world.addNodes(2, { labels: { disk: 'hdd' } });
  const [paused] = world.addNodes(1, { labels: { disk: 'ssd' } });
  world.setAvailability(paused?.ID ?? ('' as NodeId), 'pause');
  const { ID } = world.createService(web(1, placed('node.labels.disk==ssd')));
  world.run(1);
  expect(errors(world.tasks(ID))).toEqual([
    'no suitable node (scheduling constraints not satisfied on 2 nodes; 1 node not available for new tasks)',
  ]);
  expect(world.tasks(ID)[0]?.Status).toMatchObject({ State: 'pending', Message: 'pending task scheduling' });
  world.setAvailability(paused?.ID ?? ('' as NodeId), 'active');
  world.run(5);
  expect(world.running(ID)).toHaveLength(1);
});

test('without any node the reason is bare', () => {
  const world = new World();
  const { ID } = world.createService(web(1));
  world.settle();
  expect(errors(world.tasks(ID))).toEqual(['no suitable node']);
  world.addNode();
  world.run(5);
  expect(world.running(ID)).toHaveLength(1);
});

test('an unknown constraint key is named with the nearest known one', () => {
  const world = new World();
  world.addNode();
  const { ID } = world.createService(web(1, placed('node.lables.disk==ssd')));
  world.settle();
  expect(world.tasks(ID)[0]?.Status).toMatchObject({
    Message: "pending task scheduling: constraint key 'node.lables.disk' is unknown, did you mean 'node.labels.disk'?",
    Err: 'no suitable node (scheduling constraints not satisfied on 1 node)',
  });
});

test('an unsupported platform and a missing plugin', () => {
  const world = new World();
  const node = world.addNode();
  const { ID } = world.createService(
    web(1, { TaskTemplate: { Placement: { Platforms: [{ Architecture: 'arm64', OS: 'linux' }] } } }),
  );
  world.settle();
  expect(errors(world.tasks(ID))).toEqual(['no suitable node (unsupported platform on 1 node)']);
  world.changeNode(node.ID, (before) => ({
    ...before,
    Description: { ...before.Description, Engine: { Plugins: [{ Type: 'Log', Name: 'json-file' }] } },
  }));
  const other = world.createService(web(1, { Name: 'api', TaskTemplate: { LogDriver: { Name: 'gelf' } } }));
  world.settle();
  expect(errors(world.tasks(other.ID))).toEqual(['no suitable node (missing plugin on 1 node)']);
});

test('host ports and the limit of replicas on a node', () => {
  const world = new World();
  world.addNodes(2);
  const port = { TargetPort: 80, PublishedPort: 8080, PublishMode: 'host' } as const;
  const { ID } = world.createService(web(3, { EndpointSpec: { Ports: [port] } }));
  world.run(5);
  expect(world.running(ID)).toHaveLength(2);
  expect(errors(world.tasks(ID))).toContain('no suitable node (host-mode port already in use on 2 nodes)');
  const other = world.createService(web(3, { Name: 'api', TaskTemplate: { Placement: { MaxReplicas: 1 } } }));
  world.run(5);
  expect(world.running(other.ID)).toHaveLength(2);
  expect(errors(world.tasks(other.ID))).toContain('no suitable node (max replicas per node limit exceed)');
});

test('preferences spread over labels first, whatever the number of nodes', () => {
  const world = new World();
  const east = world.addNodes(3, { labels: { zone: 'east' } }).map(({ ID }) => ID);
  const west = world.addNodes(1, { labels: { zone: 'west' } }).map(({ ID }) => ID);
  const Preferences = [{ Spread: { SpreadDescriptor: 'node.labels.zone' } }];
  const { ID } = world.createService(web(6, { TaskTemplate: { Placement: { Preferences } } }));
  world.run(5);
  expect(counts(world.running(ID), ...east)).toEqual([1, 1, 1]);
  expect(counts(world.running(ID), ...west)).toEqual([3]);
});

test('a branch of a preference that is full leaves the rest to the others', () => {
  const world = new World();
  world.addNodes(1, { labels: { zone: 'east' }, cpus: 1 });
  world.addNodes(1, { labels: { zone: 'west' }, cpus: 4 });
  const Preferences = [{ Spread: { SpreadDescriptor: 'node.labels.zone' } }];
  const { ID } = world.createService(
    web(5, { TaskTemplate: { Placement: { Preferences }, Resources: { Reservations: { NanoCPUs: 1e9 } } } }),
  );
  world.run(5);
  expect(world.running(ID)).toHaveLength(5);
});

test('a node where the spec failed five times is left to others', () => {
  const world = new World();
  const [bad, good] = world.addNodes(2).map(({ ID }) => ID) as [NodeId, NodeId];
  const filler = world.createService(web(2, { Name: 'filler', ...placed(`node.id==${good}`) }));
  world.run(5);
  const { ID } = world.createService(web(1, { TaskTemplate: { RestartPolicy: { Delay: 0 } } }));
  for (let attempt = 0; attempt < 5; attempt++) {
    world.run(2);
    const [task] = world.running(ID);
    expect(task?.NodeID).toBe(bad);
    if (task !== undefined) world.agents.end(task, 1);
  }
  world.run(2);
  expect(world.running(filler.ID)).toHaveLength(2);
  expect(world.running(ID)[0]?.NodeID).toBe(good);
});

test('a task that came with its node is told why without the wrapper', () => {
  const world = new World();
  world.addNode({ cpus: 1 });
  const { ID } = world.createService(globalWeb(reserving(2e9)));
  world.settle();
  expect(world.tasks(ID)[0]?.Status.Err).toBe('insufficient resources on 1 node');
});

test('generic resources: named ones are handed out by name and come back', () => {
  const world = new World();
  const node = world.addNode();
  world.changeNode(node.ID, (before) => ({
    ...before,
    Description: {
      ...before.Description,
      Resources: {
        ...before.Description?.Resources,
        GenericResources: ['gpu1', 'gpu2'].map((Value) => ({ NamedResourceSpec: { Kind: 'gpu', Value } })),
      },
    },
  }));
  const GenericResources = [{ DiscreteResourceSpec: { Kind: 'gpu', Value: 1 } }];
  const spec = { TaskTemplate: { Resources: { Reservations: { GenericResources } } } };
  const { ID } = world.createService(web(3, spec));
  world.run(5);
  const names = world.running(ID).map((task) => task.GenericResources?.[0]?.NamedResourceSpec?.Value);
  expect(names.sort()).toEqual(['gpu1', 'gpu2']);
  const [first] = world.running(ID);
  if (first !== undefined) world.agents.end(first, 1);
  world.run(10);
  expect(world.running(ID)).toHaveLength(2);
});

test('a heartbeat does not make the scheduler try again', () => {
  const world = new World();
  const node = world.addNode();
  world.createService(web(2, placed('node.role==manager')));
  world.settle();
  world.entries = 0;
  world.changeNode(node.ID, (before) => ({ ...before, Internal: { ...before.Internal, HeartbeatBy: 5 } }));
  world.settle();
  expect(world.entries).toBe(0);
});
