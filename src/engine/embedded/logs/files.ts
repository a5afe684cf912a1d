import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** A file of a container's log. `sequence` is absent for the current one when it has no second name yet. */
export interface LogFile {
  readonly path: string;
  readonly inode: bigint;
  readonly sequence: number | undefined;
}

function isMissing(cause: unknown): boolean {
  return cause instanceof Error && 'code' in cause && cause.code === 'ENOENT';
}

/** `undefined` when there is no such file. */
async function inodeOf(path: string): Promise<bigint | undefined> {
  try {
    return (await stat(path, { bigint: true })).ino;
  } catch (cause) {
    if (isMissing(cause)) return undefined;
    throw cause;
  }
}

/** Those with a number, oldest first. */
export async function numberedFiles(directory: string): Promise<LogFile[]> {
  let names: string[];
  try {
    names = await readdir(directory);
  } catch (cause) {
    if (isMissing(cause)) return [];
    throw cause;
  }
  const files: LogFile[] = [];
  for (const name of names) {
    const sequence = /^log\.(\d+)$/.exec(name)?.[1];
    if (sequence === undefined) continue;
    const inode = await inodeOf(join(directory, name));
    if (inode !== undefined) files.push({ path: join(directory, name), inode, sequence: Number(sequence) });
  }
  return files.sort((a, b) => (a.sequence ?? 0) - (b.sequence ?? 0));
}

/** The files of a log, oldest first; the last is the one that is written. */
export async function listLogFiles(directory: string): Promise<LogFile[]> {
  const files = await numberedFiles(directory);
  const path = join(directory, 'log');
  const inode = await inodeOf(path);
  if (inode === undefined || files.some((file) => file.inode === inode)) return files;
  return [...files, { path, inode, sequence: undefined }];
}
