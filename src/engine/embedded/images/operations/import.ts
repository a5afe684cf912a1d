import { rm } from 'node:fs/promises';
import type { Clock } from '../../../../base/index.ts';
import { type Digest, digestOf } from '../digest.ts';
import { encodeImageConfig, type ImageConfig } from '../documents/image-config.ts';
import type { Platform } from '../documents/platform.ts';
import type { Reference } from '../reference.ts';
import type { Content } from '../store/content.ts';
import type { Lease } from '../store/lease.ts';
import { applyChanges } from './changes.ts';
import { withNamedImage } from './find.ts';

export interface ImportRequest {
  /** An archive of a root file system, plain, gzip or zstd. */
  readonly source: AsyncIterable<Buffer>;
  readonly name: Reference | undefined;
  /** Dockerfile instructions: `CMD ["sh"]`. */
  readonly changes: readonly string[];
  readonly message: string | undefined;
  readonly platform: Platform;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** Makes an image of one layer. Source of the configuration's form: what `docker import` makes. */
export async function importImage(content: Content, request: ImportRequest): Promise<Digest> {
  // Before the first byte is read: a wrong instruction must not cost an upload.
  const run = applyChanges({}, request.changes);
  const lease = content.lease();
  try {
    const diffId = await importLayer(content, request, lease);
    const created = new Date(request.clock.now()).toISOString();
    const comment = request.message || 'Imported from -';
    const { os, architecture, variant } = request.platform;
    const config: ImageConfig = {
      os,
      architecture,
      ...(variant === undefined ? {} : { variant }),
      created,
      comment,
      run,
      diffIds: [diffId],
      history: [{ created, comment, isEmptyLayer: false }],
    };
    const id = await content.blobs.put(pinned(encodeImageConfig(config), lease));
    const names = request.name === undefined ? [] : [request.name];
    await content.addImage(id, (state) => withNamedImage(state, id, names, created));
    return id;
  } finally {
    lease.release();
  }
}

async function importLayer(content: Content, request: ImportRequest, lease: Lease): Promise<Digest> {
  const { signal } = request;
  const file = await content.blobs.spool(request.source, { signal });
  try {
    lease.pin(file.digest);
    await content.blobs.adopt(file.path, file.digest, file.sizeBytes);
  } finally {
    await rm(file.path, { force: true });
  }
  return await content.ensureLayer(
    { blob: file.digest, diffId: undefined },
    { lease, signal, onBytes: () => undefined },
  );
}

function pinned(bytes: Buffer, lease: Lease): Buffer {
  lease.pin(digestOf(bytes));
  return bytes;
}
