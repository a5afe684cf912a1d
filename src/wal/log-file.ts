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
  /** The newest whole snapshot; entries follow it. */
  readonly snapshot:
    | { readonly index: number; readonly term: number; readonly chunks: () => AsyncIterable<Uint8Array> }
    | undefined;
  readonly records: readonly LogRecord[];
  /** Bytes of a torn last batch that were cut; 0 when the log ended whole. */
  readonly cutBytes: number;
}

/** The write-ahead log as its one user sees it. */
export interface WriteAheadLog {
  /**
   * Adds records, and the hard state if given, and resolves when they are durable. Calls made while a sync is under way share
   * the next one (group commit). An index at or below the last replaces that record and all after it (Raft's conflict rule).
   */
  append(records: readonly LogRecord[], hardState?: HardState): Promise<void>;
  /** Writes a snapshot durably, then drops the segments that hold only entries at or below `keepAfter`. */
  writeSnapshot(
    mark: { readonly index: number; readonly term: number },
    chunks: AsyncIterable<Uint8Array>,
    keepAfter: number,
  ): Promise<void>;
  readonly lastIndex: number;
  close(): Promise<void>;
}
