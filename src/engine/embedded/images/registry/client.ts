import { createHash, type Hash } from 'node:crypto';
import { type FileHandle, open, rm } from 'node:fs/promises';
import { type Clock, Refusal, Unavailable } from '../../../../base/index.ts';
import { type Digest, digestOf, isDigest } from '../digest.ts';
import {
  ACCEPTED_MANIFESTS,
  type Descriptor,
  MAX_MANIFEST_BYTES,
  type Manifest,
  parseManifest,
} from '../documents/manifest.ts';
import { DEFAULT_TAG, type Reference } from '../reference.ts';
import type { BlobStore } from '../store/blobs.ts';
import { explainDiskFull } from '../store/files.ts';
import { errorOf } from './answers.ts';
import type { Credentials } from './credentials.ts';
import { RegistrySession } from './session.ts';
import { endpointsOf, type RegistrySettings } from './settings.ts';
import { boundedBody, type HttpAnswer, type HttpTransport, reasonOf, shownUrl } from './transport.ts';

/** Attempts in a row that bring no byte; any progress starts the count anew. */
const MAX_FRUITLESS_ATTEMPTS = 5;
const FIRST_RETRY_MS = 500;
const MAX_RETRY_MS = 8000;

export interface FetchedManifest {
  readonly manifest: Manifest;
  readonly digest: Digest;
  readonly sizeBytes: number;
}

/** One repository at the first of its endpoints that answered. */
export class RepositoryClient {
  readonly #session: RegistrySession;
  readonly #reference: Reference;
  readonly #clock: Clock;

  private constructor(session: RegistrySession, reference: Reference, clock: Clock) {
    this.#session = session;
    this.#reference = reference;
    this.#clock = clock;
  }

  /**
   * Finds the endpoint that has the image and fetches its manifest. A mirror that fails in any way is passed over; plain HTTP
   * is tried after HTTPS failed to connect, where allowed.
   */
  static async connect(
    reference: Reference,
    parts: ConnectParts,
  ): Promise<{ readonly client: RepositoryClient; readonly fetched: FetchedManifest }> {
    const endpoints = endpointsOf(reference.domain, parts.settings);
    let failure: unknown;
    for (const endpoint of endpoints) {
      // Credentials are for the registry that the name says, not for those who mirror it.
      const credentials = endpoint.isMirror ? {} : parts.credentials;
      const session = new RegistrySession(endpoint, reference.path, { ...parts, credentials });
      const client = new RepositoryClient(session, reference, parts.clock);
      try {
        const name = reference.digest ?? reference.tag ?? DEFAULT_TAG;
        return { client, fetched: await client.fetchManifest(name, parts.signal) };
      } catch (error) {
        parts.signal.throwIfAborted();
        const isUnreachable = error instanceof Refusal && error.code === 'registry-unreachable';
        if (!endpoint.isMirror && !isUnreachable) throw error;
        failure = error;
      }
    }
    throw failure;
  }

