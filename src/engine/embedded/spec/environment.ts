/** What Docker gives an image that sets no PATH. */
const DEFAULT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/**
 * The environment of a container, later lists winning: Docker's own, the image's, the container's. An entry without `=` takes the
 * variable away. Order is that of first mention.
 */
export function mergeEnvironment(
  own: { readonly hostname: string; readonly tty: boolean; readonly home: string },
  ...lists: ReadonlyArray<readonly string[]>
): string[] {
  const merged = new Map<string, string>([
    ['PATH', DEFAULT_PATH],
    ['HOSTNAME', own.hostname],
  ]);
  if (own.tty) merged.set('TERM', 'xterm');
  for (const entry of lists.flat()) {
    const separator = entry.indexOf('=');
    if (separator < 0) merged.delete(entry);
    else merged.set(entry.slice(0, separator), entry.slice(separator + 1));
  }
  if (!merged.has('HOME')) merged.set('HOME', own.home);
  return [...merged].map(([name, value]) => `${name}=${value}`);
}

/** `Config.Env` as `docker inspect` shows it: the image's, overridden by the container's, with a PATH. */
export function shownEnvironment(image: readonly string[], own: readonly string[]): string[] {
  const merged = new Map<string, string>();
  for (const entry of [...image, ...own]) {
    const separator = entry.indexOf('=');
    merged.set(separator < 0 ? entry : entry.slice(0, separator), entry);
  }
  if (!merged.has('PATH')) merged.set('PATH', `PATH=${DEFAULT_PATH}`);
  return [...merged.values()];
}
