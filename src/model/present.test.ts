import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import {
  type Cluster,
  type ClusterId,
  type Config,
  type ConfigId,
  type ContainerId,
  canonicalSwarmSpec,
  initialSwarmSpec,
  type Network,
  type NetworkId,
  type Node,
  type NodeId,
  present,
  type Secret,
  type SecretId,
  type Service,
  type ServiceId,
  type Task,
  type TaskId,
  type TaskTemplate,
  type Volume,
  type VolumeId,
} from './index.ts';

const file = new URL('../../test/conformance/recorded/api-answers.jsonl', import.meta.url);
const answers = new Map<string, { readonly response: unknown }>();
for (const line of readFileSync(file, 'utf8').trim().split('\n')) {
  const call = JSON.parse(line);
  if (call.method === 'GET' && !answers.has(call.path) && call.response !== undefined) answers.set(call.path, call);
}
const recorded = (path: string): unknown => answers.get(`/v1.41${path}`)?.response;

const text = (value: unknown) => JSON.stringify(value);
const meta = { Version: { Index: '<n>' as unknown as number }, CreatedAt: '<time>', UpdatedAt: '<time>' };
const id = <T extends string>() => '<id>' as T;
const tls = { TrustRoot: '<pem>', CertIssuerSubject: '<base64>', CertIssuerPublicKey: '<base64>' };

const cluster: Cluster = {
  ...meta,
  ID: id<ClusterId>(),
  Spec: initialSwarmSpec({}),
  TLSInfo: tls,
  RootRotationInProgress: false,
  DefaultAddrPool: [],
  SubnetSize: 0,
  DataPathPort: 0,
  Internal: {
    Revision: 1,
    RootCACert: 'private',
    RootCAKey: 'private',
    WorkerJoinToken: '<token>',
    ManagerJoinToken: '<token>',
    Epoch: 1,
    FeatureLevel: 1,
  },
};

const template: TaskTemplate = {
  ServiceID: id<ServiceId>(),
  SpecVersion: 1,
  ServiceName: 's',
  Spec: { ContainerSpec: { Image: 'busybox:latest', Command: ['sh', '-c', 'exit 3'] } },
  Credentials: { RegistryAuth: 'private' },
  Internal: { Revision: 1 },
};

