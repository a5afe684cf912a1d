import { Refusal } from '../../base/index.ts';
import {
  acceptSwarmSpec,
  checkInitRequest,
  initialSwarmSpec,
  type SwarmInitRequest,
  type SwarmSpec,
} from '../../model/index.ts';

/** A setting of the swarm whose effect is not built: refused by name (501), never ignored. */
interface UnbuiltSetting {
  readonly path: string;
  readonly reason: string;
  readonly isUsed: (spec: SwarmSpec) => boolean;
}

const unbuiltSettings: readonly UnbuiltSetting[] = [
  {
    path: 'EncryptionConfig.AutoLockManagers',
    reason: 'locking managers',
    isUsed: ({ EncryptionConfig }) => EncryptionConfig?.AutoLockManagers === true,
  },
  {
    path: 'CAConfig.ExternalCAs',
    reason: 'external certificate authorities',
    isUsed: ({ CAConfig }) => (CAConfig?.ExternalCAs ?? []).length > 0,
  },
  {
    path: 'CAConfig.SigningCACert',
    reason: 'certificate authorities of your own',
    isUsed: ({ CAConfig }) => (CAConfig?.SigningCACert ?? '') !== '' || (CAConfig?.SigningCAKey ?? '') !== '',
  },
  {
    path: 'CAConfig.ForceRotate',
    reason: 'rotation of the root certificate',
    isUsed: ({ CAConfig }) => Number(CAConfig?.ForceRotate ?? 0) > 0,
  },
];

/** The settings that an update stores; refuses what is wrong first, then what is not built. */
export function acceptSettings(sent: SwarmSpec, apiMinor: number): SwarmSpec {
  const spec = acceptSwarmSpec(sent, apiMinor);
  refuseUnbuilt(sent);
  return spec;
}

/** A checked request to init, its settings laid over the defaults. */
export function acceptInit(sent: SwarmInitRequest, apiMinor: number): SwarmInitRequest {
  checkInitRequest(sent);
  const EncryptionConfig = { AutoLockManagers: sent.AutoLockManagers === true };
  refuseUnbuilt({ ...sent.Spec, ...(sent.AutoLockManagers === true && { EncryptionConfig }) });
  const Spec = initialSwarmSpec(sent.Spec ?? {}, sent.AutoLockManagers === true, apiMinor);
  return { ...sent, Spec, Availability: availabilityOf(sent.Availability) };
}

/** The availability of a node that becomes a member; none and an empty one, which the CLI sends, mean `active`. */
export function availabilityOf(given: string | undefined): 'active' | 'pause' | 'drain' {
  const value = given ?? '';
  if (value === '') return 'active';
  const known = (['active', 'pause', 'drain'] as const).find((word) => word === value.toLowerCase());
  if (known === undefined) throw new Refusal('init-availability', { value });
  return known;
}

function refuseUnbuilt(spec: SwarmSpec): void {
  const missing = unbuiltSettings.find((setting) => setting.isUsed(spec));
  if (missing !== undefined) throw new Refusal('not-built-yet', { what: `${missing.path} (${missing.reason})` });
}
