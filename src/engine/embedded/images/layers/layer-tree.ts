import { Refusal } from '../../../../base/index.ts';
import type { TarHeader } from '../tar/header.ts';
import { MAX_COMPONENT_BYTES, MAX_PATH_BYTES, MAX_SYMLINK_HOPS } from './limits.ts';

/** Names with it speak of files, see rewrite.ts; none may stand on disk. */
export const WHITEOUT_PREFIX = '.wh.';

export type Node =
  | { readonly kind: 'directory'; readonly header?: TarHeader }
  | { readonly kind: 'symlink'; readonly target: string }
  | { readonly kind: 'whiteout' | 'other' };

/** What `place` found: whether the entry takes an empty place, merges with a directory, or takes the place of something else. */
export type Placement = 'new' | 'merged' | 'replaced' | 'replacedWhiteout';

/**
 * The names of a layer as they will stand on disk. It answers where an entry lands when symbolic links of the same layer are
 * followed inside the layer's root, so that the unpacker never has to follow one. Paths are relative, `''` is the root.
 */
export class LayerTree {
  readonly #nodes = new Map<string, Node>([['', { kind: 'directory' }]]);

  at(path: string): Node | undefined {
    return this.#nodes.get(path);
  }

  /** The components of a name as an archive gives it: `./a//b/../c` is a, c. Refuses what would leave the root. */
  components(name: string): string[] {
    if (name.length > MAX_PATH_BYTES)
      throw unsafe(`${name.slice(0, 100)}…`, `its name is longer than ${MAX_PATH_BYTES} bytes`);
    if (name.includes('\0')) throw unsafe(name, 'its name has a zero byte');
    const components: string[] = [];
    for (const part of name.split('/')) {
      if (part === '' || part === '.') continue;
      if (part.length > MAX_COMPONENT_BYTES)
        throw unsafe(name, `a part of its name is longer than ${MAX_COMPONENT_BYTES} bytes`);
      if (part !== '..') components.push(part);
      else if (components.pop() === undefined) throw unsafe(name, 'it is outside of the image');
    }
    return components;
  }

  /** Where an entry with this name lands: links in its parents are followed, one at its end is not. Missing parents come to be. */
  locate(components: readonly string[], name: string): string {
    const last = components.at(-1);
    if (last === undefined) return '';
    return join(this.directory(components.slice(0, -1), name), last);
  }

  /** The directory that these components lead to, following links as a chroot would: `..` and `/` stop at the layer's root. */
  directory(components: readonly string[], name: string): string {
    const rest = [...components].reverse();
    let path = '';
    let hops = 0;
    for (let part = rest.pop(); part !== undefined; part = rest.pop()) {
      if (part === '' || part === '.') continue;
      if (part === '..') {
        path = parentOf(path);
        continue;
      }
      if (part.startsWith(WHITEOUT_PREFIX)) throw unsafe(name, 'a parent has the name of a whiteout');
      const next = join(path, part);
      const node = this.#nodes.get(next);
      if (node?.kind === 'symlink') {
        if (++hops > MAX_SYMLINK_HOPS) throw unsafe(name, 'too many levels of symbolic links');
        rest.push(...node.target.split('/').reverse());
        if (node.target.startsWith('/')) path = '';
        continue;
      }
      if (node !== undefined && node.kind !== 'directory') throw unsafe(name, 'a parent is not a directory');
      if (node === undefined) this.#nodes.set(next, { kind: 'directory' });
      path = next;
      if (path.length > MAX_PATH_BYTES) throw unsafe(name, `its path is longer than ${MAX_PATH_BYTES} bytes`);
    }
    return path;
  }

  /** Records what now stands at a path. A directory can't become something else: its content would be lost without a word. */
  place(path: string, node: Node, name: string): Placement {
    const before = this.#nodes.get(path);
    if (before?.kind === 'directory' && node.kind !== 'directory') {
      throw unsafe(name, 'it would take the place of a directory of the same layer');
    }
    this.#nodes.set(path, node);
    if (before === undefined) return 'new';
    if (before.kind === 'directory') return 'merged';
    return before.kind === 'whiteout' ? 'replacedWhiteout' : 'replaced';
  }
}

/** The error for an entry that is refused. */
export function unsafe(path: string, why: string): Refusal {
  return new Refusal('image-layer-unsafe', { path: Buffer.from(path, 'latin1').toString(), why });
}

function join(directory: string, name: string): string {
  return directory === '' ? name : `${directory}/${name}`;
}

function parentOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')));
}
