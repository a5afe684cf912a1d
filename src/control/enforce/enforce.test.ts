import { expect, test } from 'vitest';
import type { Node } from '../../model/index.ts';
import { seconds, web } from '../testing/specs.ts';
import { World } from '../testing/world.ts';

const delayed = { RestartPolicy: { Delay: seconds(1) } };

test('a label that a constraint needs goes, and so do the tasks', () => {
  const world = new World();
  const [a, b] = world.addNodes(2, { labels: { disk: 'ssd' } }) as [Node, Node];
  const Placement = { Constraints: ['node.labels.disk==ssd'] };
  const { ID } = world.createService(web(2, { TaskTemplate: { Placement, ...delayed } }));
  world.run(5);
  world.changeNode(a.ID, (node) => ({ ...node, Spec: { ...node.Spec, Labels: {} } }));
  world.settle();
  expect(world.tasks(ID).find(({ NodeID }) => NodeID === a.ID)?.Status).toMatchObject({
    State: 'rejected',
    Message: 'task rejected by constraint enforcer',
    Err: 'assigned node no longer meets constraints',
  });
  world.run(5);
  expect(world.running(ID).map(({ NodeID }) => NodeID)).toEqual([b.ID, b.ID]);
});

test('a paused node keeps what it has', () => {
  const world = new World();
  const node = world.addNode({ labels: { disk: 'ssd' } });
  const Placement = { Constraints: ['node.labels.disk==ssd'] };
  const { ID } = world.createService(web(1, { TaskTemplate: { Placement } }));
  world.run(5);
  world.setAvailability(node.ID, 'pause');
  world.changeNode(node.ID, (before) => ({ ...before, Spec: { ...before.Spec, Labels: {} } }));
  world.run(5);
  expect(world.running(ID)).toHaveLength(1);
});
