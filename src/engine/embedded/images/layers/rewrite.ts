import { Refusal } from '../../../../base/index.ts';
import { END_OF_ARCHIVE, encodeHeader, padding } from '../tar/encode.ts';
import { BARE_HEADER, type TarHeader } from '../tar/header.ts';
import { readTar, type TarEntry } from '../tar/reader.ts';
import { LayerTree, type Placement, unsafe, WHITEOUT_PREFIX } from './layer-tree.ts';
import { type LayerLimits, MAX_PATH_BYTES, MAX_XATTR_NAME_BYTES, MAX_XATTR_VALUE_BYTES } from './limits.ts';

const META_PREFIX = '.wh..wh.';
const OPAQUE_MARKER = '.wh..wh..opq';
const OPAQUE_XATTR = 'trusted.overlay.opaque';
/** Small pieces are gathered to this size before they go down the pipe. */
const OUTPUT_BYTES = 64 * 1024;

/** What the layer turned out to be, complete once its last byte was taken. */
export interface LayerFacts {
  entries: number;
  /** Bytes of all files: what Docker calls the layer's size. */
  sizeBytes: number;
  /** The root itself is opaque: nothing of the layers below shows through. */
  hidesBelow: boolean;
}

/**
 * Rewrites a layer's archive into one that any tar unpacks safely into an empty directory for overlayfs:
 * - names are relative, without `..`, and lead through no symbolic link: links of the layer are followed here, inside its root;
 * - whiteouts become character devices 0:0, opaque markers the attribute trusted.overlay.opaque;
 * - hard links name a file of the same layer; overlayfs' own attributes in the archive are dropped;
 * - devices, fifos, setuid bits, owners and attributes stay, as with Docker: the directory above the layers is closed to all but
 *   root, and which devices a container opens is decided by its device cgroup.
 * Source of the whiteout forms: OCI image specification, layer.md.
 */
export async function* rewriteLayer(
  source: AsyncIterable<Buffer>,
  limits: LayerLimits,
  facts: LayerFacts,
): AsyncGenerator<Buffer> {
  const layer = new LayerRewriter(limits, facts);
  let held: Buffer[] = [];
  let heldBytes = 0;
  for await (const piece of layer.run(source)) {
    held.push(piece);
    heldBytes += piece.length;
    if (heldBytes >= OUTPUT_BYTES) {
      yield held.length === 1 ? piece : Buffer.concat(held);
      held = [];
      heldBytes = 0;
    }
  }
  yield Buffer.concat(held);
}

class LayerRewriter {
  readonly #limits: LayerLimits;
  readonly #facts: LayerFacts;
  readonly #tree = new LayerTree();
  readonly #opaque = new Set<string>();

  constructor(limits: LayerLimits, facts: LayerFacts) {
    this.#limits = limits;
    this.#facts = facts;
  }

  async *run(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const entry of readTar(source)) {
      this.#count(entry.header);
      const header = this.#rewrite(entry.header);
      if (header !== undefined) yield* emit(header, entry);
    }
    // Last, so that the directory's own entry, which may come after its marker, can't take the attribute off again.
    for (const path of this.#opaque) yield encodeHeader(this.#opaqueHeader(path));
    yield END_OF_ARCHIVE;
  }

  #count(header: TarHeader): void {
    const { maxEntries, maxBytes } = this.#limits;
    this.#facts.entries += 1;
    this.#facts.sizeBytes += header.sizeBytes;
    if (this.#facts.entries > maxEntries)
      throw new Refusal('image-layer-too-large', { what: 'entries', limit: maxEntries });
    if (this.#facts.sizeBytes > maxBytes)
      throw new Refusal('image-layer-too-large', { what: 'bytes', limit: maxBytes });
  }

  #rewrite(header: TarHeader): TarHeader | undefined {
    const components = this.#tree.components(header.name);
    const last = components.at(-1) ?? '';
    // Bookkeeping of AUFS, a storage driver of old; the opaque marker is the one of them that has a meaning.
    if (components.some((part) => part.startsWith(META_PREFIX)) && last !== OPAQUE_MARKER) return undefined;
    if (last === OPAQUE_MARKER) return this.#markOpaque(components.slice(0, -1), header.name);
    if (last.startsWith(WHITEOUT_PREFIX)) return this.#whiteOut(components, header);
    return this.#place(components, header);
  }

