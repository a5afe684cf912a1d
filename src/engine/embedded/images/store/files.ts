import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { Unavailable } from '../../../../base/index.ts';

/** Makes created, renamed and removed names of a directory durable. */
export async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Replaces a file in one step: after a crash there is the old content or the new, never a mixture. */
export async function writeDurably(path: string, bytes: Uint8Array | string): Promise<void> {
  const temporary = join(dirname(path), `.${basename(path)}.new`);
  const handle = await open(temporary, 'w', 0o600);
  try {
    await handle.writeFile(bytes);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(temporary, path);
  await syncDirectory(dirname(path));
}

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
