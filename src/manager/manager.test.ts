import { expect, test } from 'vitest';
import { ManualClock, SeededRandom } from '../base/index.ts';
import type { Loop } from '../control/index.ts';
import type { ClusterId, NodeId, TaskId } from '../model/index.ts';
import { type AgentConnection, type ManagerMessage, memoryPair } from '../rpc/index.ts';
import type { Commit, View } from '../store/index.ts';
import { put, serviceObject } from '../store/testing.ts';
import { bootstrap } from './bootstrap.ts';
import { type Manager, startManager } from './manager.ts';
import { MemoryLog, MemoryWal, settle } from './testing.ts';

const nodeId = 'node' as NodeId;

const firstEntry = bootstrap({
  request: {},
  clusterId: 'cluster' as ClusterId,
  nodeId,
  authority: {
    rootCertificate: '',
    rootKey: '',
    workerJoinToken: '',
    managerJoinToken: '',
    tlsInfo: { TrustRoot: '', CertIssuerSubject: '', CertIssuerPublicKey: '' },
  },
  managerAddress: '192.0.2.1:2377',
  nodeAddress: '192.0.2.1',
});

async function start(wal = new MemoryWal(), extra: { loops?: readonly Loop[]; bootstrap?: typeof firstEntry } = {}) {
  const clock = new ManualClock(1_700_000_000_000);
  const fatal: Error[] = [];
  const log = new MemoryLog();
  const manager = await startManager({
    nodeId,
    wal,
    recovered: wal.recovered(),
    bootstrap: firstEntry,
    clock,
    random: new SeededRandom(3),
    log,
    onFatal: (error) => fatal.push(error),
    ...extra,
  });
  return { manager, wal, clock, fatal, log };
}

const createWeb = (view: View) => ({
  preconditions: [{ kind: 'nameFree', table: 'service', name: 'web' } as const],
  changes: [put('service', serviceObject({ id: `web${view.index}`, name: 'web', replicas: 2 }))],
});

/** An agent that runs whatever it is told to, at once. */
function runEverything(manager: Manager): { connection: AgentConnection; heard: ManagerMessage[] } {
  const { agent, manager: end } = memoryPair();
  const heard: ManagerMessage[] = [];
  let sessionId = '';
  let batch = 0;
  agent.onMessage((message) => {
    heard.push(message);
    if (message.kind === 'session') sessionId = message.sessionId;
    if (message.kind !== 'assignments' || message.assignments.tasks.length === 0) return;
    const statuses = message.assignments.tasks.map(({ ID }) => ({
      taskId: ID as TaskId,
      status: { State: 'running' as const, Message: 'started', Timestamp: '2026-01-01T00:00:00Z' },
    }));
    agent.send({ kind: 'statuses', sessionId, batch: ++batch, statuses });
    agent.send({ kind: 'applied', sessionId, fence: message.assignments.fence });
  });
  manager.acceptAgent(end);
  const description = {
    Hostname: 'alpha',
    Platform: { OS: 'linux', Architecture: 'x86_64' },
    Resources: { NanoCPUs: 4e9, MemoryBytes: 8e9 },
  };
  agent.send({ kind: 'openSession', version: 1, nodeId, description, bootId: 'boot' });
  return { connection: agent, heard };
}

test('a new swarm begins with its first entry, stamped with the clock, and leads', async () => {
  const { manager, wal } = await start();
  expect(manager.view().cluster()).toMatchObject({ ID: 'cluster', CreatedAt: '2023-11-14T22:13:20Z' });
  // Version 1 is nobody's: it is what clients try as a stale one.
  expect(manager.view().cluster()?.Version).toEqual({ Index: 2 });
  expect(manager.leadership()).toEqual({ role: 'leader', term: 1 });
  expect(manager.leader()).toBe(nodeId);
  await manager.readBarrier();
  await manager.stop();
  expect(wal.isClosed).toBe(true);
  await expect(manager.readBarrier()).rejects.toMatchObject({ code: 'manager-stopping' });
  await expect(manager.update(createWeb)).rejects.toMatchObject({ code: 'manager-stopping' });
});

test('without a cluster and without a first entry there is nothing to manage', async () => {
  const wal = new MemoryWal();
  const clock = new ManualClock();
  const options = { nodeId, wal, recovered: wal.recovered(), clock, random: new SeededRandom(1), log: new MemoryLog() };
  await expect(startManager({ ...options, onFatal: () => undefined })).rejects.toMatchObject({
    code: 'cluster-state-empty',
  });
  expect(wal.isClosed).toBe(true);
});

test('a service becomes running tasks on the agent, through loops, dispatcher and log', async () => {
  const { manager } = await start();
  const { heard } = runEverything(manager);
  await settle();
  const commits: Commit[] = [];
  const leave = manager.watch((commit) => commits.push(commit));
  expect((await manager.update(createWeb)).applied).toBe(true);
  await settle(20);
  const tasks = [...manager.view().list('task')];
  expect(tasks.map(({ NodeID, Status }) => [NodeID, Status.State])).toEqual([
    [nodeId, 'running'],
    [nodeId, 'running'],
  ]);
  expect(heard.some(({ kind }) => kind === 'statusesAck')).toBe(true);
  expect(manager.dispatcher.applied(nodeId)?.term).toBe(1);
  // The service; its tasks, placed; what the agent says of them.
  expect(commits.map(({ changes }) => changes.map(({ table }) => table).join())).toEqual([
    'template,service',
    'task,task',
    'task,task',
  ]);
  leave();
  await manager.stop();
});

test('a restart goes on with what was acknowledged, under a higher term', async () => {
  const { manager, wal } = await start();
  await manager.update(createWeb);
  const before = JSON.stringify([...manager.view().list('service')]);
  await manager.stop();
  const again = await start(wal);
  expect(JSON.stringify([...again.manager.view().list('service')])).toBe(before);
  expect(again.manager.leadership().term).toBe(2);
  await again.manager.stop();
});

test('two that take one name: the second learns what failed', async () => {
  const { manager } = await start(new MemoryWal(), { loops: [] });
  const outcomes = await Promise.all([manager.update(createWeb), manager.update(createWeb)]);
  expect(outcomes.map(({ applied }) => applied)).toEqual([true, false]);
  await manager.stop();
});

test('a watcher that throws is logged, and the state goes on', async () => {
  const { manager, log } = await start(new MemoryWal(), { loops: [] });
  manager.watch(() => {
    throw new Error('bug');
  });
  expect((await manager.update(createWeb)).applied).toBe(true);
  expect(log.events).toEqual(['info state recovered', 'error watcher failed']);
  await manager.stop();
});

test('a disk that breaks ends leadership, sessions and the daemon', async () => {
  const { manager, wal, fatal } = await start(new MemoryWal(), { loops: [] });
  const { heard } = runEverything(manager);
  await settle();
  wal.mood = 'broken';
  await expect(manager.update(createWeb)).rejects.toMatchObject({ code: 'outcome-unknown' });
  await settle();
  expect(fatal).toHaveLength(1);
  expect(manager.leader()).toBeUndefined();
  expect(heard.at(-1)).toMatchObject({ kind: 'sessionEnded', reason: 'this manager does not lead any more' });
  await expect(manager.update(createWeb)).rejects.toMatchObject({ code: 'no-leader' });
  await manager.stop();
});
