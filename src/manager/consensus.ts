import type { Cancel } from '../base/index.ts';

/** A committed entry: its place in the log, the term that wrote it, and the bytes that were proposed. */
export interface CommittedEntry {
  readonly index: number;
  readonly term: number;
  readonly bytes: Uint8Array;
}

/** A state to start from: everything up to and including `index`. */
export interface SnapshotMark {
  readonly index: number;
  readonly term: number;
}

/** What the replicated log tells its state machine. Calls come in log order, none before the one before it returned. */
export interface StateMachine {
  /** Replace all state by this snapshot. */
  restore(mark: SnapshotMark, chunks: AsyncIterable<Uint8Array>): Promise<void>;
  /** Apply these, in order. Synchronous: a throw stops the daemon. */
  apply(entries: readonly CommittedEntry[]): void;
  /** The state as of the last applied entry, in slices; taken from references held at this call, encoded as they are read. */
  snapshot(): { readonly mark: SnapshotMark; readonly chunks: AsyncIterable<Uint8Array> };
}

export interface Leadership {
  readonly role: 'leader' | 'follower' | 'candidate';
  readonly term: number;
}

/**
 * The replicated log. With one member it commits what its disk has synced; Raft fills the same interface for several.
 * Outcomes of `propose`: resolved = committed and applied here; `Refusal`/`Unavailable` = not in the log;
 * `Unavailable('outcome-unknown')` = it may still commit, the caller must not repeat it.
 */
export interface ReplicatedLog {
  /** Resolves once the entry is committed and applied on this member. */
  propose(bytes: Uint8Array): Promise<CommittedEntry>;
  /** Resolves when everything that was committed before this call is applied here: reads after it are linearizable. */
  readBarrier(): Promise<void>;
  /** Who leads, as this member knows it. */
  leadership(): Leadership;
  /** Calls back after each change of role or term, until cancelled. */
  onLeadership(listener: (leadership: Leadership) => void): Cancel;
  /** Writes out what is queued and releases the disk. */
  close(): Promise<void>;
}
