import { expect, test } from 'vitest';
import type { TaskId, TaskState } from '../../model/index.ts';
import { settle } from '../testing.ts';
import { onNode1, setUp } from './testing.ts';

test('reports of all agents share one proposal and are acknowledged when it is committed', async () => {
  const { store, join, proposer } = setUp({ ...onNode1 });
  const [one, two] = [await join('node1'), await join('node2')];
  proposer.entries.length = 0;
  proposer.mood = 'held';
  const send = (agent: typeof one, batch: number, taskId: string, State: TaskState) =>
    agent.send({
      kind: 'statuses',
      sessionId: agent.joined,
      batch,
      statuses: [{ taskId: taskId as TaskId, status: { State, Message: 'm', Timestamp: '2026-01-01T00:00:00Z' } }],
    });
  send(one, 1, 'b', 'accepted');
  await settle();
  send(one, 2, 'b', 'preparing');
  send(one, 3, 'b', 'running');
  send(two, 1, 'd', 'complete');
  await settle();
  expect(one.take()).toEqual([]);
  proposer.release();
  await settle();
  expect(one.take()).toEqual(['ack 1']);
  expect(store.get('task', 'b')?.Status.State).toBe('accepted');
  proposer.release();
  await settle();
  expect(one.take()).toEqual(['ack 2', 'ack 3']);
  expect(two.take()).toEqual(['ack 1']);
  expect(store.get('task', 'b')?.Status.State).toBe('running');
  expect(store.get('task', 'd')?.Status.State).toBe('complete');
  expect(proposer.entries).toEqual([1, 2]);
});

test('a report of another node, of a gone task, or of an earlier state changes nothing and is acknowledged', async () => {
  const { store, join } = setUp(onNode1);
  const agent = await join('node1');
  const before = store.index;
  agent.send({
    kind: 'statuses',
    sessionId: agent.joined,
    batch: 1,
    statuses: [
      { taskId: 'd' as TaskId, status: { State: 'failed', Message: 'm', Timestamp: 't' } },
      { taskId: 'gone' as TaskId, status: { State: 'failed', Message: 'm', Timestamp: 't' } },
      { taskId: 'a' as TaskId, status: { State: 'preparing', Message: 'm', Timestamp: 't' } },
      { taskId: 'b' as TaskId, status: { State: 'orphaned', Message: 'm', Timestamp: 't' } },
    ],
  });
  await settle();
  expect(agent.take()).toEqual(['ack 1']);
  expect([...store.list('task')].every(({ Internal }) => Internal.Revision <= before)).toBe(true);
});

test('reports that can not be written wait for the disk, unacknowledged', async () => {
  const { store, join, proposer, clock, log } = setUp(onNode1);
  const agent = await join('node1');
  proposer.mood = 'refused';
  agent.send({
    kind: 'statuses',
    sessionId: agent.joined,
    batch: 1,
    statuses: [{ taskId: 'a' as TaskId, status: { State: 'failed', Message: 'm', Timestamp: 't' } }],
  });
  await settle();
  expect(agent.take()).toEqual([]);
  expect(log.events).toContain('warn task statuses not written');
  proposer.mood = 'good';
  clock.advance(1_000);
  await settle();
  expect(agent.take()).toEqual(['ack 1']);
  expect(store.get('task', 'a')).toMatchObject({ Status: { State: 'failed' }, Internal: { AppliedAt: 1_000 } });
});

test('a task reaches a state once: later news of the same state do not make it younger', async () => {
  const { store, join, clock } = setUp(onNode1);
  const agent = await join('node1');
  const report = async (batch: number, State: TaskState, Message: string) => {
    agent.send({
      kind: 'statuses',
      sessionId: agent.joined,
      batch,
      statuses: [{ taskId: 'b' as TaskId, status: { State, Message, Timestamp: 't' } }],
    });
    await settle();
    return store.get('task', 'b');
  };
  clock.advance(1_000);
  expect(await report(1, 'running', 'started')).toMatchObject({ Internal: { AppliedAt: 1_000 } });
  clock.advance(1_000);
  expect(await report(2, 'running', 'healthy')).toMatchObject({
    Status: { Message: 'healthy' },
    Internal: { AppliedAt: 1_000 },
  });
  expect(await report(3, 'failed', 'exited')).toMatchObject({ Internal: { AppliedAt: 2_000 } });
});

test('an agent that floods is turned away', async () => {
  const { join, proposer } = setUp(onNode1);
  const agent = await join('node1');
  proposer.mood = 'held';
  for (let batch = 1; batch <= 17; batch++)
    agent.send({ kind: 'statuses', sessionId: agent.joined, batch, statuses: [] });
  const last = () => agent.heard.at(-1);
  agent.send({
    kind: 'statuses',
    sessionId: agent.joined,
    batch: 99,
    statuses: Array(5_001).fill({ taskId: 'a', status: { State: 'running', Message: 'm', Timestamp: 't' } }),
  });
  await settle(40);
  expect(last()).toMatchObject({ kind: 'sessionEnded', reason: 'more statuses than a session may send at once' });
});
