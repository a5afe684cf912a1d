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
  return { ...sent, Spec: initialSwarmSpec(sent.Spec ?? {}, sent.AutoLockManagers === true, apiMinor) };
}

/** Refuses an availability that is none; a missing one means `active`. */
export function requireAvailability(given: string | undefined): void {
  const value = given ?? '';
  if (!['', 'active', 'pause', 'drain'].includes(value.toLowerCase())) {
    throw new Refusal('init-availability', { value });
  }
}

function refuseUnbuilt(spec: SwarmSpec): void {
  const missing = unbuiltSettings.find((setting) => setting.isUsed(spec));
  if (missing !== undefined) throw new Refusal('not-built-yet', { what: `${missing.path} (${missing.reason})` });
}
