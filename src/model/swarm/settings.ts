import { msOf } from '../duration.ts';
import type { SwarmSpec } from './swarm.ts';

const DEFAULT_HEARTBEAT_MS = 5_000;
const DEFAULT_CERTIFICATE_EXPIRY_MS = 90 * 24 * 3_600_000;
const DEFAULT_SNAPSHOT_INTERVAL = 10_000;

/** Tasks kept per slot, the live one among them; negative = all. `POST /swarm/update` without the field means 0. */
export function taskHistoryLimit(spec: SwarmSpec): number {
  return Number(spec.Orchestration?.TaskHistoryRetentionLimit ?? 0);
}

/** How often agents tell that they live. */
export function heartbeatPeriodMs(spec: SwarmSpec): number {
  const ms = msOf(spec.Dispatcher?.HeartbeatPeriod ?? 0);
  return ms === 0 ? DEFAULT_HEARTBEAT_MS : ms;
}

/** How long a node's certificate is valid. */
export function certificateExpiryMs(spec: SwarmSpec): number {
  const ms = msOf(spec.CAConfig?.NodeCertExpiry ?? 0);
  return ms === 0 ? DEFAULT_CERTIFICATE_EXPIRY_MS : ms;
}

/** Log entries between two snapshots. Swarm takes 0 for "never", which fills the disk: here it means the default. */
export function snapshotInterval(spec: SwarmSpec): number {
  const given = Number(spec.Raft?.SnapshotInterval ?? 0);
  return given === 0 ? DEFAULT_SNAPSHOT_INTERVAL : given;
}

/** The settings of a new swarm, before what init gives is laid over them. */
export const defaultSwarmSpec: SwarmSpec = {
  Name: 'default',
  Orchestration: { TaskHistoryRetentionLimit: 5 },
  Raft: {
    SnapshotInterval: DEFAULT_SNAPSHOT_INTERVAL,
    KeepOldSnapshots: 0,
    LogEntriesForSlowFollowers: 500,
    ElectionTick: 10,
    HeartbeatTick: 1,
  },
  Dispatcher: { HeartbeatPeriod: 5_000_000_000 },
  CAConfig: { NodeCertExpiry: 7_776_000_000_000_000 },
};
