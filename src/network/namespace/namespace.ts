import { spawn } from 'node:child_process';
import { stat } from 'node:fs/promises';
import { Refusal, Unavailable } from '../../base/index.ts';

/** Where `ip netns` keeps named namespaces; the directory is a shared mount, so that a removal reaches every mount namespace. */
const NAMESPACE_DIRECTORY = '/run/netns';
/** `ip` answers within milliseconds; a machine under load within this. */
const TIMEOUT_MS = 10_000;
const NAME = /^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,63}$/;

function run(
  args: readonly string[],
  signal: AbortSignal,
): Promise<{ readonly code: number; readonly stderr: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn('ip', args, {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C' },
      signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
      killSignal: 'SIGKILL',
    });
    let stderr = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    child.on('error', reject);
    child.on('close', (code) => resolve({ code: code ?? -1, stderr: stderr.trim() }));
  });
}

async function ip(name: string, args: readonly string[], signal: AbortSignal): Promise<void> {
  let why: string;
  let cause: unknown;
  try {
    const { code, stderr } = await run(args, signal);
    if (code === 0) return;
    why = stderr;
  } catch (failure) {
    cause = failure;
    why = failure instanceof Error ? failure.message : String(failure);
  }
  throw new Unavailable('network-namespace-failed', { name, why, cause });
}

function checkName(name: string): void {
  if (!NAME.test(name)) throw new Refusal('network-namespace-name-invalid', { name });
}

async function isThere(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return false;
    throw cause;
  }
}

/** Path of a named network namespace, whether it is there or not. */
export function namespacePath(name: string): string {
  checkName(name);
  return `${NAMESPACE_DIRECTORY}/${name}`;
}

/**
 * Makes a task's network namespace with loopback up and returns its path. One of this name that is there already, for example
 * from before a crash, is used as it is. 5 ms.
 */
export async function makeNamespace(name: string, signal: AbortSignal): Promise<string> {
  const path = namespacePath(name);
  if (!(await isThere(path))) await ip(name, ['netns', 'add', name], signal);
  await ip(name, ['-n', name, 'link', 'set', 'lo', 'up'], signal);
  return path;
}

/** Removes it; one that is gone is what was wanted. Processes in it keep it alive until they end. */
export async function removeNamespace(name: string, signal: AbortSignal): Promise<void> {
  if (await isThere(namespacePath(name))) await ip(name, ['netns', 'delete', name], signal);
}
