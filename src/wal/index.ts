/**
 * The write-ahead log and its snapshots on disk, sealed from the first commit on. Pure over the `Disk` port.
 * - Acknowledged = synced. Only the last unsynced batch may be damaged; it is cut whole. Damage before it is refused.
 * - A failed sync is final: what the kernel dropped can't be told, so the process ends and recovers from the disk.
 * - A full disk refuses writes and loses nothing; writing goes on when there is room.
 * - Knows nothing of what its records mean.
 */
export { type Disk, type DiskFile, DiskFull, type SyncPoint } from './disk.ts';
export type { HardState, LogRecord, Recovered, WriteAheadLog } from './log-file.ts';
export { openNodeDisk } from './node-disk.ts';
export { type OpenOptions, openLog } from './open.ts';
export { DATA_KEY_BYTES } from './seal.ts';
