import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { assert } from '../../../../base/index.ts';
import { type Digest, digestOf } from '../digest.ts';

/** What a test does to a request instead of the ordinary answer; `false` leaves it to the registry. */
export type Interference = (request: IncomingMessage, response: ServerResponse) => boolean;

export interface SentRequest {
  readonly method: string;
  readonly path: string;
  readonly authorization: string | undefined;
  readonly range: string | undefined;
}

/** A registry on a port of its own that speaks the distribution API, with its content in memory. */
export class TestRegistry {
  readonly requests: SentRequest[] = [];
  interfere: Interference = () => false;
  readonly #server: Server;
  readonly #blobs = new Map<string, Buffer>();
  readonly #manifests = new Map<string, { readonly type: string; readonly bytes: Buffer }>();

  private constructor() {
    this.#server = createServer((request, response) => this.#answer(request, response));
  }

  static async start(): Promise<TestRegistry> {
    const registry = new TestRegistry();
    await new Promise<void>((resolve) => registry.#server.listen(0, '127.0.0.1', resolve));
    return registry;
  }

  get host(): string {
    const address: AddressInfo | string | null = this.#server.address();
    assert(address !== null && typeof address === 'object', 'the test registry listens', {});
    return `127.0.0.1:${address.port}`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  addBlob(bytes: Buffer): Digest {
    const digest = digestOf(bytes);
    this.#blobs.set(digest, bytes);
    return digest;
  }

  /** Adds an image of these layers under a tag; its manifest's and its configuration's digest. */
  addImage(
    tag: string,
    layers: ReadonlyArray<{ readonly blob: Buffer; readonly plain: Buffer }>,
    platform: object = LINUX,
  ) {
    const config = Buffer.from(
      JSON.stringify({
        ...platform,
        created: '2024-05-06T07:08:09Z',
        config: { Cmd: ['sh'], Env: ['PATH=/bin'] },
        rootfs: { type: 'layers', diff_ids: layers.map(({ plain }) => digestOf(plain)) },
        history: layers.map((_, at) => ({ created: '2024-05-06T07:08:09Z', created_by: `step ${at}` })),
      }),
    );
    const manifest = {
      schemaVersion: 2,
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      config: {
        mediaType: 'application/vnd.oci.image.config.v1+json',
        digest: this.addBlob(config),
        size: config.length,
      },
      layers: layers.map(({ blob }) => ({
        mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip',
        digest: this.addBlob(blob),
        size: blob.length,
      })),
    };
    return { id: digestOf(config), digest: this.addManifest(tag, manifest), manifest };
  }

  addManifest(tag: string, manifest: { readonly mediaType: string }): Digest {
    const bytes = Buffer.from(JSON.stringify(manifest));
    const digest = digestOf(bytes);
    for (const name of [tag, digest]) this.#manifests.set(name, { type: manifest.mediaType, bytes });
    return digest;
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const path = request.url ?? '';
    const { authorization, range } = request.headers;
    this.requests.push({ method: request.method ?? '', path, authorization, range });
    if (this.interfere(request, response)) return;
    const [, kind, name = ''] = /^\/v2\/.+\/(manifests|blobs)\/([^/?]+)(?:\?.*)?$/.exec(path) ?? [];
    const manifest = kind === 'manifests' ? this.#manifests.get(name) : undefined;
    const blob = kind === 'blobs' ? this.#blobs.get(name) : undefined;
    if (manifest !== undefined) {
      response.setHeader('content-type', manifest.type);
      response.setHeader('docker-content-digest', digestOf(manifest.bytes));
      response.end(manifest.bytes);
    } else if (blob !== undefined) sendBlob(blob, range, response);
    else refuse(response, 404, kind === 'blobs' ? 'BLOB_UNKNOWN' : 'MANIFEST_UNKNOWN', 'manifest unknown');
  }
}

export const LINUX = { os: 'linux', architecture: 'amd64' } as const;

/** An error in the registry's form. */
export function refuse(response: ServerResponse, status: number, code: string, message: string): true {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ errors: [{ code, message }] }));
  return true;
}

function sendBlob(blob: Buffer, range: string | undefined, response: ServerResponse): void {
  const start = Number(/^bytes=(\d+)-$/.exec(range ?? '')?.[1] ?? 0);
  if (range !== undefined) {
    response.statusCode = 206;
    response.setHeader('content-range', `bytes ${start}-${blob.length - 1}/${blob.length}`);
  }
  response.setHeader('content-length', blob.length - start);
  response.end(blob.subarray(start));
}
