import { rm, stat } from 'node:fs/promises';
import { Refusal, Unavailable } from '../../base/index.ts';

/** Where `ip netns` keeps named namespaces; the directory is a shared mount, so that a removal reaches every mount namespace. */
const NAMESPACE_DIRECTORY = '/run/netns';
const NAME = /^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,63}$/;

/** Runs a program of the operating system to its end. */
export type RunProgram = (
  file: string,
  args: readonly string[],
  signal: AbortSignal,
) => Promise<{ readonly code: number; readonly stderr: string }>;

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
export function namespacePath(name: string, directory = NAMESPACE_DIRECTORY): string {
  checkName(name);
  return `${directory}/${name}`;
}

/**
 * Makes a task's network namespace with loopback up and returns its path. One of this name that is there already, for example
 * from before a crash, is used as it is, unless its making was cut short and left a name without namespace. 5 ms. `run` runs `ip`.
 */
export async function makeNamespace(
  name: string,
  signal: AbortSignal,
  run: RunProgram,
  directory = NAMESPACE_DIRECTORY,
): Promise<string> {
  const path = namespacePath(name, directory);
  const call = { name, signal, run };
  const loopbackUp = ['-n', name, 'link', 'set', 'lo', 'up'];
  if (await isThere(path)) {
    if (await isNamespace(path, directory)) {
      await ip(call, loopbackUp);
      return path;
    }
    await rm(path, { force: true });
  }
  await ip(call, ['netns', 'add', name]);
  await ip(call, loopbackUp);
  return path;
}

/** `ip` makes an empty file, then mounts the namespace over it: a name that is still on the directory's own device has none. */
async function isNamespace(path: string, directory: string): Promise<boolean> {
  const [file, around] = await Promise.all([stat(path), stat(directory)]);
  return file.dev !== around.dev;
}

/** Removes it; one that is gone is what was wanted. Processes in it keep it alive until they end. */
export async function removeNamespace(
  name: string,
  signal: AbortSignal,
  run: RunProgram,
  directory = NAMESPACE_DIRECTORY,
): Promise<void> {
  if (await isThere(namespacePath(name, directory))) await ip({ name, signal, run }, ['netns', 'delete', name]);
}
