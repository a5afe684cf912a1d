/**
 * The disk as the log sees it, so that the log is simulated too. Names are relative to the log's directory. A write is lost or
 * torn, sector by sector, by a crash unless a `sync` of its file has resolved after it; a created, renamed or removed name may
 * come or go back unless `syncDirectory` has.
 */
export interface Disk {
  /** Opens for reading and writing; makes an empty file when there is none and `create` is set. */
  open(name: string, options: { readonly create: boolean }): Promise<DiskFile>;
  /** Names of all files, in no order. */
  list(): Promise<readonly string[]>;
  rename(from: string, to: string): Promise<void>;
  remove(name: string): Promise<void>;
  syncDirectory(point: SyncPoint): Promise<void>;
}

export interface DiskFile {
  size(): Promise<number>;
  /** Reads `length` bytes at `offset`; fewer only at the file's end. */
  read(offset: number, length: number): Promise<Uint8Array>;
  write(offset: number, bytes: Uint8Array): Promise<void>;
  truncate(sizeBytes: number): Promise<void>;
  /** Fills the file with zeros up to `sizeBytes`, so that later writes need no new blocks. Speeds syncs up; promises nothing. */
  preallocate(sizeBytes: number): Promise<void>;
  /** Makes everything written so far durable. A failure is final: the caller must not go on, nor try again. */
  sync(point: SyncPoint): Promise<void>;
  close(): Promise<void>;
}

/**
 * Why a sync is made. Each is needed: a test leaves them out one by one and shows what is lost. Also the label of the
 * latency metric.
 */
export type SyncPoint = 'batch' | 'segment' | 'segment-name' | 'cut' | 'snapshot' | 'snapshot-name';

/** The disk has no room. The only failure after which the log goes on: it refuses writes until there is room again. */
export class DiskFull extends Error {
  constructor(cause?: unknown) {
    super('no space left on the disk of the log', cause === undefined ? undefined : { cause });
    this.name = 'DiskFull';
  }
}
