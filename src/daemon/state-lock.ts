import { mkdir, open, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Refusal } from '../base/index.ts';

/**
 * Makes this process the only daemon on a state directory. The lock names process and start time, so that a crashed daemon's
 * lock, or one from before a reboot, is told from a living one's. Returns what releases it.
 */
export async function lockState(directory: string): Promise<() => Promise<void>> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const file = join(directory, 'daemon.lock');
  const mine = `${process.pid} ${await startTime(process.pid)}\n`;
  for (let attempt = 0; attempt < 2; attempt++) {
    try {
      const handle = await open(file, 'wx', 0o600);
      await handle.writeFile(mine);
      await handle.close();
      return () => rm(file, { force: true });
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
      const [pid = '', started = ''] = (await readFile(file, 'utf8').catch(() => '')).trim().split(' ');
      if (pid !== '' && (await startTime(Number(pid))) === started) throw new Refusal('already-running', { pid, file });
      await rm(file, { force: true });
    }
  }
  throw new Refusal('already-running', { pid: 'just started', file });
}

/** Field 22 of /proc/PID/stat, ticks since boot; with the boot it names a process for good. Empty when there is none. */
async function startTime(pid: number): Promise<string> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  const ticks = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  const boot = await readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => '');
  return ticks === '' ? '' : `${ticks}-${boot.trim()}`;
}
