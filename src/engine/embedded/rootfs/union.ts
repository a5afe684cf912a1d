import { constants } from 'node:fs';
import { lstat, open, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { runCommand } from '../host/command.ts';

/** Files such as /etc/passwd; larger ones are not read. */
const MAX_FILE_BYTES = 1_048_576;
/** As the kernel's limit of symbolic links in one path. */
const MAX_LINKS = 40;

type Entry =
  | { readonly kind: 'directory' | 'file' | 'other'; readonly hostPath: string }
  | { readonly kind: 'link'; readonly target: string };

async function entryIn(layer: string, path: string): Promise<Entry | 'whiteout' | undefined> {
  const hostPath = join(layer, path);
  let stats: Awaited<ReturnType<typeof lstat>>;
  try {
    stats = await lstat(hostPath);
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw cause;
  }
  if (stats.isCharacterDevice() && stats.rdev === 0) return 'whiteout';
  if (stats.isSymbolicLink()) return { kind: 'link', target: await readlink(hostPath) };
  return { kind: stats.isDirectory() ? 'directory' : stats.isFile() ? 'file' : 'other', hostPath };
}

/** tar is on every machine that unpacks images; Node reads no extended attributes. */
async function isOpaque(directory: string): Promise<boolean> {
  const args = [
    '-C',
    directory,
    '--xattrs',
    '--xattrs-include=trusted.overlay.opaque',
    '--no-recursion',
    '-cf',
    '-',
    '.',
  ];
  const { stdout } = await runCommand('tar', args);
  return stdout.includes('trusted.overlay.opaque=y');
}

/** One name below a path without links: its topmost entry, unless a layer above it hides what is below. */
async function topmost(
  layers: readonly string[],
  path: string,
): Promise<{ entry: Entry; layers: readonly string[] } | undefined> {
  for (const [index, layer] of layers.entries()) {
    const entry = await entryIn(layer, path);
    if (entry === 'whiteout') return undefined;
    if (entry !== undefined) return { entry, layers: layers.slice(index) };
  }
  return undefined;
}

export interface UnionEntry {
  /** Absolute within the container, free of links. */
  readonly path: string;
  readonly kind: 'directory' | 'file' | 'other';
  readonly hostPath: string;
}

/**
 * Looks a path up in stacked layers (topmost first) as a container would see it: links are followed within the container's root
 * and never lead out of it. `undefined` when there is nothing.
 */
export async function lookUp(layers: readonly string[], path: string): Promise<UnionEntry | undefined> {
  let rest = path.split('/');
  let at: string[] = [];
  let links = 0;
  let visible = layers;
  let found: UnionEntry = { path: '/', kind: 'directory', hostPath: layers[0] ?? '/' };
  const restart = (): void => {
    at = [];
    visible = layers;
    found = { path: '/', kind: 'directory', hostPath: layers[0] ?? '/' };
  };
  for (let name = rest.shift(); name !== undefined; name = rest.shift()) {
    if (name === '' || name === '.') continue;
    if (name === '..') {
      rest = [...at.slice(0, -1), ...rest];
      restart();
      continue;
    }
    if (found.kind !== 'directory') return undefined;
    const next = await topmost(visible, [...at, name].join('/'));
    if (next === undefined) return undefined;
    if (next.entry.kind === 'link') {
      if (++links > MAX_LINKS) return undefined;
      const target = next.entry.target.split('/');
      rest = next.entry.target.startsWith('/') ? [...target, ...rest] : [...at, ...target, ...rest];
      restart();
      continue;
    }
    at.push(name);
    visible = next.layers;
    if (next.entry.kind === 'directory' && visible.length > 1 && (await isOpaque(next.entry.hostPath)))
      visible = visible.slice(0, 1);
    found = { path: `/${at.join('/')}`, kind: next.entry.kind, hostPath: next.entry.hostPath };
  }
  return found;
}

/** The text of a small regular file; `undefined` when there is none or it is no such file. */
export async function readTextFile(layers: readonly string[], path: string): Promise<string | undefined> {
  const entry = await lookUp(layers, path);
  if (entry?.kind !== 'file') return undefined;
  // O_NOFOLLOW and O_NONBLOCK: a running container may have put a link or a pipe there since.
  const file = await open(entry.hostPath, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const stats = await file.stat();
    return stats.isFile() && stats.size <= MAX_FILE_BYTES ? await file.readFile('utf8') : undefined;
  } finally {
    await file.close();
  }
}
