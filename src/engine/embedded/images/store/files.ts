import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, rm } from 'node:fs/promises';
import { Unavailable } from '../../../../base/index.ts';

/**
 * Makes everything written so far to the file system of `directory` durable: one call for the thousands of files of an image, where
 * a sync of each would take minutes.
 */
export async function syncFilesystem(directory: string): Promise<void> {
  const child = spawn('sync', ['-f', directory], { stdio: 'ignore' });
  const [code, signal]: unknown[] = await once(child, 'close');
  if (code !== 0) throw new Error(`sync -f ${directory} ended with ${String(code ?? signal)}`);
}

/** Removes what is there and makes it anew, empty, closed to all but its owner. */
export async function emptyDirectory(directory: string): Promise<void> {
  await rm(directory, { recursive: true, force: true });
  await mkdir(directory, { recursive: true, mode: 0o700 });
}

/** Turns "no space left" into an error that says where; others pass unchanged. */
export function explainDiskFull(error: unknown, directory: string): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code !== 'ENOSPC' && code !== 'EDQUOT') return error;
  return new Unavailable('image-disk-full', { directory, cause: error });
}
