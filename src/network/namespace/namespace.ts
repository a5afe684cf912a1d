import { spawn } from 'node:child_process';
import { stat } from 'node:fs/promises';
import { Refusal, Unavailable } from '../../base/index.ts';

/** Where `ip netns` keeps named namespaces; the directory is a shared mount, so that a removal reaches every mount namespace. */
const NAMESPACE_DIRECTORY = '/run/netns';
/** `ip` answers within milliseconds; a machine under load within this. */
const TIMEOUT_MS = 10_000;
const NAME = /^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,63}$/;

/** Runs a program of the operating system to its end. */
export type RunProgram = (
  file: string,
  args: readonly string[],
  signal: AbortSignal,
) => Promise<{ readonly code: number; readonly stderr: string }>;

const runDirectly: RunProgram = (file, args, signal) => {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, {
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
    child.on('close', (code) => resolve({ code: code ?? -1, stderr }));
  });
};

interface IpCall {
  readonly name: string;
  readonly signal: AbortSignal;
  readonly run: RunProgram;
}

async function ip({ name, signal, run }: IpCall, args: readonly string[]): Promise<void> {
  let why: string;
  let cause: unknown;
  try {
    const { code, stderr } = await run('ip', args, signal);
    if (code === 0) return;
    why = stderr.trim();
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
 * from before a crash, is used as it is. 5 ms. `run` starts `ip` otherwise than from this process.
 */
export async function makeNamespace(name: string, signal: AbortSignal, run = runDirectly): Promise<string> {
  const path = namespacePath(name);
  if (!(await isThere(path))) await ip({ name, signal, run }, ['netns', 'add', name]);
  await ip({ name, signal, run }, ['-n', name, 'link', 'set', 'lo', 'up']);
  return path;
}

/** Removes it; one that is gone is what was wanted. Processes in it keep it alive until they end. */
export async function removeNamespace(name: string, signal: AbortSignal, run = runDirectly): Promise<void> {
  if (await isThere(namespacePath(name))) await ip({ name, signal, run }, ['netns', 'delete', name]);
}
