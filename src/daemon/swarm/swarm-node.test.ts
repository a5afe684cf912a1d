import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { noTaskNetwork } from '../../agent/index.ts';
import type { ResolvedInit } from '../../api/index.ts';
import { Refusal } from '../../base/index.ts';
import { SimulatedEngine } from '../../engine/simulated/index.ts';
import { parseConfiguration } from '../configuration.ts';
import type { NodeEngine } from '../engines/node-engine.ts';
import { createLog } from '../log.ts';
import { systemClock, systemRandom } from '../system.ts';
import { SwarmNode } from './swarm-node.ts';

const host = { host: '127.0.0.1', port: 2377 };
const init: ResolvedInit = { request: { ListenAddr: '127.0.0.1:2377' }, listen: host, advertise: host };
const { signal } = new AbortController();

let stateDirectory = '';
beforeEach(async () => {
  stateDirectory = await mkdtemp(join(tmpdir(), 'ruche-swarm-node-'));
});
afterEach(() => rm(stateDirectory, { recursive: true, force: true }));

function open(): Promise<SwarmNode> {
  const clock = systemClock();
  const node: NodeEngine = {
    engine: new SimulatedEngine({ clock }),
    network: noTaskNetwork,
    passage: {
      takes: () => false,
      upgrades: () => false,
      serve: () => Promise.reject(new Refusal('page-not-found')),
      serveUpgrade: () => Promise.reject(new Refusal('page-not-found')),
    },
    info: { info: () => Promise.reject(new Refusal('page-not-found')) },
    components: [],
    close: () => Promise.resolve(),
  };
  return SwarmNode.open({
    configuration: { ...parseConfiguration('{}', 'test'), stateDirectory },
    clock,
    random: systemRandom,
    log: createLog('silent'),
    version: '0.0.0',
    node,
    fatal: (error) => expect.unreachable(String(error)),
  });
}

test('a node becomes a member, is one again after a restart, and leaves without a trace', async () => {
  const first = await open();
  const nodeId = await first.init(init, signal);
  await first.stop();
  const second = await open();
  expect(second.membership()).toMatchObject({ kind: 'active', nodeId });
  await second.leave(signal);
  expect(second.membership()).toEqual({ kind: 'inactive' });
  expect(await readdir(stateDirectory)).toEqual([]);
});

test('an init that fails leaves nothing, and the next one begins from the start', async () => {
  const node = await open();
  await mkdir(join(stateDirectory, 'swarm'));
  await writeFile(join(stateDirectory, 'swarm', 'agent'), 'not a record of an agent');
  await expect(node.init(init, signal)).rejects.toMatchObject({ code: 'agent-state-damaged' });
  expect(node.membership()).toEqual({ kind: 'inactive' });
  expect(await readdir(stateDirectory)).toEqual([]);
  await node.init(init, signal);
  expect(node.membership().kind).toBe('active');
  await node.stop();
});

test('an init that fails last, when the swarm already runs, ends it', async () => {
  const node = await open();
  // A directory in the place of the draft can't be written.
  await mkdir(join(stateDirectory, 'swarm', '.member.json.new'), { recursive: true });
  await expect(node.init(init, signal)).rejects.toMatchObject({ code: 'EISDIR' });
  expect(node.membership()).toEqual({ kind: 'inactive' });
  expect(node.manager()).toBeUndefined();
  expect(await readdir(stateDirectory)).toEqual([]);
});

test('state that can not be used is neither overwritten by an init nor in the way of a leave', async () => {
  const first = await open();
  await first.init(init, signal);
  await first.stop();
  await writeFile(join(stateDirectory, 'swarm', 'member.json'), 'cut');
  const second = await open();
  expect(second.membership().kind).toBe('error');
  await expect(second.init(init, signal)).rejects.toMatchObject({ code: 'already-in-swarm' });
  expect(await readdir(join(stateDirectory, 'swarm'))).toContain('node.key');
  await second.leave(signal);
  expect(second.membership()).toEqual({ kind: 'inactive' });
});
