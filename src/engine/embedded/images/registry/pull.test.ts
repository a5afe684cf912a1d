import { readdir, readFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { zstdCompressSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { PullProgress } from '../../../port/engine.ts';
import { digestOf } from '../digest.ts';
import type { Images } from '../images.ts';
import { archiveOf, member } from '../testing/archive.ts';
import { LINUX, refuse, TestRegistry } from '../testing/registry.ts';
import { largeLayer, layerOf, NO_REGISTRIES, never, type TestStore, testStore } from '../testing/store.ts';

let registry: TestRegistry;
let store: TestStore;
let images: Images;
let progress: PullProgress[];

beforeEach(async () => {
  registry = await TestRegistry.start();
  store = await testStore();
  images = await store.open();
  progress = [];
});
afterEach(async () => {
  await images.close();
  await registry.stop();
  await store.remove();
});

const pull = (name: string, options: { auth?: object; platform?: string; signal?: AbortSignal } = {}) =>
  images.pull(`${registry.host}/${name}`, {
    signal: options.signal ?? never,
    onProgress: (line) => progress.push(line),
    ...(options.auth === undefined
      ? {}
      : { credentials: { RegistryAuth: Buffer.from(JSON.stringify(options.auth)).toString('base64url') } }),
    ...(options.platform === undefined ? {} : { platform: options.platform }),
  });
const blobRequests = (digest: string) => registry.requests.filter(({ path }) => path.endsWith(digest));
const fileIn = async (name: string, file: string) =>
  await readFile(join((await images.resolve(`${registry.host}/${name}`))?.layers[0] ?? '', file), 'utf8');
const isBlob = (request: IncomingMessage) => request.url?.includes('/blobs/') === true;

describe('an image', () => {
  test("comes with its layers in order, named by tag and digest, with progress in Docker's words", async () => {
    const bottom = layerOf([member('bottom')]);
    const plain = archiveOf([member('top')]);
    const { id, digest } = registry.addImage('v1', [bottom, { plain, blob: zstdCompressSync(plain) }]);
    const image = await pull('app:v1');
    expect(image).toMatchObject({
      id,
      repoDigests: [`${registry.host}/app@${digest}`],
      config: { Cmd: ['sh'], Env: ['PATH=/bin'] },
    });
    expect(await Promise.all(image.layers.map((layer) => readdir(layer)))).toEqual([['top'], ['bottom']]);
    const short = digestOf(bottom.blob).slice(7, 19);
    expect(progress[0]).toEqual({ status: 'Pulling from app', id: 'v1' });
    expect(progress.filter((line) => line.id === short).map((line) => line.status)).toEqual([
      'Pulling fs layer',
      'Downloading',
      'Verifying Checksum',
      'Download complete',
      'Extracting',
      'Pull complete',
    ]);
    expect(progress.slice(-2)).toEqual([
      { status: `Digest: ${digest}` },
      { status: `Status: Downloaded newer image for ${registry.host}/app:v1` },
    ]);
    expect((await images.resolve(`${registry.host}/app@${digest}`))?.id).toBe(id);
  });

  test('that is here already is not fetched again', async () => {
    const layer = layerOf([member('a')]);
    registry.addImage('v1', [layer]);
    await pull('app:v1');
    registry.requests.length = 0;
    await pull('app:v1');
    expect(registry.requests.map(({ path }) => path)).toEqual(['/v2/app/manifests/v1']);
    expect(progress.at(-1)?.status).toBe(`Status: Image is up to date for ${registry.host}/app:v1`);
    expect(progress.at(-3)).toMatchObject({ status: 'Already exists' });
  });

  test('by digest is held against it and gets no tag', async () => {
    const { digest, id } = registry.addImage('v1', [layerOf([member('a')])]);
    await pull(`app@${digest}`);
    expect(images.inspect(id)).toMatchObject({ RepoTags: [], RepoDigests: [`${registry.host}/app@${digest}`] });
    registry.interfere = (_request, response) => {
      response.setHeader('content-type', 'application/vnd.oci.image.manifest.v1+json');
      response.end('{"schemaVersion":2}');
      return true;
    };
    await expect(pull(`app@${digest}`)).rejects.toMatchObject({ code: 'image-digest-wrong' });
  });

  test('of several platforms comes for the one asked for', async () => {
    const entry = (tag: string, platform: object) => ({
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      digest: registry.addImage(tag, [layerOf([member(tag)])], platform).digest,
      size: 1,
      platform,
    });
    const manifests = [
      entry('arm', { os: 'linux', architecture: 'arm', variant: 'v7' }),
      entry('amd', LINUX),
      entry('six', { os: 'linux', architecture: 'arm', variant: 'v6' }),
    ];
    const digest = registry.addManifest('multi', {
      mediaType: 'application/vnd.oci.image.index.v1+json',
      ...{ schemaVersion: 2, manifests },
    });
    await pull('app:multi', { platform: 'linux/arm/v6' });
    expect(await fileIn('app:multi', 'six')).toBe('x');
    await pull('app:multi', { platform: 'arm64' });
    expect(await fileIn('app:multi', 'arm')).toBe('x');
    await pull('app:multi', { platform: 'x86_64' });
    expect(images.inspect(`${registry.host}/app:multi`).RepoDigests).toEqual([`${registry.host}/app@${digest}`]);
    await expect(pull('app:multi', { platform: 'linux/s390x' })).rejects.toThrow(
      'no matching manifest for linux/s390x in the manifest list entries',
    );
    const { Descriptor, Platforms } = await images.distribution(`${registry.host}/app:multi`, { signal: never });
    expect(Descriptor).toMatchObject({ digest, mediaType: 'application/vnd.oci.image.index.v1+json' });
    expect(Platforms).toHaveLength(3);
  });

  test('pulled by many at once is downloaded once', async () => {
    const layer = largeLayer(200_000);
    registry.addImage('v1', [layer]);
    const pulled = await Promise.all(Array.from({ length: 8 }, () => pull('app:v1')));
    expect(new Set(pulled.map(({ id }) => id)).size).toBe(1);
    expect(blobRequests(digestOf(layer.blob))).toHaveLength(1);
    expect(await readdir(join(store.directory, 'l'))).toHaveLength(1);
  });
});

describe('a connection', () => {
  test('that breaks is resumed where it broke', async () => {
    const layer = largeLayer(300_000);
    registry.addImage('v1', [layer]);
    let breaks = 3;
    registry.interfere = (request, response) => {
      if (!request.url?.endsWith(digestOf(layer.blob)) || breaks-- <= 0) return false;
      const start = Number(/=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0);
      if (start > 0)
        response.writeHead(206, { 'content-range': `bytes ${start}-${layer.blob.length - 1}/${layer.blob.length}` });
      response.write(layer.blob.subarray(start, start + 50_000), () => response.destroy());
      return true;
    };
    await pull('app:v1');
    const ranges = blobRequests(digestOf(layer.blob)).map(({ range }) => range);
    expect(ranges).toEqual([undefined, 'bytes=50000-', 'bytes=100000-', 'bytes=150000-']);
  });

  test('to a server without ranges begins again', async () => {
    const layer = largeLayer(100_000);
    registry.addImage('v1', [layer]);
    let requests = 0;
    registry.interfere = (request, response) => {
      if (!request.url?.endsWith(digestOf(layer.blob))) return false;
      if (++requests === 1) response.write(layer.blob.subarray(0, 30_000), () => response.destroy());
      else response.end(layer.blob);
      return true;
    };
    await pull('app:v1');
    expect(requests).toBe(2);
  });

  test('that brings nothing is given up after a few tries, further and further apart', async () => {
    registry.addImage('v1', [largeLayer(1000)]);
    registry.interfere = (request, response) => {
      if (!isBlob(request) || request.url?.endsWith(configOf()) === true) return false;
      return refuse(response, 503, 'UNAVAILABLE', 'maintenance');
    };
    const configOf = () => registry.requests.find(isBlobPath)?.path.split('/').at(-1) ?? '';
    const isBlobPath = ({ path }: { path: string }) => path.includes('/blobs/');
    await expect(pull('app:v1')).rejects.toMatchObject({
      code: 'registry-failed',
      message: expect.stringContaining('503'),
    });
    expect(store.clock.waits.slice(0, 4)).toEqual([1000, 2000, 4000, 8000]);
    expect(await readdir(join(store.directory, 'tmp'))).toEqual([]);
  });

  test('that stalls ends with the timeout', async () => {
    images = await store.open({ timeouts: { connectMs: 1000, headersMs: 100, idleMs: 100 } });
    registry.interfere = () => true;
    await expect(pull('app:v1')).rejects.toThrow(
      /^Get "http.*\/v2\/app\/manifests\/v1": timeout awaiting response headers$/,
    );
  });

  test('is ended by the caller at once, and leaves nothing half-made', async () => {
    const layer = largeLayer(100_000);
    registry.addImage('v1', [layer]);
    const stop = new AbortController();
    registry.interfere = (request, response) => {
      if (!request.url?.endsWith(digestOf(layer.blob))) return false;
      response.write(layer.blob.subarray(0, 10), () => stop.abort(new Error('asked to stop')));
      return true;
    };
    await expect(pull('app:v1', { signal: stop.signal })).rejects.toThrow('asked to stop');
    expect(await readdir(join(store.directory, 'tmp'))).toEqual([]);
    expect(images.list()).toEqual([]);
    registry.interfere = () => false;
    await pull('app:v1');
  });

  test('refused says so in words that people know', async () => {
    const { host } = registry;
    await registry.stop();
    registry = await TestRegistry.start();
    await expect(images.pull(`${host}/app:v1`, { signal: never })).rejects.toMatchObject({
      code: 'registry-unreachable',
      message: `Get "http://${host}/v2/app/manifests/v1": dial tcp ${host}: connect: connection refused`,
    });
  });
});

describe('content that is wrong', () => {
  test('in a layer is refused and not kept', async () => {
    const layer = layerOf([member('a')]);
    registry.addImage('v1', [layer]);
    registry.interfere = (request, response) => {
      if (!request.url?.endsWith(digestOf(layer.blob))) return false;
      response.end(Buffer.alloc(layer.blob.length));
      return true;
    };
    await expect(pull('app:v1')).rejects.toThrow(
      `filesystem layer verification failed for digest ${digestOf(layer.blob)}`,
    );
    await images.collectGarbage();
    expect(await readdir(join(store.directory, 'blobs/sha256'))).toEqual([]);
  });

  test('in size is cut off', async () => {
    const layer = layerOf([member('a')]);
    registry.addImage('v1', [layer]);
    registry.interfere = (request, response) => {
      if (!request.url?.endsWith(digestOf(layer.blob))) return false;
      response.end(Buffer.concat([layer.blob, Buffer.alloc(1_000_000)]));
      return true;
    };
    await expect(pull('app:v1')).rejects.toThrow('more than the');
  });

  test('in what a layer unpacks to is refused', async () => {
    const { blob } = layerOf([member('a')]);
    registry.addImage('v1', [{ blob, plain: archiveOf([member('b')]) }]);
    await expect(pull('app:v1')).rejects.toThrow('layer content verification failed');
    expect(await readdir(join(store.directory, 'l'))).toEqual([]);
  });

  test('in a layer that means harm is refused', async () => {
    registry.addImage('v1', [layerOf([member('ok')]), layerOf([member('../../../etc/cron.d/x')])]);
    await expect(pull('app:v1')).rejects.toMatchObject({ code: 'image-layer-unsafe' });
    await images.collectGarbage();
    expect(await readdir(join(store.directory, 'l'))).toEqual([]);
  });

  test.each<[string, object, string]>([
    [
      'an artifact',
      {
        mediaType: 'application/vnd.oci.image.manifest.v1+json',
        config: { mediaType: 'application/vnd.cncf.helm.config.v1+json', digest: digestOf('x'), size: 1 },
        layers: [],
      },
      'no container image',
    ],
    [
      'both kinds at once',
      { mediaType: 'application/vnd.oci.image.manifest.v1+json', config: {}, manifests: [] },
      'an image and an index at once',
    ],
    ['of no known type', { mediaType: 'text/html' }, 'not known'],
  ])('a manifest that is %s is refused', async (_case, manifest, message) => {
    registry.addManifest('v1', { mediaType: '', ...manifest });
    await expect(pull('app:v1')).rejects.toThrow(message);
  });
});

describe('authorization', () => {
  const auth = { username: 'bee', password: 'honey' };
  const basic = `Basic ${Buffer.from('bee:honey').toString('base64')}`;

  /** Asks for a bearer token and gives one to those who know the password. */
  function tokenServer(request: IncomingMessage, response: ServerResponse): boolean {
    if (request.url?.startsWith('/token') === true) {
      if (request.headers.authorization !== basic) return refuse(response, 401, 'UNAUTHORIZED', 'wrong');
      response.end(JSON.stringify({ token: 'T1', expires_in: 300 }));
      return true;
    }
    if (request.headers.authorization === 'Bearer T1') return false;
    response.setHeader(
      'www-authenticate',
      `Bearer realm="http://${registry.host}/token",service="hive",scope="repository:app:pull"`,
    );
    return refuse(response, 401, 'UNAUTHORIZED', 'authentication required');
  }

  test('by token: fetched once with the credentials, then used for everything', async () => {
    registry.addImage('v1', [layerOf([member('a')])]);
    registry.interfere = tokenServer;
    await pull('app:v1', { auth });
    const tokens = registry.requests.filter(({ path }) => path.startsWith('/token'));
    expect(tokens.map(({ path }) => path)).toEqual(['/token?service=hive&scope=repository%3Aapp%3Apull&account=bee']);
    await expect(pull('app:v1', { auth: { ...auth, password: 'no' } })).rejects.toMatchObject({
      code: 'registry-unauthorized',
    });
  });

  test('by an identity token, changed at the token server', async () => {
    registry.addImage('v1', [layerOf([member('a')])]);
    registry.interfere = (request, response) => {
      if (request.url?.startsWith('/token') !== true) return tokenServer(request, response);
      expect(request.method).toBe('POST');
      response.end(JSON.stringify({ access_token: 'T1' }));
      return true;
    };
    await pull('app:v1', { auth: { identitytoken: 'long-lived' } });
  });

  test('by name and password', async () => {
    registry.addImage('v1', [layerOf([member('a')])]);
    registry.interfere = (request, response) => {
      if (request.headers.authorization === basic) return false;
      response.setHeader('www-authenticate', 'Basic realm="hive"');
      return refuse(response, 401, 'UNAUTHORIZED', 'authentication required');
    };
    await pull('app:v1', { auth: { auth: Buffer.from('bee:honey').toString('base64') } });
    await expect(pull('app:v1')).rejects.toThrow(
      `pull access denied for ${registry.host}/app, repository does not exist or may require 'docker login': unauthorized: authentication required`,
    );
  });

  test('does not follow a redirect to another host', async () => {
    const layer = layerOf([member('a')]);
    registry.addImage('v1', [layer]);
    const elsewhere = await TestRegistry.start();
    try {
      elsewhere.addBlob(layer.blob);
      registry.interfere = (request, response) => {
        if (tokenServer(request, response)) return true;
        if (!request.url?.endsWith(digestOf(layer.blob))) return false;
        response.writeHead(307, { location: `http://${elsewhere.host}${request.url}?signature=secret` });
        response.end();
        return true;
      };
      await pull('app:v1', { auth });
      expect(elsewhere.requests).toMatchObject([{ authorization: undefined }]);
    } finally {
      await elsewhere.stop();
    }
  });
});

describe('a refusal of the registry is shown', () => {
  test.each<[number, string, string, string]>([
    [
      429,
      'TOOMANYREQUESTS',
      'You have reached your pull rate limit.',
      'toomanyrequests: You have reached your pull rate limit.',
    ],
    [
      403,
      'DENIED',
      'requested access to the resource is denied',
      "may require 'docker login': denied: requested access to the resource is denied",
    ],
    [404, 'MANIFEST_UNKNOWN', 'manifest unknown', 'not found: manifest unknown: manifest unknown'],
    [404, 'NAME_UNKNOWN', 'repository name not known to registry', 'pull access denied for'],
    [500, 'UNKNOWN', 'boom', 'received unexpected HTTP status 500'],
  ])('%i %s', async (status, code, message, shown) => {
    registry.interfere = (_request, response) => refuse(response, status, code, message);
    await expect(pull('app:v1')).rejects.toThrow(shown);
  });
});

test('a mirror is asked before Docker Hub, without credentials, and its failure is no failure', async () => {
  const mirror = await TestRegistry.start();
  try {
    mirror.addImage('latest', [layerOf([member('mirrored')])]);
    images = await store.open({
      registries: { ...NO_REGISTRIES, mirrors: [`http://${registry.host}/`, `http://${mirror.host}`] },
    });
    registry.interfere = (_request, response) => refuse(response, 500, 'UNKNOWN', 'down');
    const RegistryAuth = Buffer.from(
      JSON.stringify({ username: 'a', password: 'b', registrytoken: 'secret' }),
    ).toString('base64');
    const image = await images.pull('busybox', { signal: never, credentials: { RegistryAuth } });
    expect(image.repoDigests[0]).toMatch(/^busybox@sha256:/);
    expect(mirror.requests.every(({ authorization }) => authorization === undefined)).toBe(true);
  } finally {
    await mirror.stop();
  }
});
