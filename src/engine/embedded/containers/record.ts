import { Refusal } from '../../../base/index.ts';
import type { ContainerId } from '../../../model/index.ts';
import type { ContainerCreate } from '../../port/container.ts';
import type { ProcessIdentity } from '../host/process.ts';
import type { ImageRunConfig } from '../image-source.ts';
import type { ResolvedUser } from '../spec/user.ts';
import type { ResolvedMount } from '../volumes/resolved-mount.ts';

/** Format of `container.json`. Readers take this version; the first release has no other. */
export const RECORD_VERSION = 1;

/** A container as the journal has it; what the daemon needs to know after any crash. Replaced as a whole. */
export interface ContainerRecord {
  readonly version: typeof RECORD_VERSION;
  readonly id: ContainerId;
  readonly name: string;
  /** RFC 3339. */
  readonly createdAt: string;
  readonly image: {
    readonly id: string;
    readonly reference: string;
    readonly layers: readonly string[];
    readonly config: ImageRunConfig;
  };
  readonly create: ContainerCreate;
  readonly args: readonly string[];
  readonly env: readonly string[];
  readonly hostname: string;
  readonly user: ResolvedUser;
  readonly stopSignal: string;
  readonly mounts: readonly ResolvedMount[];
  readonly networkNamespace?: string;
  readonly log: LogSettings;
  readonly state: ContainerPhase;
}

export interface LogSettings {
  readonly driver: 'json-file' | 'none';
  readonly maxSizeBytes: number;
  readonly maxFiles: number;
}

export type ContainerPhase =
  /** Its directory is being filled. */
  | { readonly kind: 'creating' }
  | { readonly kind: 'created'; readonly lastError?: string; readonly exitCode?: number }
  /** A monitor may be on its way. */
  | { readonly kind: 'starting'; readonly bootId: string; readonly at: string }
  | RunningPhase
  | ExitedPhase
  | { readonly kind: 'removing' };

export interface RunningPhase {
  readonly kind: 'running';
  readonly startedAt: string;
  readonly bootId: string;
  readonly pid: number;
  /** Absent when it had ended before it could be looked at. */
  readonly monitor?: ProcessIdentity;
}

export interface ExitedPhase {
  readonly kind: 'exited';
  readonly startedAt: string;
  readonly finishedAt: string;
  readonly exitCode: number;
  readonly oomKilled: boolean;
  /** Why there is no true exit code, when there is none. */
  readonly error?: string;
}

export function encodeRecord(record: ContainerRecord): string {
  return JSON.stringify(record, (_key, value: unknown) => (typeof value === 'bigint' ? Number(value) : value));
}

/** Reads a record back; one of a version that we don't know is refused rather than guessed at. */
export function decodeRecord(text: string, path: string): ContainerRecord {
  const record = JSON.parse(text) as ContainerRecord; // Written by `encodeRecord`, replaced atomically.
  if (record.version !== RECORD_VERSION) throw new Refusal('engine-record-version', { path, version: record.version });
  return record;
}
