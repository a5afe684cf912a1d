import type { Instant } from '../base/index.ts';

/** RFC 3339 in UTC with nanosecond digits as Go prints it, e.g. `2026-01-02T03:04:05.678Z`. */
export type Timestamp = string;

/** As clients see it: moves only when a spec is accepted, so that a read-modify-write does not race with the cluster's own writes. */
export interface ObjectVersion {
  readonly Index: number;
}

/** What every stored object has and every client sees. */
export interface Meta {
  readonly Version: ObjectVersion;
  readonly CreatedAt: Timestamp;
  readonly UpdatedAt: Timestamp;
}

/**
 * What only the server may know of an object; `present` never shows it. `Revision` is the log index of the object's last write of
 * any kind: preconditions compare it. The store sets `Revision` (and, when `Version` is to move, `Version.Index`) as it applies.
 */
export interface InternalMeta {
  readonly Revision: number;
}

export type { Instant };
