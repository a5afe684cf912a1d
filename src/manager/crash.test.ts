import { expect, test } from 'vitest';
import { ManualClock, SeededRandom } from '../base/index.ts';
import type { ClusterId, NodeId } from '../model/index.ts';
import { put, serviceObject } from '../store/testing.ts';
import { openLog } from '../wal/index.ts';
import { SimulatedDisk } from '../wal/simulated-disk.ts';
import { bootstrap } from './bootstrap.ts';
import { type Manager, startManager } from './manager.ts';
import { MemoryLog, settle } from './testing.ts';

const dataKey = new Uint8Array(32).fill(9);
const nodeId = 'node' as NodeId;

/** Few entries between snapshots, so that machines stop in the middle of them too. */
const firstEntry = bootstrap({
  request: { Spec: { Raft: { SnapshotInterval: 7 } } },
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

async function startOn(disk: SimulatedDisk, random: SeededRandom): Promise<Manager> {
  const onFatal = (error: Error) => expect.unreachable(error.message);
  const { log, recovered } = await openLog({
    disk,
    dataKey,
    segmentBytes: 8_192,
    randomBytes: (length) => random.bytes(length),
    onFatal,
  });
  return startManager({
    nodeId,
    wal: log,
    recovered,
    bootstrap: firstEntry,
    clock: new ManualClock(1_000),
    random,
    log: new MemoryLog(),
    onFatal,
  });
}

/** Creates and removes services until the disk stands still; notes what was acknowledged. */
async function work(disk: SimulatedDisk, random: SeededRandom, known: Map<string, boolean>): Promise<void> {
  const manager = await startOn(disk, random);
  for (let round = 0; round < 30; round++) {
    const writes = Array.from({ length: 1 + random.below(4) }, async (_, at) => {
      const id = `service${random.below(20)}.${at}`;
      const exists = manager.view().get('service', id) !== undefined;
      // From here until it is acknowledged nobody knows.
      known.delete(id);
      const object = serviceObject({ id, replicas: 2 });
      const change = exists ? ({ kind: 'remove', table: 'service', id } as const) : put('service', object);
      await manager.update(() => ({ preconditions: [], changes: [change] }));
      known.set(id, !exists);
    });
    await Promise.all(writes);
  }
  await manager.stop();
}

/** Resolves once the disk has halted and nothing moves any more. */
async function halted(disk: SimulatedDisk): Promise<void> {
  const haltAt = disk.faults.haltAt ?? 0;
  for (let last = -1; disk.operations <= haltAt || disk.operations !== last; await settle()) last = disk.operations;
}

test('whenever the machine stops, a restart finds every acknowledged write, and the manager goes on', async () => {
  let snapshots = 0;
  for (let seed = 1; seed <= 40; seed++) {
    const random = new SeededRandom(seed);
    const known = new Map<string, boolean>();
    let disk = new SimulatedDisk({ haltAt: 5 + random.below(300) });
    for (let life = 0; life < 3; life++) {
      await Promise.race([work(disk, random, known), halted(disk)]);
      snapshots += disk.syncs.get('snapshot') ?? 0;
      disk = disk.crash(random);
      const found = await startOn(disk, random);
      for (const [id, exists] of known) {
        expect(found.view().get('service', id) !== undefined, `seed ${seed}, life ${life}: ${id}`).toBe(exists);
      }
      const view = found.view();
      for (const task of view.list('task'))
        expect(view.template(task.ServiceID, task.Internal.SpecVersion), `seed ${seed}: ${task.ID}`).toBeDefined();
      await found.stop();
      disk.faults = { haltAt: disk.operations + 5 + random.below(300) };
    }
  }
  expect(snapshots).toBeGreaterThan(0);
});
