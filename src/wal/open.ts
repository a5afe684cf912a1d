import type { Disk } from './disk.ts';
import type { Recovered, WriteAheadLog } from './log-file.ts';
import { recoverSegments } from './recover.ts';
import { SegmentedLog } from './segmented-log.ts';
import { newestSnapshot, readSnapshotFile } from './snapshot.ts';

export interface OpenOptions {
  readonly disk: Disk;
  /** 32 bytes; all files are sealed with keys derived from it. */
  readonly dataKey: Uint8Array;
  /** Size at which a segment is followed by the next; `SEGMENT_BYTES` unless a test wants small ones. */
  readonly segmentBytes?: number;
  /** Seeds of new files. Must never repeat under one data key: the system's random source, or a simulator's. */
  readonly randomBytes: (length: number) => Uint8Array;
  /** Called once when the disk failed: the process must end, for what was acknowledged is safe and nothing more can be. */
  readonly onFatal: (error: Error) => void;
}

/**
 * Opens the log of a directory, or begins one. Cuts a torn last batch; throws `log-damaged`, `log-wrong-key` or `log-newer-format`
 * without changing anything where what is there can't be trusted.
 */
export async function openLog(options: OpenOptions): Promise<{ log: WriteAheadLog; recovered: Recovered }> {
  const { disk, dataKey } = options;
  const mark = await newestSnapshot(disk, dataKey);
  const found = await recoverSegments(disk, dataKey, mark?.index ?? 0);
  // What has a `.tmp` name was being written when the process ended, and nobody relies on it.
  for (const name of await disk.list()) if (name.endsWith('.tmp')) await disk.remove(name);
  const log = new SegmentedLog(options, found, mark);
  return {
    log,
    recovered: {
      hardState: found.hardState,
      snapshot: mark && { ...mark, chunks: () => readSnapshotFile(disk, mark.index, dataKey) },
      records: found.records,
      cutBytes: found.cutBytes,
    },
  };
}
