import { expect, test } from 'vitest';
import type { ClusterId, NodeId, SwarmInitRequest } from '../model/index.ts';
import { Store } from '../store/index.ts';
import { type BootstrapInput, bootstrap } from './bootstrap.ts';

const input = (request: SwarmInitRequest = {}): BootstrapInput => ({
  request,
  clusterId: 'cluster' as ClusterId,
  nodeId: 'node' as NodeId,
  authority: {
    rootCertificate: 'certificate',
    rootKey: 'key',
    workerJoinToken: 'worker-token',
    managerJoinToken: 'manager-token',
    tlsInfo: { TrustRoot: 'root', CertIssuerSubject: 'subject', CertIssuerPublicKey: 'public' },
  },
  managerAddress: '192.0.2.1:2377',
  nodeAddress: '192.0.2.1',
});

function begun(request?: SwarmInitRequest) {
  const store = new Store();
  store.apply(1, { version: 1, epoch: 1, storeTime: 1_000, transactions: [bootstrap(input(request))] });
  return { cluster: store.cluster(), node: store.get('node', 'node') };
}

test('a swarm begins with the defaults of Swarm and this node as its manager', () => {
  const { cluster, node } = begun();
  expect(cluster).toMatchObject({
    ID: 'cluster',
    Version: { Index: 1 },
    Spec: {
      Name: 'default',
      Orchestration: { TaskHistoryRetentionLimit: 5 },
      Raft: { SnapshotInterval: 10_000, LogEntriesForSlowFollowers: 500, ElectionTick: 10, HeartbeatTick: 1 },
      Dispatcher: { HeartbeatPeriod: 5_000_000_000 },
      CAConfig: { NodeCertExpiry: 7_776_000_000_000_000 },
    },
    DefaultAddrPool: ['10.0.0.0/8'],
    SubnetSize: 24,
    DataPathPort: 4789,
    Internal: { RootCAKey: 'key', WorkerJoinToken: 'worker-token', ManagerJoinToken: 'manager-token', Epoch: 1 },
  });
  expect(node).toMatchObject({
    Spec: { Role: 'manager', Availability: 'active' },
    Status: { State: 'unknown', Addr: '192.0.2.1' },
    ManagerStatus: { Leader: true, Reachability: 'reachable', Addr: '192.0.2.1:2377' },
    Internal: { Role: 'manager', Membership: 'accepted' },
  });
});

test('what init gives is laid over the defaults field by field; a zero gives nothing, but where it says how much history is kept', () => {
  const { cluster, node } = begun({
    Availability: 'drain',
    DefaultAddrPool: ['10.9.0.0/16'],
    SubnetSize: 26,
    DataPathPort: 7_777,
    AutoLockManagers: true,
    Spec: {
      Labels: { site: 'lab' },
      Orchestration: { TaskHistoryRetentionLimit: 0 },
      Raft: { SnapshotInterval: 500n, ElectionTick: 0 },
      Dispatcher: { HeartbeatPeriod: 2_000_000_000 },
      CAConfig: { ExternalCAs: [], SigningCAKey: 'private' },
    },
  });
  expect(node?.Spec.Availability).toBe('drain');
  expect(cluster).toMatchObject({
    Spec: {
      Labels: { site: 'lab' },
      Orchestration: { TaskHistoryRetentionLimit: 0 },
      Raft: { SnapshotInterval: 500n, ElectionTick: 10 },
      Dispatcher: { HeartbeatPeriod: 2_000_000_000 },
      EncryptionConfig: { AutoLockManagers: true },
    },
    DefaultAddrPool: ['10.9.0.0/16'],
    SubnetSize: 26,
    DataPathPort: 7_777,
  });
  expect(JSON.stringify(cluster?.Spec.CAConfig)).not.toContain('private');
});
