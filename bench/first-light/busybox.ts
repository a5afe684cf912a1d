import { execFile } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Client } from './client.ts';
import { image } from './workload.ts';

const run = promisify(execFile);

/** Debian's busybox-static: one file without libraries. */
const BUSYBOX = '/bin/busybox';

/** A root file system with busybox under the names that the workload needs, as a tar. */
async function archive(): Promise<Uint8Array> {
  const directory = await mkdtemp(join(tmpdir(), 'ruche-bench-image-'));
  try {
    const root = join(directory, 'root');
    for (const folder of ['bin', 'etc', 'proc', 'sys', 'dev', 'tmp'])
      await mkdir(join(root, folder), { recursive: true });
    await copyFile(BUSYBOX, join(root, 'bin/busybox'));
    for (const name of ['sh', 'sleep']) await symlink('busybox', join(root, 'bin', name));
    const path = join(directory, 'root.tar');
    await run('tar', ['-C', root, '-cf', path, '.']);
    return await readFile(path);
  } finally {
    await rm(directory, { recursive: true });
  }
}

/** Imports the workload's image unless the daemon has it. Returns whether it did. */
export async function ensureImage(client: Client): Promise<boolean> {
  if ((await client.status('GET', `/images/${image}/json`)) === 200) return false;
  const [repository, tag] = image.split(':');
  const query = `fromSrc=-&repo=${repository}&tag=${tag}`;
  const { status, text } = await client.send('POST', `/images/create?${query}`, await archive(), 'application/x-tar');
  // An import says what went wrong in its stream, after a status of 200.
  if (status !== 200 || text.includes('"error"')) throw new Error(`import of ${image}: ${status} ${text.trim()}`);
  return true;
}
