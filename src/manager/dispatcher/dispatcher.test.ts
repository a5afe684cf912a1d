import { expect, test } from 'vitest';
import { Refusal } from '../../base/index.ts';
import type { NodeId, Service } from '../../model/index.ts';
import { nodeObject, put, taskObject, write } from '../../store/testing.ts';
import { settle } from '../testing.ts';
import { change, description, node, onNode1, setUp } from './testing.ts';

test('a session begins with all that the node should run: from assigned on, each template once', async () => {
  const { connect, store } = setUp(onNode1);
  const agent = connect({ address: '10.0.0.7' });
  agent.open();
  await settle();
  expect(agent.heard[0]).toMatchObject({ kind: 'session', version: 1, heartbeatPeriodMs: 5_000 });
  const [, first] = agent.heard;
  expect(first?.kind === 'assignments' && first.assignments.fence).toEqual({ epoch: 1, term: 7, index: 4 });
  expect(agent.take()).toEqual(['session', 'complete a=running b=running +service1(one)']);
  expect(node(store)).toMatchObject({
    Status: { State: 'ready', Addr: '10.0.0.7' },
    Description: description,
    Internal: { SessionID: expect.any(String) },
  });
});

test('increments are chained by fences and hold what changed besides the status', async () => {
  const { store, join } = setUp(onNode1);
  const agent = await join();
  change(store, 'c', { Status: { State: 'assigned', Message: 'm', Timestamp: 't' } });
  change(store, 'a', { DesiredState: 'shutdown' });
  await settle();
  const [message] = agent.heard;
  expect(message).toMatchObject({ assignments: { appliesTo: { index: 4 }, fence: { index: store.index } } });
  expect(agent.take()).toEqual(['incremental c=running a=shutdown']);
  change(store, 'b', { Status: { State: 'running', Message: 'm', Timestamp: 't' } });
  await settle();
  expect(agent.take()).toEqual([]);
  const before = store.index;
  write(store, [{ kind: 'remove', table: 'task', id: 'a' }]);
  change(store, 'b', { NodeID: 'node2' as NodeId });
  await settle();
  expect(agent.heard[0]).toMatchObject({ assignments: { appliesTo: { index: before - 1 } } });
  expect(agent.take()).toEqual(['incremental -a -b']);
});

test('a template travels once, again when its row changes, and is withdrawn with its last task', async () => {
  const { store, join } = setUp({ ...onNode1, tasks: [{ id: 'a', node: 'node1', state: 'running' }] });
  const agent = await join();
  const service = store.get('service', 'service1') as Service;
  const accept = (spec: Service['Spec']) =>
    write(store, [{ kind: 'put', table: 'service', object: { ...service, Spec: spec }, newVersion: true }]);
  accept({ ...service.Spec, Labels: { tier: 'front' } });
  await settle();
  expect(agent.take()).toEqual(['incremental +service1(one)']);
  accept({ ...service.Spec, TaskTemplate: { ContainerSpec: { Image: 'two' } } });
  await settle();
  expect(agent.take()).toEqual([]);
  write(store, [put('task', taskObject(store, { id: 'e', node: 'node1', state: 'assigned' }))]);
  await settle();
  expect(agent.take()).toEqual(['incremental e=running +service1(two)']);
  write(store, [{ kind: 'remove', table: 'task', id: 'a' }]);
  await settle();
  expect(agent.take()).toEqual(['incremental -a -service1.3']);
});

test('an agent that lost its place gets all anew', async () => {
  const { join } = setUp(onNode1);
  const agent = await join();
  agent.send({ kind: 'needComplete', sessionId: agent.joined });
  await settle();
  expect(agent.take()).toEqual(['complete a=running b=running +service1(one)']);
});

test('many changes at once go in several increments, all of which an agent obeys', async () => {
  const { store, join } = setUp();
  const agent = await join();
  const tasks = Array.from({ length: 2_500 }, (_, at) =>
    taskObject(store, { node: 'node1', state: 'assigned' }, at + 1),
  );
  write(
    store,
    tasks.map((task) => put('task', task)),
  );
  await settle();
  const sizes = agent.heard.map((one) => (one.kind === 'assignments' ? one.assignments.tasks.length : 0));
  expect(sizes).toEqual([1_000, 1_000, 500]);
  const fences = agent.heard.map((one) => (one.kind === 'assignments' ? one.assignments.fence.index : 0));
  expect(fences).toEqual([store.index - 2, store.index - 2, store.index]);
  const bases = agent.heard.map((one) => (one.kind === 'assignments' ? one.assignments.appliesTo?.index : 0));
  expect(bases).toEqual([store.index - 2, store.index - 2, store.index - 2]);
});

test('what an agent acknowledges is recorded', async () => {
  const { dispatcher, join } = setUp();
  const agent = await join();
  const fence = { epoch: 1, term: 7, index: 3 };
  agent.send({ kind: 'applied', sessionId: agent.joined, fence });
  await settle();
  expect(dispatcher.applied('node1' as NodeId)).toEqual(fence);
});

test('the newest session of a node wins', async () => {
  const { store, join, dispatcher } = setUp();
  const older = await join();
  const newer = await join();
  expect(older.take()).toEqual(['ended a newer session of this node was opened']);
  expect(older.closed).toBeDefined();
  expect(node(store).Internal.SessionID).toBe(newer.joined);
  expect(dispatcher.sessionCount).toBe(1);
});

