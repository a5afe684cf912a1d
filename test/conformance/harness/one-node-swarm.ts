import type { ManagerPort, ResolvedInit, ResolvedJoin, SwarmControl, SwarmMembership } from '../../../src/api/index.ts';
import type { Cancel, Clock, Random } from '../../../src/base/index.ts';
import { Refusal } from '../../../src/base/index.ts';
import { parseJoinToken } from '../../../src/ca/index.ts';
import type { Cluster, ClusterId, Node, NodeId, NodeRole } from '../../../src/model/index.ts';
import { newId, timestamp } from '../../../src/model/index.ts';
import type { Commit } from '../../../src/store/index.ts';
import { MemoryManager } from './memory-manager.ts';

const pem = '-----BEGIN CERTIFICATE-----\nMIIBajCCARCgAwIBAgIU\n-----END CERTIFICATE-----\n';
const tlsInfo = { TrustRoot: pem, CertIssuerSubject: 'MBMxETAPBgNVBAMTCHN3YXJtLWNh', CertIssuerPublicKey: 'MFkw' };

/** Becoming the only manager of a swarm and leaving it, in memory: what the daemon does with certificates and a disk. */
export class OneNodeSwarm implements SwarmControl {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #hostname: string;
  readonly #listeners = new Set<(commit: Commit) => void>();
  #manager: MemoryManager | undefined;
  #membership: SwarmMembership = { kind: 'inactive' };

  constructor(clock: Clock, random: Random, hostname: string) {
    this.#clock = clock;
    this.#random = random;
    this.#hostname = hostname;
  }

  membership(): SwarmMembership {
    return this.#membership;
  }

  manager(): ManagerPort | undefined {
    return this.#manager;
  }

  async init(init: ResolvedInit): Promise<NodeId> {
    const node = this.#firstNode(init);
    const manager = new MemoryManager(this.#clock, this.#random, node.ID);
    manager.watch((commit) => {
      for (const listener of this.#listeners) listener(commit);
    });
    await manager.update(() => ({
      preconditions: [],
      changes: [
        { kind: 'put', table: 'cluster', object: this.#cluster(init), newVersion: true },
        { kind: 'put', table: 'node', object: node, newVersion: true },
      ],
    }));
    manager.lead();
    this.#manager = manager;
    const addr = `${init.advertise.host}:${init.advertise.port}`;
    const remoteManagers = [{ NodeID: node.ID, Addr: addr }];
    this.#membership = {
      kind: 'active',
      role: 'manager',
      nodeId: node.ID,
      nodeAddr: init.advertise.host,
      remoteManagers,
    };
    return node.ID;
  }

  async join(join: ResolvedJoin): Promise<void> {
    parseJoinToken(join.request.JoinToken ?? '');
    throw new Refusal('not-built-yet', { what: 'joining a swarm' });
  }

  async leave(): Promise<void> {
    this.#manager?.stop();
    this.#manager = undefined;
    this.#membership = { kind: 'inactive' };
  }

  newJoinToken(_role: NodeRole): string {
    return `SWMTKN-1-${newId(this.#random)}${newId(this.#random)}-${newId(this.#random)}`;
  }

  interfaces() {
    return [
      { name: 'lo', address: '127.0.0.1', isLoopback: true },
      { name: 'eth0', address: '192.0.2.7', isLoopback: false },
      { name: 'eth1', address: '198.51.100.7', isLoopback: false },
    ];
  }

  watchCommits(listener: (commit: Commit) => void): Cancel {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  #firstNode(init: ResolvedInit): Node {
    const now = timestamp(this.#clock.now());
    return {
      ID: newId(this.#random) as NodeId, // a new id is of the kind that it is made for
      Version: { Index: 0 },
      CreatedAt: now,
      UpdatedAt: now,
      Spec: { Role: 'manager', Availability: init.request.Availability ?? 'active' },
      Description: {
        Hostname: this.#hostname,
        Platform: { Architecture: 'x86_64', OS: 'linux' },
        Resources: { NanoCPUs: 4_000_000_000, MemoryBytes: 8 * 2 ** 30 },
        Engine: { EngineVersion: '0.0.0', Plugins: [{ Type: 'Log', Name: 'json-file' }] },
        TLSInfo: tlsInfo,
      },
      Status: { State: 'ready', Addr: init.advertise.host },
      ManagerStatus: { Reachability: 'reachable', Addr: `${init.advertise.host}:${init.advertise.port}` },
      Internal: { Revision: 0, Role: 'manager', Membership: 'accepted' },
    };
  }

  #cluster(init: ResolvedInit): Cluster {
    const now = timestamp(this.#clock.now());
    const { request } = init;
    return {
      ID: newId(this.#random) as ClusterId, // a new id is of the kind that it is made for
      Version: { Index: 0 },
      CreatedAt: now,
      UpdatedAt: now,
      Spec: request.Spec ?? {},
      TLSInfo: tlsInfo,
      RootRotationInProgress: false,
      DefaultAddrPool: request.DefaultAddrPool ?? [],
      SubnetSize: request.SubnetSize ?? 0,
      DataPathPort: request.DataPathPort ?? 0,
      Internal: {
        Revision: 0,
        RootCACert: pem,
        RootCAKey: '',
        WorkerJoinToken: this.newJoinToken('worker'),
        ManagerJoinToken: this.newJoinToken('manager'),
        Epoch: 1,
        FeatureLevel: 1,
      },
    };
  }
}