  /** By tag or digest; what comes by digest is held against it. */
  async fetchManifest(name: string, signal: AbortSignal): Promise<FetchedManifest> {
    const path = `/v2/${this.#reference.path}/manifests/${name}`;
    const answer = await this.#session.send({
      method: 'GET',
      path,
      headers: { accept: ACCEPTED_MANIFESTS.join(', ') },
      signal,
    });
    const url = this.#session.endpoint.base + path;
    if (answer.status !== 200) throw await errorOf(answer, url, this.#reference);
    const contentType = answer.headers.get('content-type') ?? '';
    const bytes = await boundedBody(answer, MAX_MANIFEST_BYTES, url);
    const digest = digestOf(bytes);
    const expected = isDigest(name) ? name : answer.headers.get('docker-content-digest');
    if (expected !== undefined && isDigest(expected) && expected !== digest) {
      throw new Refusal('image-digest-wrong', { what: 'manifest', expected, actual: digest });
    }
    return { manifest: parseManifest(bytes, contentType), digest, sizeBytes: bytes.length };
  }

  /** A small blob, into memory: configurations. */
  async fetchDocument(blob: Descriptor, maxBytes: number, signal: AbortSignal): Promise<Buffer> {
    const path = `/v2/${this.#reference.path}/blobs/${blob.digest}`;
    const url = this.#session.endpoint.base + path;
    const answer = await this.#session.send({ method: 'GET', path, signal });
    if (answer.status !== 200) throw await errorOf(answer, url, this.#reference);
    const bytes = await boundedBody(answer, maxBytes, url);
    const actual = digestOf(bytes);
    if (actual !== blob.digest) {
      throw new Refusal('image-digest-wrong', { what: 'image config', expected: blob.digest, actual });
    }
    return bytes;
  }

  /** Brings a blob into the store: resumed where the connection broke, size and digest verified. */
  async download(blob: Descriptor, into: BlobStore, options: DownloadOptions): Promise<void> {
    const path = into.temporaryPath();
    try {
      const file = await open(path, 'wx', 0o600);
      try {
        const actual = await this.#receive(blob, file, options);
        options.onVerify?.();
        if (actual !== blob.digest) {
          throw new Refusal('image-digest-wrong', { what: 'filesystem layer', expected: blob.digest, actual });
        }
      } finally {
        await file.close();
      }
      await into.adopt(path, blob.digest, blob.sizeBytes);
    } catch (error) {
      await rm(path, { force: true });
      throw explainDiskFull(error, into.directory);
    }
  }

  async #receive(blob: Descriptor, file: FileHandle, options: DownloadOptions): Promise<Digest> {
    const progress: Received = { hash: createHash('sha256'), sizeBytes: 0 };
    for (let fruitless = 0; ; ) {
      const before = progress.sizeBytes;
      try {
        await this.#receiveOnce(blob, file, progress, options);
        return `sha256:${progress.hash.digest('hex')}` as Digest;
      } catch (error) {
        options.signal.throwIfAborted();
        fruitless = progress.sizeBytes > before ? 0 : fruitless + 1;
        if (!isWorthRetrying(error) || fruitless >= MAX_FRUITLESS_ATTEMPTS) throw error;
        await pause(this.#clock, Math.min(FIRST_RETRY_MS * 2 ** fruitless, MAX_RETRY_MS), options.signal);
      }
    }
  }

  async #receiveOnce(blob: Descriptor, file: FileHandle, progress: Received, options: DownloadOptions): Promise<void> {
    const path = `/v2/${this.#reference.path}/blobs/${blob.digest}`;
    const url = this.#session.endpoint.base + path;
    const headers: Record<string, string> = progress.sizeBytes === 0 ? {} : { range: `bytes=${progress.sizeBytes}-` };
    const answer = await this.#session.send({ method: 'GET', path, headers, signal: options.signal });
    if (answer.status !== 200 && answer.status !== 206) throw await errorOf(answer, url, this.#reference);
    if (!continues(answer, progress)) {
      progress.hash = createHash('sha256');
      progress.sizeBytes = 0;
      await file.truncate(0);
    }
    try {
      for await (const piece of answer.body as AsyncIterable<Buffer>) {
        if (progress.sizeBytes + piece.length > blob.sizeBytes) throw wrongSize(url, blob);
        await file.write(piece, 0, piece.length, progress.sizeBytes);
        progress.hash.update(piece);
        progress.sizeBytes += piece.length;
        options.onBytes?.(progress.sizeBytes);
      }
    } catch (error) {
      throw error instanceof Refusal || isDiskError(error) ? error : broken(url, error);
    } finally {
      answer.body.destroy();
    }
    if (progress.sizeBytes < blob.sizeBytes) throw broken(url, new Error('unexpected EOF'));
  }
}

export interface ConnectParts {
  readonly settings: RegistrySettings;
  readonly transport: HttpTransport;
  readonly credentials: Credentials;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

export interface DownloadOptions {
  readonly signal: AbortSignal;
  /** Bytes here so far. */
  readonly onBytes?: (sizeBytes: number) => void;
  readonly onVerify?: () => void;
}

interface Received {
  hash: Hash;
  sizeBytes: number;
}

/** Whether the answer goes on where the file ends; a server that can't begins again. */
function continues(answer: HttpAnswer, progress: Received): boolean {
  if (answer.status === 200) return progress.sizeBytes === 0;
  const start = /^bytes (\d+)-/.exec(answer.headers.get('content-range') ?? '')?.[1];
  if (Number(start) === progress.sizeBytes) return true;
  throw new Unavailable('registry-answer-invalid', {
    url: 'the registry',
    why: 'it sent another part of a blob than asked for',
  });
}

function isWorthRetrying(error: unknown): boolean {
  if (!(error instanceof Refusal)) return false;
  if (error.code === 'registry-failed') return Number(error.facts.status) >= 500;
  return (
    error.code === 'registry-unreachable' || (error.code === 'registry-answer-invalid' && error.facts.isFinal !== true)
  );
}

function wrongSize(url: string, blob: Descriptor): Refusal {
  const why = `a blob has more than the ${blob.sizeBytes} bytes that its manifest says`;
  return new Unavailable('registry-answer-invalid', { url: shownUrl(url), why, isFinal: true });
}

function broken(url: string, cause: unknown): Refusal {
  return new Unavailable('registry-unreachable', { method: 'Get', url: shownUrl(url), why: reasonOf(cause), cause });
}

function isDiskError(error: unknown): boolean {
  return (
    error instanceof Error &&
    'syscall' in error &&
    error.syscall === 'write' &&
    'code' in error &&
    error.code !== 'EPIPE'
  );
}

/** Resolves after the time; rejects at once when aborted. */
async function pause(clock: Clock, delayMs: number, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const cancel = clock.after(delayMs, resolve);
  const stop = () => reject(signal.reason);
  signal.addEventListener('abort', stop, { once: true });
  try {
    await promise;
  } finally {
    cancel();
    signal.removeEventListener('abort', stop);
  }
}