test('who is not part of the swarm, shows another certificate, or speaks out of turn is turned away', async () => {
  const { connect, join } = setUp();
  const stranger = connect();
  stranger.open('node99');
  const impostor = connect({ nodeId: 'node2' as NodeId });
  impostor.open('node1');
  const rude = connect();
  rude.send({ kind: 'heartbeat', sessionId: 'none' });
  const confused = await join('node2');
  confused.send({ kind: 'heartbeat', sessionId: 'none' });
  await settle();
  expect(stranger.take()).toEqual(['ended removed']);
  expect(impostor.take()).toEqual(['ended the certificate of this connection is of node node2, not of node1']);
  expect(rude.take()).toEqual(['ended session invalid']);
  expect(confused.take()).toEqual(['ended session invalid']);
});

test('a connection that opens no session is closed', async () => {
  const { connect, clock } = setUp();
  const silent = connect();
  clock.advance(10_000);
  await settle();
  expect(silent.closed).toBe('no session was opened within 10000 ms');
});

test('heartbeats keep a node up; three periods without word make it down, and a new session up again', async () => {
  const { store, clock, join } = setUp();
  const agent = await join();
  for (let beat = 0; beat < 4; beat++) {
    clock.advance(10_000);
    agent.send({ kind: 'heartbeat', sessionId: agent.joined });
    await settle();
  }
  expect(agent.take()).toEqual(Array(4).fill('heartbeatAck'));
  expect(node(store).Status.State).toBe('ready');
  clock.advance(14_999);
  await settle();
  expect(node(store).Status.State).toBe('ready');
  clock.advance(1);
  await settle();
  expect(node(store).Status).toMatchObject({ State: 'down', Message: 'heartbeat failure' });
  expect(node(store).Internal.SessionID).toBeUndefined();
  expect(agent.take()).toEqual(['ended heartbeat failure']);
  await join();
  expect(node(store).Status.State).toBe('ready');
});

test('a new leader gives every node three periods to be heard of; one that is down stays so', async () => {
  const { store, clock } = setUp({ nodes: [{}, { state: 'down' }, { state: 'unknown' }] });
  const { Revision } = node(store, 'node2').Internal;
  clock.advance(15_000);
  await settle();
  expect(node(store, 'node1').Status.State).toBe('down');
  expect(node(store, 'node2').Internal.Revision).toBe(Revision);
  expect(node(store, 'node3').Status.Message).toBe('heartbeat failure for node in "unknown" state');
});

test('a node is written only when something about it changed', async () => {
  const { store, join } = setUp();
  const agent = await join();
  const { Revision } = node(store).Internal;
  agent.send({ kind: 'description', sessionId: agent.joined, description: { ...description } });
  agent.send({ kind: 'heartbeat', sessionId: agent.joined });
  await settle();
  expect(node(store).Internal.Revision).toBe(Revision);
  agent.send({ kind: 'description', sessionId: agent.joined, description: { ...description, Hostname: 'beta' } });
  await settle();
  expect(node(store).Description?.Hostname).toBe('beta');
});

test('a node that can not be written is tried again', async () => {
  const { store, clock, connect, proposer, log } = setUp({ nodes: [{ state: 'down' }] });
  proposer.mood = 'refused';
  connect().open();
  await settle();
  expect(log.events).toContain('warn node not written');
  proposer.mood = 'good';
  clock.advance(1_000);
  await settle();
  expect(node(store).Status.State).toBe('ready');
});

test('news of a node that no entry can hold is dropped, and the next is written', async () => {
  const { store, clock, join, proposer, log } = setUp();
  const agent = await join();
  const submit = proposer.submit.bind(proposer);
  proposer.submit = () => Promise.reject(new Refusal('transaction-too-large', { size: '2 MB', limit: '1 MB' }));
  agent.send({ kind: 'description', sessionId: agent.joined, description: { ...description, Hostname: 'huge' } });
  await settle();
  expect(log.events).toContain('error news of a node dropped');
  proposer.submit = submit;
  clock.advance(1_000);
  await settle();
  expect(node(store).Description?.Hostname).toBe('alpha');
  agent.send({ kind: 'description', sessionId: agent.joined, description: { ...description, Hostname: 'beta' } });
  await settle();
  expect(node(store).Description?.Hostname).toBe('beta');
});

test('a removed node is told to forget the swarm', async () => {
  const { store, join, dispatcher } = setUp();
  const agent = await join();
  write(store, [{ kind: 'remove', table: 'node', id: 'node1' }]);
  await settle();
  expect(agent.take()).toEqual(['ended removed']);
  expect(dispatcher.sessionCount).toBe(0);
});

test('a dispatcher that stops ends its sessions and takes no more', async () => {
  const { dispatcher, join, connect, store } = setUp();
  const agent = await join();
  dispatcher.stop('this manager is stopping');
  await settle();
  expect(agent.take()).toEqual(['ended this manager is stopping']);
  const late = connect();
  await settle();
  expect(late.take()).toEqual(['ended this manager does not lead']);
  expect(node(store).Status.State).toBe('ready');
});

test('a node that joins and never speaks goes down', async () => {
  const { store, clock } = setUp({});
  write(store, [put('node', nodeObject({ state: 'unknown' }))]);
  clock.advance(15_000);
  await settle();
  expect(node(store).Status.State).toBe('down');
});
