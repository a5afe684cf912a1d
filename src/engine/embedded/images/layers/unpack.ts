import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { chmod, mkdir, stat } from 'node:fs/promises';
import type { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { assert, Refusal, Unavailable } from '../../../../base/index.ts';
import type { Digest } from '../digest.ts';
import { type Compression, decompress } from './decompress.ts';
import type { LayerLimits } from './limits.ts';
import { type LayerFacts, rewriteLayer } from './rewrite.ts';

/** What tar says when it fails is shown up to this length. */
const MAX_TAR_MESSAGE_CHARACTERS = 2000;
/** Fewer, larger reads; a layer is read from front to end. */
const READ_BYTES = 256 * 1024;

export interface UnpackOptions {
  readonly limits: LayerLimits;
  readonly signal: AbortSignal;
  /** Called with the compressed bytes read so far. */
  readonly onBytes?: (sizeBytes: number) => void;
}

export interface UnpackedLayer extends Readonly<LayerFacts> {
  /** Digest of the plain archive, as a configuration's `diff_ids` has it. */
  readonly diffId: Digest;
  readonly compression: Compression;
}

/**
 * Unpacks a layer's archive (plain, gzip or zstd) into a new directory. tar gets the rewritten stream, see rewrite.ts; what it
 * leaves when it fails is the caller's to remove.
 */
export async function unpackLayer(archive: string, directory: string, options: UnpackOptions): Promise<UnpackedLayer> {
  const compressedBytes = (await stat(archive)).size;
  // A layer without an entry for its root has Docker's 0755.
  await mkdir(directory);
  await chmod(directory, 0o755);
  const hash = createHash('sha256');
  const facts: LayerFacts = { entries: 0, sizeBytes: 0, hidesBelow: false };
  let compression: Compression = 'none';
  const tar = startTar(directory, options.signal);
  const fed = pipeline(
    createReadStream(archive, { highWaterMark: READ_BYTES }),
    (source: AsyncIterable<Buffer>) => count(source, options.onBytes),
    (source: AsyncIterable<Buffer>) => decompress(source, (found) => (compression = found)),
    (source: AsyncIterable<Buffer>) => measure(source, hash, compressedBytes, options.limits),
    (source: AsyncIterable<Buffer>) => rewriteLayer(source, options.limits, facts),
    tar.stdin,
    { signal: options.signal },
  );
  const [feeding, ending] = await Promise.allSettled([fed.finally(() => tar.stdin.destroy()), tar.ended]);
  options.signal.throwIfAborted();
  if (feeding.status === 'rejected' && feeding.reason instanceof Refusal) throw feeding.reason;
  if (ending.status === 'rejected') throw ending.reason;
  if (feeding.status === 'rejected') throw unreadable(feeding.reason);
  return { ...facts, compression, diffId: `sha256:${hash.digest('hex')}` as Digest };
}

async function* count(source: AsyncIterable<Buffer>, onBytes: UnpackOptions['onBytes']): AsyncGenerator<Buffer> {
  let sizeBytes = 0;
  for await (const piece of source) {
    sizeBytes += piece.length;
    onBytes?.(sizeBytes);
    yield piece;
  }
}

async function* measure(
  source: AsyncIterable<Buffer>,
  hash: { update(bytes: Buffer): unknown },
  compressedBytes: number,
  limits: LayerLimits,
): AsyncGenerator<Buffer> {
  let sizeBytes = 0;
  for await (const piece of source) {
    sizeBytes += piece.length;
    if (sizeBytes > limits.ratioFromBytes && sizeBytes > compressedBytes * limits.maxRatio) {
      throw new Refusal('image-layer-too-large', { what: 'bytes for each compressed one', limit: limits.maxRatio });
    }
    hash.update(piece);
    yield piece;
  }
}

interface TarProcess {
  readonly stdin: Writable;
  readonly ended: Promise<void>;
}

function startTar(directory: string, signal: AbortSignal): TarProcess {
  const options = ['--numeric-owner', '--xattrs', '--xattrs-include=*', '--warning=no-timestamp', '-xpf', '-'];
  // The mask decides the mode of directories that the archive doesn't mention; the environment's TAR_OPTIONS must not reach tar.
  const child = spawn('/bin/sh', ['-c', 'umask 022 && exec tar "$@"', 'tar', '-C', directory, ...options], {
    stdio: ['pipe', 'ignore', 'pipe'],
    env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C.UTF-8' },
    signal,
    killSignal: 'SIGKILL',
  });
  let message = '';
  child.stderr.setEncoding('utf8');
  child.stderr.on('data', (text: string) => {
    message = (message + text).slice(0, MAX_TAR_MESSAGE_CHARACTERS);
  });
  const ended = once(child, 'close').then(([code]: unknown[]) => {
    if (code !== 0) throw tarFailed(message.trim() || `tar ended with ${String(code)}`, directory);
  });
  assert(child.stdin !== null, 'tar was started with a pipe', {});
  return { stdin: child.stdin, ended };
}

function tarFailed(why: string, directory: string): Refusal {
  if (/No space left on device|Disk quota exceeded|Wrote only \d+ of \d+ bytes/.test(why))
    return new Unavailable('image-disk-full', { directory });
  return new Refusal('image-layer-unpack-failed', { why });
}

/** A stream's own error: broken gzip or zstd data, or an unreadable file. */
function unreadable(cause: unknown): Refusal {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new Refusal('image-archive-invalid', { why, cause });
}
