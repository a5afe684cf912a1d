import fc from 'fast-check';
import { test } from 'vitest';
import { assert } from '../base/index.ts';
import type { Node, ServiceId, ServiceSpec } from '../model/index.ts';
import { isDirty } from './index.ts';
import { globalWeb, toImageWith, toReplicas, web } from './testing/specs.ts';
import { World } from './testing/world.ts';

type Deed =
  | { readonly kind: 'scale'; readonly to: number }
  | { readonly kind: 'image'; readonly version: number; readonly parallelism: number; readonly startFirst: boolean }
  | { readonly kind: 'drain' | 'pause' | 'down' | 'back'; readonly node: number }
  | { readonly kind: 'kill'; readonly task: number; readonly exitCode: number }
  | { readonly kind: 'leader' }
  /** From here on, about one in `oneIn` transactions comes to nothing; 0 = none. */
  | { readonly kind: 'conflicts'; readonly oneIn: number };

const deed: fc.Arbitrary<Deed> = fc.oneof(
  fc.record({ kind: fc.constant('scale' as const), to: fc.nat(8) }),
  fc.record({
    kind: fc.constant('image' as const),
    version: fc.integer({ min: 1, max: 3 }),
    parallelism: fc.nat(3),
    startFirst: fc.boolean(),
  }),
  fc.record({
    kind: fc.constantFrom('drain' as const, 'pause' as const, 'down' as const, 'back' as const),
    node: fc.nat(2),
  }),
  fc.record({ kind: fc.constant('kill' as const), task: fc.nat(7), exitCode: fc.nat(1) }),
  fc.record({ kind: fc.constant('leader' as const) }),
  fc.record({ kind: fc.constant('conflicts' as const), oneIn: fc.constantFrom(0, 2, 3) }),
);
const plan = fc.array(fc.record({ deed, thenSeconds: fc.constantFrom<number[]>(0, 0.3, 1, 7) }), { maxLength: 15 });

function perform(world: World, nodes: readonly Node[], id: ServiceId, step: Deed): void {
  if (step.kind === 'scale') world.updateService(id, toReplicas(step.to));
  else if (step.kind === 'image') {
    const Order = step.startFirst ? 'start-first' : 'stop-first';
    const config = { Parallelism: step.parallelism, Order } as const;
    world.updateService(id, toImageWith(`web:${step.version}`, config));
  } else if (step.kind === 'kill') {
    const running = world.running(id);
    const task = running[step.task % Math.max(1, running.length)];
    if (task !== undefined) world.agents.end(task, step.exitCode);
  } else if (step.kind === 'leader') world.changeLeader();
  else if (step.kind === 'conflicts') world.loses = () => step.oneIn > 0 && world.random.below(step.oneIn) === 0;
  else onNode(world, nodes[step.node], step.kind);
}

function onNode(world: World, node: Node | undefined, kind: 'drain' | 'pause' | 'down' | 'back'): void {
  if (node === undefined) return;
  if (kind === 'drain' || kind === 'pause') world.setAvailability(node.ID, kind);
  else if (kind === 'down') {
    world.agents.powerOff(node.ID);
    world.setState(node.ID, 'down');
  } else {
    world.setAvailability(node.ID, 'active');
    world.setState(node.ID, 'ready');
    world.agents.powerOn(node.ID);
  }
}

const image = (version: number, thenSeconds: number): { deed: Deed; thenSeconds: number } => ({
  deed: { kind: 'image', version, parallelism: 0, startFirst: false },
  thenSeconds,
});

const base: Partial<ServiceSpec> = { TaskTemplate: { Resources: { Reservations: { NanoCPUs: 1e9 } } } };

test('whatever happens, the service comes to its number of tasks of its spec, one a slot', () => {
  fc.assert(
    fc.property(plan, fc.nat(1000), (steps, seed) => {
      const world = new World(seed);
      const nodes = world.addNodes(3, { cpus: 4 });
      const { ID } = world.createService(web(3, base));
      for (const { deed: step, thenSeconds } of steps) {
        perform(world, nodes, ID, step);
        world.run(thenSeconds);
      }
      world.loses = () => false;
      for (const node of nodes) onNode(world, node, 'back');
      world.run(200);
      // A roll-out that a kill paused is taken up by any new spec.
      if (world.service(ID).UpdateStatus?.State === 'paused') {
        world.updateService(ID, (spec) => ({ ...spec, Labels: { done: 'yes' } }));
        world.run(200);
      }
      const service = world.service(ID);
      const wanted = Number(service.Spec.Mode?.Replicated?.Replicas);
      const running = world.running(ID).filter((task) => task.DesiredState === 'running');
      const image = service.Spec.TaskTemplate?.ContainerSpec?.Image;
      const images = running.map(
        (task) => world.view.template(ID, task.Internal.SpecVersion)?.Spec.ContainerSpec?.Image,
      );
      assert(running.length === wanted, 'as many as wanted', { wanted, events: world.events });
      assert(new Set(running.map(({ Slot }) => Slot)).size === wanted, 'one a slot', { wanted });
      assert(
        images.every((each) => each === image),
        'all of the current image',
        { image, images, events: world.events },
      );
      assert(world.live(ID).length === wanted, 'none left over', { events: world.events });
    }),
    {
      numRuns: 150,
      // Back and forth between two specs while the first is still being stopped.
      examples: [[[image(1, 0), image(2, 7), image(1, 0), image(2, 0)], 0]],
    },
  );
});

test('a global service comes to one task of its spec on each node, whatever happens and is lost', () => {
  fc.assert(
    fc.property(plan, fc.nat(1000), (steps, seed) => {
      const world = new World(seed);
      const nodes = world.addNodes(3, { cpus: 4 });
      const { ID } = world.createService(globalWeb(base));
      for (const { deed: step, thenSeconds } of steps) {
        if (step.kind !== 'scale') perform(world, nodes, ID, step);
        world.run(thenSeconds);
      }
      world.loses = () => false;
      for (const node of nodes) onNode(world, node, 'back');
      world.run(200);
      if (world.service(ID).UpdateStatus?.State === 'paused') {
        world.updateService(ID, (spec) => ({ ...spec, Labels: { done: 'yes' } }));
        world.run(200);
      }
      const live = world.live(ID);
      assert(live.length === nodes.length, 'as many as nodes', { events: world.events });
      assert(new Set(live.map(({ NodeID }) => NodeID)).size === nodes.length, 'one a node', { events: world.events });
      assert(
        live.every(({ Status }) => Status.State === 'running'),
        'all run',
        { events: world.events },
      );
      assert(!live.some((task) => isDirty(world.view, world.service(ID), task)), 'of its spec', {
        events: world.events,
      });
    }),
    { numRuns: 150 },
  );
});
