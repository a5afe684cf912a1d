import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { constants, createGunzip, createZstdDecompress } from 'node:zlib';
import { messageOf, Refusal } from '../../../../base/index.ts';
import { ByteReader } from '../tar/byte-reader.ts';

/** Long enough for every magic number below. */
const MAGIC_BYTES = 6;
const PIECE_BYTES = 256 * 1024;
/** zstd's own default bound: an archive may ask for a window of 128 MiB at most. */
const ZSTD_WINDOW_LOG_MAX = 27;

export type Compression = 'none' | 'gzip' | 'zstd';

/** Tells compressions by their first bytes; those that aren't supported are refused by name. */
function compressionOf(start: Buffer): Compression {
  const magic = start.toString('latin1', 0, MAGIC_BYTES);
  if (magic.startsWith('\x1f\x8b')) return 'gzip';
  if (magic.startsWith('\x28\xb5\x2f\xfd')) return 'zstd';
  const other = UNSUPPORTED.find(([each]) => magic.startsWith(each));
  if (other !== undefined) throw new Refusal('image-compression-unknown', { compression: other[1] });
  return 'none';
}

const UNSUPPORTED: ReadonlyArray<readonly [string, string]> = [
  ['BZh', 'bzip2'],
  ['\xfd7zXZ\0', 'xz'],
  ['\x04\x22\x4d\x18', 'lz4'],
  ['PK\x03\x04', 'zip'],
];

/** The plain bytes of a source that may be compressed; `onCompression` hears which it was before the first of them. */
export async function* decompress(
  source: AsyncIterable<Buffer>,
  onCompression?: (compression: Compression) => void,
): AsyncGenerator<Buffer> {
  const bytes = new ByteReader(source);
  try {
    const start = await bytes.take(MAGIC_BYTES);
    const compression = compressionOf(start);
    onCompression?.(compression);
    const all = rest(start, bytes);
    if (compression === 'none') yield* all;
    else yield* decoded(all, compression);
  } finally {
    await bytes.close();
  }
}

async function* rest(start: Buffer, bytes: ByteReader): AsyncGenerator<Buffer> {
  for (let piece = start; piece.length > 0; piece = await bytes.some(PIECE_BYTES)) yield piece;
}

async function* decoded(source: AsyncIterable<Buffer>, compression: 'gzip' | 'zstd'): AsyncGenerator<Buffer> {
  const decoder =
    compression === 'gzip'
      ? createGunzip({ chunkSize: PIECE_BYTES })
      : createZstdDecompress({
          chunkSize: PIECE_BYTES,
          params: { [constants.ZSTD_d_windowLogMax]: ZSTD_WINDOW_LOG_MAX },
        });
  const feeding = pipeline(Readable.from(source, { objectMode: false }), decoder);
  // Its failure also ends the reading below, where it is thrown.
  feeding.catch(() => undefined);
  try {
    yield* decoder as AsyncIterable<Buffer>;
    await feeding;
  } catch (error) {
    throw error instanceof Error && 'code' in error && /^(Z_|ERR_Z|ZSTD_|ERR_ZSTD)/.test(String(error.code))
      ? new Refusal('image-archive-invalid', { why: `broken ${compression} data: ${messageOf(error)}`, cause: error })
      : error;
  } finally {
    decoder.destroy();
  }
}
