/** One record of the log: opaque to the wal but for index and term. */
export interface LogRecord {
  readonly index: number;
  readonly term: number;
  readonly bytes: Uint8Array;
}

/** What a member of the cluster must remember across restarts besides its entries (Raft, figure 2). */
export interface HardState {
  readonly term: number;
  readonly vote: string;
  readonly commit: number;
}

/** What was found on the disk at open. */
export interface Recovered {
  readonly hardState: HardState | undefined;
  /** The newest snapshot; `chunks` are checked as they are read. */
  readonly snapshot:
    | { readonly index: number; readonly term: number; readonly chunks: () => AsyncIterable<Uint8Array> }
    | undefined;
  /** Those after the snapshot, without gap. */
  readonly records: readonly LogRecord[];
  /** Bytes of a torn last batch that were cut; 0 when the log ended whole. */
  readonly cutBytes: number;
}

/** The write-ahead log as its one user sees it. */
export interface WriteAheadLog {
  /**
   * Adds records, and the hard state if given, and resolves when they are durable. Calls made while a sync is under way share
   * the next one (group commit). An index at or below the last replaces that record and all after it (Raft's conflict rule).
   * Rejects with `log-entry-too-large` (more than 15.9 MB in one call), `Unavailable('log-disk-full')` (in both cases nothing was
   * written and later calls may succeed) or `Unavailable('log-failed')` (the log is of no use any more; the process must end).
   */
  append(records: readonly LogRecord[], hardState?: HardState): Promise<void>;
  /**
   * Writes a snapshot durably, then drops older ones and the segments that hold only entries at or below `keepAfter`. Appends go on
   * meanwhile. Rejects with `log-disk-full` when there is no room; the log is as before then.
   */
  writeSnapshot(
    mark: { readonly index: number; readonly term: number },
    chunks: AsyncIterable<Uint8Array>,
    keepAfter: number,
  ): Promise<void>;
  /** Index of the last durable record, or the snapshot's; 0 when there is none. */
  readonly lastIndex: number;
  /** Waits for what was appended, then releases the disk. */
  close(): Promise<void>;
}
