/**
 * The disk as the log sees it, so that the log is simulated too. Paths are relative to the log's directory. A write is lost or
 * torn by a crash unless `sync` of its file has resolved after it; a created, renamed or removed name unless `syncDirectory` has.
 */
export interface Disk {
  /** Opens for reading and writing; creates it when absent and `create` is set. */
  open(path: string, options: { readonly create: boolean }): Promise<DiskFile>;
  list(): Promise<readonly string[]>;
  rename(from: string, to: string): Promise<void>;
  remove(path: string): Promise<void>;
  syncDirectory(): Promise<void>;
}

export interface DiskFile {
  size(): Promise<number>;
  /** Reads up to `length` bytes at `offset`; fewer only at the file's end. */
  read(offset: number, length: number): Promise<Uint8Array>;
  write(offset: number, bytes: Uint8Array): Promise<void>;
  truncate(sizeBytes: number): Promise<void>;
  /** Makes everything written so far durable. A failure is final: the caller must not go on, nor try again. */
  sync(): Promise<void>;
  close(): Promise<void>;
}
