import { chmod, chown, lstat, mkdtemp, readFile, rename, rm, unlink } from 'node:fs/promises';
import type { IncomingMessage, Server } from 'node:http';
import { connect, isIP, isIPv4 } from 'node:net';
import { join } from 'node:path';
import type { TlsOptions } from 'node:tls';
import { Refusal } from '../../base/index.ts';
import type { Gate } from './server.ts';

/** Where the API is served. There is no TCP without TLS and client certificates but on loopback, by explicit flag. */
export type ApiListener =
  | {
      readonly kind: 'unix';
      readonly path: string;
      /** Name of the group that may use the socket besides root; absent = root's own group. */
      readonly group?: string;
    }
  | {
      readonly kind: 'tcp';
      readonly host: string;
      readonly port: number;
      /** PEM texts: our certificate and key, and the CA that client certificates must come from. */
      readonly tls?: { readonly ca: string; readonly cert: string; readonly key: string };
      readonly insecureLoopback?: boolean;
    };

/** Owner and group read and write, nobody else. */
const SOCKET_MODE = 0o660;

/** How long a socket file is asked whether somebody serves it. */
const PROBE_TIMEOUT_MS = 1_000;

/** TLS settings and gate of a listener. Refuses what would give strangers the machine. */
export function secureListener(listener: ApiListener): { readonly tls?: TlsOptions; readonly gate?: Gate } {
  if (listener.kind === 'unix') return {};
  if (listener.tls !== undefined) {
    return { tls: { ...listener.tls, requestCert: true, rejectUnauthorized: true, minVersion: 'TLSv1.2' } };
  }
  const address = `${listener.host}:${listener.port}`;
  if (listener.insecureLoopback !== true) throw new Refusal('listener-insecure', { address });
  if (!isLoopback(listener.host)) throw new Refusal('listener-not-loopback', { address });
  return { gate: loopbackGate };
}

/**
 * Binds a server; resolves with what removes its socket again. Replaces a socket file that nobody serves, refuses one that somebody
 * does. The socket is made in a folder of its own and moved into place with its final rights: it is never open wider.
 */
export async function bind(server: Server, listener: ApiListener): Promise<() => Promise<void>> {
  if (listener.kind === 'tcp') {
    await listen(server, () => server.listen(listener.port, listener.host));
    return async () => undefined;
  }
  const { path } = listener;
  const gid = listener.group === undefined ? undefined : await groupId(listener.group);
  await refuseTakenPath(path);
  const folder = await mkdtemp(`${path}.`);
  try {
    const made = join(folder, 's');
    await listen(server, () => server.listen(made));
    await chmod(made, SOCKET_MODE);
    if (gid !== undefined) await chown(made, -1, gid);
    await rename(made, path);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  const { ino } = await lstat(path);
  return () => removeOwnSocket(path, ino);
}

/**
 * Refuses requests that a web page could have caused: any with a foreign `Origin`, and any whose `Host` is not this machine's
 * loopback (DNS rebinding makes a page's own name resolve to 127.0.0.1, but can't change the name).
 */
export function loopbackGate(request: IncomingMessage): void {
  const { host = '', origin } = request.headers;
  if (!isLoopback(hostOf(host))) throw new Refusal('origin-refused', { header: 'Host', value: host });
  if (origin === undefined) return;
  const url = URL.canParse(origin) ? new URL(origin) : undefined;
  if (url === undefined || url.host !== host) throw new Refusal('origin-refused', { header: 'Origin', value: origin });
}

function hostOf(authority: string): string {
  if (authority.startsWith('[')) return authority.slice(1, authority.indexOf(']'));
  const colon = authority.indexOf(':');
  return colon < 0 ? authority : authority.slice(0, colon);
}

function isLoopback(host: string): boolean {
  if (host === 'localhost') return true;
  if (isIPv4(host)) return host.startsWith('127.');
  return isIP(host) === 6 && host === '::1';
}

function listen(server: Server, start: () => void): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.once('listening', () => {
      server.off('error', reject);
      resolve();
    });
    start();
  });
}

async function refuseTakenPath(path: string): Promise<void> {
  const found = await statOf(path);
  if (found === undefined) return;
  if (!found.isSocket()) throw new Refusal('socket-path-not-a-socket', { path });
  if (await isServed(path)) throw new Refusal('socket-taken', { path });
}

/** Removes the socket unless another process has put its own there since. */
async function removeOwnSocket(path: string, inode: number): Promise<void> {
  const found = await statOf(path);
  if (found?.ino === inode) await unlink(path);
}

async function statOf(path: string) {
  return lstat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
}

function isServed(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect(path);
    const end = (answer: boolean) => {
      probe.destroy();
      resolve(answer);
    };
    probe.setTimeout(PROBE_TIMEOUT_MS, () => end(true));
    probe.once('connect', () => end(true));
    probe.once('error', () => end(false));
  });
}

async function groupId(group: string): Promise<number> {
  for (const line of (await readFile('/etc/group', 'utf8')).split('\n')) {
    const [name, , gid] = line.split(':');
    if (name === group && gid !== undefined) return Number(gid);
  }
  throw new Refusal('group-unknown', { group });
}