  #markOpaque(components: readonly string[], name: string): undefined {
    const path = this.#tree.directory(components, name);
    if (path === '') this.#facts.hidesBelow = true;
    else this.#opaque.add(path);
  }

  #whiteOut(components: readonly string[], header: TarHeader): TarHeader | undefined {
    const hidden = (components.at(-1) ?? '').slice(WHITEOUT_PREFIX.length);
    if (hidden === '' || hidden === '.' || hidden === '..') throw unsafe(header.name, 'it is a whiteout of nothing');
    const path = this.#tree.locate([...components.slice(0, -1), hidden], header.name);
    const node = this.#tree.at(path);
    // A whiteout speaks of the layers below. What this layer itself has at that place stays, and hides the lower one if it is a file.
    if (node?.kind === 'directory') this.#opaque.add(path);
    if (node !== undefined) return undefined;
    this.#tree.place(path, { kind: 'whiteout' }, header.name);
    return { ...BARE_HEADER, name: path, kind: 'characterDevice', mode: 0 };
  }

  #place(components: readonly string[], header: TarHeader): TarHeader | undefined {
    const path = this.#tree.locate(components, header.name);
    if (path.length > MAX_PATH_BYTES) throw unsafe(header.name, `its path is longer than ${MAX_PATH_BYTES} bytes`);
    const rewritten: TarHeader = {
      ...header,
      name: path === '' ? './' : path,
      linkName: this.#linkName(header),
      xattrs: keptXattrs(header),
    };
    if (header.kind === 'hardLink' && rewritten.linkName === path) return undefined;
    const placement = this.#record(path, rewritten, header.name);
    if (header.kind === 'directory' && placement === 'replacedWhiteout') this.#opaque.add(path);
    return rewritten;
  }

  #record(path: string, header: TarHeader, name: string): Placement {
    if (header.kind === 'directory') return this.#tree.place(path, { kind: 'directory', header }, name);
    if (header.kind === 'symlink') return this.#tree.place(path, { kind: 'symlink', target: header.linkName }, name);
    const linked = header.kind === 'hardLink' ? this.#tree.at(header.linkName) : undefined;
    if (linked?.kind === 'symlink') return this.#tree.place(path, linked, name);
    return this.#tree.place(path, { kind: 'other' }, name);
  }

  #linkName(header: TarHeader): string {
    if (header.kind === 'symlink') {
      const { linkName } = header;
      if (linkName === '' || linkName.length >= MAX_PATH_BYTES || linkName.includes('\0')) {
        throw unsafe(header.name, 'it is a symbolic link without a usable target');
      }
      return linkName;
    }
    if (header.kind !== 'hardLink') return '';
    const target = this.#tree.locate(this.#tree.components(header.linkName), header.name);
    const node = this.#tree.at(target);
    if (node === undefined || node.kind === 'directory' || node.kind === 'whiteout') {
      throw unsafe(header.name, 'it is a hard link to something that is no file of this layer');
    }
    return target;
  }

  #opaqueHeader(path: string): TarHeader {
    const node = this.#tree.at(path);
    const header = node?.kind === 'directory' ? node.header : undefined;
    const base = header ?? { ...BARE_HEADER, kind: 'directory' as const, mode: 0o755 };
    return { ...base, name: path, xattrs: new Map([...base.xattrs, [OPAQUE_XATTR, 'y']]) };
  }
}

async function* emit(header: TarHeader, entry: TarEntry): AsyncGenerator<Buffer> {
  yield encodeHeader(header);
  if (header.sizeBytes === 0) return;
  yield* entry.body();
  yield padding(header.sizeBytes);
}

/** Capabilities and users' own attributes. Those of overlayfs would let a layer redirect to, or take its data from, another place. */
function keptXattrs(header: TarHeader): ReadonlyMap<string, string> {
  const kept = new Map<string, string>();
  for (const [name, value] of header.xattrs) {
    const isOurs = name.startsWith('trusted.overlay.') || name.startsWith('user.overlay.');
    const isKept = name === 'security.capability' || name.startsWith('user.') || name.startsWith('trusted.');
    if (!isKept || isOurs) continue;
    if (!/^[\x21-\x3c\x3e-\x7e]+$/.test(name) || name.length > MAX_XATTR_NAME_BYTES) {
      throw unsafe(header.name, 'the name of an extended attribute is not plain text');
    }
    if (value.length > MAX_XATTR_VALUE_BYTES) throw unsafe(header.name, `its attribute ${name} is too large`);
    kept.set(name, value);
  }
  return kept;
}
