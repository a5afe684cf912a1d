import { assert } from '../base/index.ts';
import { canonical } from './json/canonical.ts';
import { type NetworkSpec, networkCreateSchema } from './network/network.ts';
import { type NodeSpec, nodeSpecSchema } from './node/node.ts';
import { type ConfigSpec, configSpecSchema, type SecretSpec, secretSpecSchema } from './secret/secret.ts';
import { defaultSwarmSpec } from './swarm/settings.ts';
import { type SwarmSpec, swarmSpecSchema } from './swarm/swarm.ts';
import { type ClusterVolumeSpec, clusterVolumeSpecSchema } from './volume/volume.ts';

export function canonicalNodeSpec(spec: NodeSpec): NodeSpec {
  return canonical(nodeSpecSchema, {
    ...spec,
    // Swarm compares these words without case; `checkNodeSpec` refused all others.
    ...(spec.Role && { Role: spec.Role.toLowerCase() === 'manager' ? 'manager' : 'worker' }),
    ...(spec.Availability && { Availability: availabilityOf(spec.Availability) }),
  });
}

function availabilityOf(word: string): 'active' | 'pause' | 'drain' {
  const found = (['active', 'pause', 'drain'] as const).find((known) => known === word.toLowerCase());
  assert(found !== undefined, 'an availability was checked', { word });
  return found;
}

export function canonicalSecretSpec(spec: SecretSpec, apiMinor?: number): SecretSpec {
  return canonical(secretSpecSchema, spec, apiMinor);
}

export function canonicalConfigSpec(spec: ConfigSpec, apiMinor?: number): ConfigSpec {
  return canonical(configSpecSchema, spec, apiMinor);
}

export function canonicalNetworkSpec(spec: NetworkSpec, apiMinor?: number): NetworkSpec {
  const { CheckDuplicate: _, Scope: _scope, ...rest } = canonical(networkCreateSchema, spec, apiMinor);
  return canonical(networkCreateSchema, { ...rest, Driver: rest.Driver ?? 'overlay' });
}

export function canonicalVolumeSpec(spec: ClusterVolumeSpec, apiMinor?: number): ClusterVolumeSpec {
  return canonical(clusterVolumeSpecSchema, spec, apiMinor);
}

/**
 * The settings of a swarm as `POST /swarm/update` replaces them: what is left out becomes zero. The default log driver is forgotten,
 * as in Swarm, and a signing certificate and key never become part of the spec.
 */
export function canonicalSwarmSpec(spec: SwarmSpec, apiMinor?: number): SwarmSpec {
  const { TaskDefaults: _, CAConfig = {}, ...rest } = canonical(swarmSpecSchema, spec, apiMinor);
  const { SigningCACert: _certificate, SigningCAKey: _key, ...shownCa } = CAConfig;
  return canonical(swarmSpecSchema, {
    ...rest,
    CAConfig: shownCa,
    Name: 'default',
    Orchestration: { TaskHistoryRetentionLimit: rest.Orchestration?.TaskHistoryRetentionLimit ?? 0 },
    Raft: { ...rest.Raft, KeepOldSnapshots: rest.Raft?.KeepOldSnapshots ?? 0 },
  });
}

/** The settings of a new swarm: what init gives and is not zero, over the defaults. */
export function initialSwarmSpec(given: SwarmSpec, autoLockManagers = false, apiMinor?: number): SwarmSpec {
  const bare = canonical(swarmSpecSchema, given, apiMinor);
  const EncryptionConfig = { AutoLockManagers: autoLockManagers || bare.EncryptionConfig?.AutoLockManagers === true };
  return canonicalSwarmSpec({
    ...bare,
    Orchestration: { ...defaultSwarmSpec.Orchestration, ...bare.Orchestration },
    Raft: { ...defaultSwarmSpec.Raft, ...bare.Raft },
    Dispatcher: { ...defaultSwarmSpec.Dispatcher, ...bare.Dispatcher },
    CAConfig: { ...defaultSwarmSpec.CAConfig, ...bare.CAConfig },
    EncryptionConfig,
  });
}
