import { Refusal } from '../../base/index.ts';

/** Minor of the newest Engine API (1.51) that the adapter and its callers were written for. */
export const OWN_API_MINOR = 51;

/** Docker 19.03. Older ones lack `HEAD /_ping` and are out of every distribution's support. */
export const MIN_ENGINE_MINOR = 40;

/** Minors of the API versions that matter between us and an engine; all are `1.<minor>`. */
export interface ApiVersions {
  /** What we speak to the engine: the newest that both know. */
  readonly spoken: number;
  /** The engine's newest. */
  readonly newest: number;
  /** The oldest that the engine still takes. */
  readonly oldest: number;
}

/** Chooses the version to speak. `newest` and `oldest` are the engine's own words, e.g. `1.41`; refuses engines out of range. */
export function negotiate(address: string, newest: string, oldest: string): ApiVersions {
  const newestMinor = minorOf(newest) ?? 0;
  const oldestMinor = minorOf(oldest) ?? 0;
  if (newestMinor < MIN_ENGINE_MINOR) {
    throw new Refusal('engine-too-old', { address, version: newest, minimum: versionText(MIN_ENGINE_MINOR) });
  }
  if (oldestMinor > OWN_API_MINOR) {
    throw new Refusal('engine-too-new', { address, minimum: oldest, maximum: versionText(OWN_API_MINOR) });
  }
  return { spoken: Math.min(OWN_API_MINOR, newestMinor), newest: newestMinor, oldest: oldestMinor };
}

/** `1.41` of 41. */
export const versionText = (minor: number): string => `1.${minor}`;

function minorOf(version: string): number | undefined {
  const match = /^1\.([0-9]{1,4})$/.exec(version);
  return match === null ? undefined : Number(match[1]);
}