describe('what Docker showed is what we show', () => {
  test('of a swarm', () => {
    expect(text(present('swarm', cluster, 41))).toBe(text(recorded('/swarm')));
    expect(text(present('cluster', cluster, 41))).not.toMatch(/token|private/);
  });

  test('of a swarm whose settings were replaced by nothing', () => {
    const { Spec } = present('swarm', { ...cluster, Spec: canonicalSwarmSpec({}) }, 41);
    expect(text(Spec)).toBe(
      '{"Name":"default","Labels":{},"Orchestration":{"TaskHistoryRetentionLimit":0},"Raft":{"KeepOldSnapshots":0,' +
        '"ElectionTick":0,"HeartbeatTick":0},"Dispatcher":{},"CAConfig":{},"TaskDefaults":{},"EncryptionConfig":{"AutoLockManagers":false}}',
    );
  });

  test('of a node', () => {
    const node: Node = {
      ...meta,
      ID: id<NodeId>(),
      Spec: { Role: 'manager', Availability: 'active' },
      Description: {
        Hostname: '<hostname>',
        Platform: { Architecture: 'x86_64', OS: 'linux' },
        Resources: { NanoCPUs: 1, MemoryBytes: 2 },
        Engine: { EngineVersion: '<version>', Plugins: [{ Type: 'Network', Name: 'overlay' }] },
        TLSInfo: tls,
      },
      Status: { State: 'ready', Addr: '<addr>' },
      ManagerStatus: { Leader: true, Reachability: 'reachable', Addr: '<addr>:2377' },
      Internal: { Revision: 1, Role: 'manager', Membership: 'accepted', SessionID: 'private' },
    };
    const expected = text(recorded('/nodes')).slice(1, -1);
    const shown = text(present('node', node, 41))
      .replace('"NanoCPUs":1,"MemoryBytes":2', '"NanoCPUs":"<num>","MemoryBytes":"<num>"')
      .replace('[{"Type":"Network","Name":"overlay"}]', '"<plugins>"');
    expect(shown).toBe(expected);
  });

  test('of a failed task', () => {
    const task: Task = {
      ...meta,
      ID: id<TaskId>(),
      ServiceID: id<ServiceId>(),
      Slot: 1,
      NodeID: id<NodeId>(),
      Status: {
        Timestamp: '<time>',
        State: 'failed',
        Message: 'started',
        Err: 'task: non-zero exit (3)',
        ContainerStatus: { ContainerID: '<id64>' as ContainerId, PID: '<pid>' as unknown as number, ExitCode: 3 },
      },
      DesiredState: 'shutdown',
      Internal: { Revision: 1, SpecVersion: 1, AppliedAt: 0 },
    };
    const restart = {
      ...template,
      Spec: { ...template.Spec, RestartPolicy: { Condition: 'none', MaxAttempts: 0 } as const },
    };
    const [expected] = recorded('/tasks?filters={"service":["fails"]}') as readonly unknown[];
    expect(text(present('task', task, 41, restart))).toBe(text(expected));
    expect(present('task', task, 42, template)).toHaveProperty('Volumes', null);
    expect(text(present('task', task, 42, template))).not.toContain('private');
  });

  test('of a secret, whose data stays here', () => {
    const secret: Secret = {
      ...meta,
      ID: id<SecretId>(),
      Spec: { Name: 'one', Labels: { empty: '', env: 'dev' }, ...{ Data: 'cHJpdmF0ZQ==' } },
      Internal: { Revision: 1, Data: 'cHJpdmF0ZQ==' },
    };
    expect(text(present('secret', secret, 41))).toBe(text(recorded('/secrets/one')));
  });

  test('of a config', () => {
    const config: Config = {
      ...meta,
      ID: id<ConfigId>(),
      Spec: { Name: 'one', Labels: { empty: '', env: 'dev' }, Data: 'aGVsbG8=' },
      Internal: { Revision: 1 },
    };
    expect(text(present('config', config, 41))).toBe(text(recorded('/configs/one')));
  });

  test('of a network, before and after it is allocated', () => {
    const network: Network = {
      ...meta,
      ID: id<NetworkId>(),
      Spec: { Name: 'ova', Driver: 'overlay', Labels: { a: 'b' } },
      Internal: { Revision: 1 },
    };
    const Allocated = {
      IPAM: { Driver: 'default', Config: [{ Subnet: '10.0.1.0/24', Gateway: '10.0.1.1' }] },
      Options: { 'com.docker.network.driver.overlay.vxlanid_list': '4097' },
    };
    const expected = { ...(recorded('/networks/ova') as object), Containers: {} };
    expect(text(present('network', { ...network, Allocated }, 41))).toBe(text(expected));
    const early = { ...(recorded('/networks/ovc') as object), Name: 'ova', Labels: { a: 'b' }, Containers: {} };
    expect(text(present('network', network, 41))).toBe(text(early));
    expect(present('network', network, 48)).toHaveProperty('EnableIPv4', true);
  });
});

test('a service shows how it is rolled out, and jobs their run', () => {
  const service: Service = {
    ...meta,
    ID: id<ServiceId>(),
    Spec: { Name: 'a' },
    PreviousSpec: { Name: 'a' },
    Endpoint: { Spec: { Mode: 'vip' }, VirtualIPs: [{ NetworkID: 'n' as NetworkId, Addr: '10.0.0.2/24' }] },
    UpdateStatus: { State: 'updating', StartedAt: '<time>', Message: 'm' },
    JobStatus: { JobIteration: { Index: 0 }, LastExecution: '<time>' },
    Internal: { Revision: 1, SpecVersion: 1 },
  };
  expect(present('service', service, 41)).toMatchObject({
    PreviousSpec: { Name: 'a', Labels: {}, TaskTemplate: { ForceUpdate: 0, Runtime: 'container' } },
    Endpoint: { Spec: { Mode: 'vip' }, VirtualIPs: [{ NetworkID: 'n', Addr: '10.0.0.2/24' }] },
    UpdateStatus: { State: 'updating', StartedAt: '<time>', Message: 'm' },
    JobStatus: { JobIteration: {}, LastExecution: '<time>' },
  });
});

test('a cluster volume is shown as a volume', () => {
  const volume: Volume = {
    ...meta,
    ID: id<VolumeId>(),
    Name: 'v',
    Driver: 'csi',
    Spec: { Availability: 'active' },
    Internal: { Revision: 1 },
  };
  expect(present('volume', volume, 42)).toMatchObject({
    ClusterVolume: { ID: '<id>', Spec: { Availability: 'active' } },
    Name: 'v',
    Scope: 'global',
  });
});
