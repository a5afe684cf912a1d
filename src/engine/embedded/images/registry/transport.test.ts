// The certificate library's container of classes reads metadata; it must come before it.
import 'reflect-metadata';
import { mkdir, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { join } from 'node:path';
import * as x509 from '@peculiar/x509';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { NO_REGISTRIES, never, type TestStore, testStore } from '../testing/store.ts';
import { loadCertificates } from './certificates.ts';
import { DEFAULT_TIMEOUTS, HttpTransport, smallBody } from './transport.ts';

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
let store: TestStore;
let servers: Server[];
let transport: HttpTransport;

beforeEach(async () => {
  store = await testStore();
  servers = [];
});
afterEach(async () => {
  await transport.close();
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
  await store.remove();
});

/** A certificate for a name that signs itself: its own authority. */
async function certificateFor(name: string): Promise<{ readonly cert: string; readonly key: string }> {
  const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: `CN=${name}`,
    keys,
    signingAlgorithm: algorithm,
    extensions: [
      new x509.SubjectAlternativeNameExtension([{ type: 'dns', value: name }]),
      new x509.BasicConstraintsExtension(true),
    ],
  });
  const key = x509.PemConverter.encode(await crypto.subtle.exportKey('pkcs8', keys.privateKey), 'PRIVATE KEY');
  return { cert: certificate.toString('pem'), key };
}

async function listen(server: Server): Promise<number> {
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address: AddressInfo | string | null = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/** A proxy that leads every host to one port of this machine, and says what it was asked for. */
async function proxyTo(port: number, asked: string[]): Promise<string> {
  const proxy = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    response.end('through the proxy');
  });
  proxy.on('connect', (request: IncomingMessage, client: Socket) => {
    asked.push(`CONNECT ${request.url}`);
    const upstream = connect(port, '127.0.0.1', () => {
      client.write('HTTP/1.1 200 Connection established\r\n\r\n');
      upstream.pipe(client).pipe(upstream);
    });
    upstream.on('error', () => client.destroy());
    client.on('error', () => upstream.destroy());
  });
  return `http://127.0.0.1:${await listen(proxy)}`;
}

const get = async (url: string, isInsecure = false) => {
  const answer = await transport.send({ method: 'GET', url, headers: {}, isInsecure, signal: never });
  return await smallBody(answer, url);
};

describe('a registry with a certificate of its own', () => {
  let asked: string[];

  beforeEach(async () => {
    const tls = await certificateFor('registry.test');
    const port = await listen(
      createTlsServer(tls, (_request, response) => response.end('over TLS')) as unknown as Server,
    ); // an https server has all of http's methods
    asked = [];
    await mkdir(join(store.directory, 'registry.test'));
    await writeFile(join(store.directory, 'registry.test', 'ca.crt'), tls.cert);
    await writeFile(join(store.directory, 'registry.test', 'client.cert'), tls.cert);
    await writeFile(join(store.directory, 'registry.test', 'client.key'), tls.key);
    const proxy = await proxyTo(port, asked);
    const settings = { ...NO_REGISTRIES, certificatesDirectory: store.directory, proxy: { http: proxy, https: proxy } };
    transport = new HttpTransport(settings, DEFAULT_TIMEOUTS);
  });

  test('is trusted by the authority in its folder, through the proxy', async () => {
    expect(await get('https://registry.test/v2/')).toBe('over TLS');
    expect(asked).toEqual(['CONNECT registry.test:443']);
    const files = await loadCertificates(store.directory, 'registry.test');
    expect(files.ca.length).toBeGreaterThan(10);
    expect(files.key).toContain('PRIVATE KEY');
  });

  test('is refused under another name, unless that one is listed as insecure', async () => {
    await expect(get('https://other.test/v2/')).rejects.toMatchObject({
      code: 'registry-unreachable',
      message: expect.stringContaining('tls: failed to verify certificate'),
    });
    expect(await get('https://other.test/v2/', true)).toBe('over TLS');
  });

  test('plain HTTP goes through the proxy as a whole request', async () => {
    expect(await get('http://plain.test/v2/')).toBe('through the proxy');
    expect(asked).toEqual(['GET http://plain.test/v2/']);
  });
});

describe('redirects', () => {
  test('in a circle end, those from https to http are refused', async () => {
    transport = new HttpTransport(NO_REGISTRIES, DEFAULT_TIMEOUTS);
    const port = await listen(
      createServer((request, response) => {
        response.writeHead(302, request.url === '/file' ? { location: 'file:///etc/passwd' } : { location: '/again' });
        response.end();
      }),
    );
    await expect(get(`http://127.0.0.1:${port}/`)).rejects.toThrow('more than 5 redirects');
    await expect(get(`http://127.0.0.1:${port}/file`)).rejects.toThrow('it redirects to file:');
    const tls = await certificateFor('localhost');
    const secure = await listen(
      createTlsServer(tls, (_request, response) =>
        response.writeHead(302, { location: `http://127.0.0.1:${port}/` }).end(),
      ) as unknown as Server, // as above
    );
    await mkdir(join(store.directory, `localhost:${secure}`));
    await writeFile(join(store.directory, `localhost:${secure}`, 'ca.crt'), tls.cert);
    await transport.close();
    transport = new HttpTransport({ ...NO_REGISTRIES, certificatesDirectory: store.directory }, DEFAULT_TIMEOUTS);
    await expect(get(`https://localhost:${secure}/`)).rejects.toThrow('it redirects from https to http');
  });
});
