import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { assert } from '../../../base/index.ts';
import type { Launcher } from '../host/launcher.ts';
import type { Cgroups } from './cgroups.ts';

/**
 * Mounts the root in a mount namespace of the monitor's own, so that it vanishes with the monitor and never shows on the host,
 * then becomes the monitor. Paths are relative to the bundle: the kernel takes one page of mount options, which long layer paths
 * would fill after a few dozen layers.
 */
const MOUNT_AND_MONITOR =
  'mount -t overlay overlay -o "lowerdir=$1,upperdir=upper,workdir=work" merged && shift && exec "$@"';

/** Making a container takes 30 ms alone; with a hundred in the queue of two busy cores some seconds. */
const CREATE_TIMEOUT_MS = 60_000;
/** Nearly the last process that the kernel ends for memory: without it the exit code is lost. */
const MONITOR_OOM_SCORE = '-999';

export interface MonitorStart {
  readonly id: string;
  readonly bundle: string;
  readonly layerCount: number;
  readonly exitDirectory: string;
  readonly runcPath: string;
  readonly runcRoot: string;
  readonly conmonPath: string;
  readonly tty: boolean;
  readonly stdin: boolean;
  /** The container's stdin outlives the client that is attached to it. */
  readonly keepsStdinOpen: boolean;
  readonly log: { readonly path: string; readonly maxSizeBytes: number } | undefined;
  readonly canLowerOomScore: boolean;
}

export type MonitorOutcome =
  | { readonly kind: 'created'; readonly pid: number; readonly monitorPid: number }
  /** runc could not make it; the text is runc's. */
  | { readonly kind: 'failed'; readonly message: string };

function monitorArguments(start: MonitorStart): string[] {
  const { id, bundle, log } = start;
  return [
    '--api-version=1',
    ...['-c', id, '-u', id, '-n', id],
    ...['-r', start.runcPath, `--runtime-arg=--root=${start.runcRoot}`],
    ...['-b', bundle, '-p', join(bundle, 'pidfile'), '-P', join(bundle, 'conmon.pid')],
    ...['--exit-dir', start.exitDirectory, '--persist-dir', bundle, '--full-attach'],
    ...(log === undefined ? ['-l', 'none'] : ['-l', `k8s-file:${log.path}`, `--log-size-max=${log.maxSizeBytes}`]),
    ...['--log-level', 'error', '--no-new-keyring'],
    ...(start.tty ? ['-t'] : []),
    ...(start.stdin ? ['-i'] : []),
    ...(start.stdin && start.keepsStdinOpen ? ['--leave-stdin-open'] : []),
  ];
}

/** conmon's answer: `{"data":PID}` or `{"data":-1,"message":…}`, one line. */
function parseSync(line: string): MonitorOutcome | { readonly kind: 'pid'; readonly pid: number } {
  const answer = JSON.parse(line) as { data?: number; message?: string }; // conmon's own document.
  if (typeof answer.data === 'number' && answer.data > 0) return { kind: 'pid', pid: answer.data };
  return { kind: 'failed', message: (answer.message ?? '').trim() };
}

/**
 * Starts a container's monitor (conmon), which has runc make the container and then waits for its end: it writes the exit code to
 * a file that outlives the daemon, and the output to the log. Resolves when the container is made but not yet let go.
 *
 * Measured on 2 cores, kernel 6.18, cgroup v1: 24 ms of runc create, of which a third compiles the seccomp filter, 2.5 ms overlay.
 */
export async function startMonitor(start: MonitorStart, cgroups: Cgroups, launcher: Launcher): Promise<MonitorOutcome> {
  const errorPath = join(start.bundle, 'monitor.err');
  const lowerDirectories = Array.from({ length: start.layerCount }, (_, index) => `l/${index}`).join(':');
  const monitor = {
    file: 'unshare',
    args: [
      ...['--mount', '--propagation', 'slave', '/bin/sh', '-c', MOUNT_AND_MONITOR, 'sh', lowerDirectories],
      ...[start.conmonPath, ...monitorArguments(start)],
    ],
    cwd: start.bundle,
    env: { _OCI_SYNCPIPE: '3', _OCI_STARTPIPE: '4' },
    errorPath,
    // The monitor forks only after it was let go, so that everything it starts is in its own groups already.
    groups: await cgroups.monitorGroups(),
    ...(start.canLowerOomScore && { oomScore: MONITOR_OOM_SCORE }),
  };
  const line = await launcher.supervise(monitor, CREATE_TIMEOUT_MS);
  const outcome = line === '' ? undefined : parseSync(line);
  if (outcome?.kind === 'pid') {
    const monitorPid = Number(await readFile(join(start.bundle, 'conmon.pid'), 'utf8'));
    assert(monitorPid > 0, 'the monitor wrote no process id', { id: start.id });
    return { kind: 'created', pid: outcome.pid, monitorPid };
  }
  if (outcome?.kind === 'failed' && outcome.message !== '') return outcome;
  const complaint = (await readFile(errorPath, 'utf8')).trim();
  return { kind: 'failed', message: complaint === '' ? 'the monitor ended without an answer' : complaint };
}
