import { randomUUID } from 'node:crypto';
import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Refusal } from '../base/index.ts';

/**
 * Makes this process the only daemon on a state directory. The lock names process and start time, so that a crashed daemon's
 * lock, or one from before a reboot, is told from a living one's. Returns what releases it.
 */
export async function lockState(directory: string): Promise<() => Promise<void>> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const file = join(directory, 'daemon.lock');
  const draft = `${file}.${randomUUID()}`;
  await writeFile(draft, `${process.pid} ${await startTime(process.pid)}\n`, { mode: 0o600 });
  try {
    for (let attempt = 0; attempt < 2; attempt++) {
      if (await linked(draft, file)) return () => rm(file, { force: true });
      const [pid = '', started = ''] = (await readFile(file, 'utf8').catch(() => '')).trim().split(' ');
      if (pid !== '' && (await startTime(Number(pid))) === started) throw new Refusal('already-running', { pid, file });
      await rm(file, { force: true });
    }
    throw new Refusal('already-running', { pid: 'just started', file });
  } finally {
    await rm(draft, { force: true });
  }
}

/** False when the name is taken. A lock appears with its content: an empty one would look like that of a crashed daemon. */
async function linked(draft: string, file: string): Promise<boolean> {
  try {
    await link(draft, file);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
}

/** Field 22 of /proc/PID/stat, ticks since boot; with the boot it names a process for good. Empty when there is none. */
async function startTime(pid: number): Promise<string> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  const ticks = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  const boot = await readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => '');
  return ticks === '' ? '' : `${ticks}-${boot.trim()}`;
}
