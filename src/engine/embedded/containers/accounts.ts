import type { EngineContext } from '../context.ts';
import { readTextFile } from '../rootfs/union.ts';
import type { Accounts } from '../spec/user.ts';

/** Users and groups that layers (topmost first) define. */
export async function readAccounts(layers: readonly string[]): Promise<Accounts> {
  const [passwd, group] = await Promise.all([readTextFile(layers, '/etc/passwd'), readTextFile(layers, '/etc/group')]);
  return { passwd: passwd ?? '', group: group ?? '' };
}

/** Those of an image, read once: a start reads no file for them. */
export async function imageAccounts(
  context: EngineContext,
  imageId: string,
  layers: readonly string[],
): Promise<Accounts> {
  const known = context.accounts.get(imageId);
  if (known !== undefined) return known;
  const read = await readAccounts(layers);
  context.accounts.set(imageId, read);
  return read;
}
