import { digestOf, hexOf } from '../digest.ts';
import { END_OF_ARCHIVE, encodeHeader, padding } from '../tar/encode.ts';
import { BARE_HEADER, type TarHeader, type TarKind } from '../tar/header.ts';
import { readTar } from '../tar/reader.ts';

/** A member as tests write it; whatever is left out is ordinary. */
export interface Member extends Partial<Omit<TarHeader, 'sizeBytes'>> {
  readonly name: string;
  readonly body?: string | Buffer;
}

/** An archive in memory. Nothing is checked, so that tests can write what no tar would. */
export function archiveOf(members: readonly Member[]): Buffer {
  const blocks = members.flatMap(({ body = '', ...member }) => {
    const bytes = Buffer.from(body);
    const header: TarHeader = { ...ORDINARY, ...member, sizeBytes: bytes.length };
    return [encodeHeader(header), bytes, padding(bytes.length)];
  });
  return Buffer.concat([...blocks, END_OF_ARCHIVE]);
}

/** Members by short spelling: `dir/` is a directory, `a -> b` a symbolic link, `a => b` a hard link, all else a file. */
export function member(spelling: string): Member {
  const [, link, arrow, target] = /^(.*?) (->|=>) (.*)$/.exec(spelling) ?? [];
  if (link !== undefined && target !== undefined) {
    return { name: link, kind: arrow === '->' ? 'symlink' : 'hardLink', linkName: target };
  }
  const kind: TarKind = spelling.endsWith('/') ? 'directory' : 'file';
  return { name: spelling, kind, mode: kind === 'directory' ? 0o755 : 0o644, body: kind === 'file' ? 'x' : '' };
}

/** An archive as `docker save` of old made it: a folder a layer, manifest.json last. */
export function savedByDocker(
  tags: readonly string[],
  layers: readonly Buffer[],
  config: object = {},
): { archive: Buffer; id: string } {
  const document = JSON.stringify({
    os: 'linux',
    architecture: 'amd64',
    ...config,
    rootfs: { type: 'layers', diff_ids: layers.map(digestOf) },
  });
  const id = digestOf(document);
  const files: Member[] = layers.map((layer, at) => ({ name: `${at}/layer.tar`, body: layer }));
  const manifest = [{ Config: `${hexOf(id)}.json`, RepoTags: tags, Layers: layers.map((_, at) => `${at}/layer.tar`) }];
  const archive = archiveOf([
    ...files,
    { name: `${hexOf(id)}.json`, body: document },
    { name: 'manifest.json', body: JSON.stringify(manifest) },
  ]);
  return { archive, id };
}

/** Pieces of a size that splits headers, as a network would. */
export async function* inPieces(bytes: Buffer, pieceBytes = 700): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes);
}

/** All members of an archive with their bodies. */
export async function membersOf(
  source: AsyncIterable<Buffer>,
): Promise<Array<{ readonly header: TarHeader; readonly body: string }>> {
  const members: Array<{ readonly header: TarHeader; readonly body: string }> = [];
  for await (const entry of readTar(source)) {
    const pieces: Buffer[] = [];
    for await (const piece of entry.body()) pieces.push(piece);
    members.push({ header: entry.header, body: Buffer.concat(pieces).toString('latin1') });
  }
  return members;
}

const ORDINARY: TarHeader = { ...BARE_HEADER, modifiedAt: '1000' };
