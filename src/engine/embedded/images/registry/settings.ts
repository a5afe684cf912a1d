import { BlockList, isIP } from 'node:net';
import { DEFAULT_DOMAIN } from '../reference.ts';

/** How registries are reached. Hosts are written as in image names: `registry.local:5000`. */
export interface RegistrySettings {
  /** Hosts or networks (10.0.0.0/8) whose certificates are not checked, and that may speak plain HTTP. Loopback always may. */
  readonly insecureRegistries: readonly string[];
  /** Base addresses asked before Docker Hub, in order: `https://mirror.local`. */
  readonly mirrors: readonly string[];
  /** Holds `<host>/*.crt` (authorities) and `<host>/*.cert` with `*.key` (client certificates), as /etc/docker/certs.d. */
  readonly certificatesDirectory: string;
  readonly proxy: ProxySettings;
}

/** As the environment has them: HTTP_PROXY, HTTPS_PROXY, NO_PROXY. */
export interface ProxySettings {
  readonly http?: string;
  readonly https?: string;
  readonly no?: string;
}

/** One address at which a registry may answer. */
export interface Endpoint {
  /** Without a slash at its end. */
  readonly base: string;
  /** Certificates are not checked and credentials may travel without TLS. */
  readonly isInsecure: boolean;
  readonly isMirror: boolean;
}

/** Where Docker Hub's names really live. */
const DOCKER_HUB = 'https://registry-1.docker.io';

/** The addresses to try for a domain, in order. */
export function endpointsOf(domain: string, settings: RegistrySettings): Endpoint[] {
  if (domain === DEFAULT_DOMAIN) {
    const mirrors = settings.mirrors.map((mirror) => ({
      base: mirror.replace(/\/+$/, ''),
      isInsecure: mirror.startsWith('http:') || isInsecure(hostOf(mirror), settings),
      isMirror: true,
    }));
    return [...mirrors, { base: DOCKER_HUB, isInsecure: false, isMirror: false }];
  }
  const secure: Endpoint = { base: `https://${domain}`, isInsecure: isInsecure(domain, settings), isMirror: false };
  return secure.isInsecure ? [secure, { ...secure, base: `http://${domain}` }] : [secure];
}

/** The proxy for an address, if it goes through one. Loopback never does, as in Go. */
export function proxyFor(url: URL, proxy: ProxySettings): string | undefined {
  const chosen = url.protocol === 'https:' ? proxy.https : proxy.http;
  if (chosen === undefined || chosen === '' || isLoopback(url.hostname)) return undefined;
  const exceptions = (proxy.no ?? '').split(',').map((each) => each.trim().toLowerCase());
  if (exceptions.some((exception) => exempts(exception, url))) return undefined;
  return /^[a-z]+:\/\//.test(chosen) ? chosen : `http://${chosen}`;
}

/** The settings that the environment holds, in either spelling. */
export function proxyFromEnvironment(env: Readonly<Record<string, string | undefined>>): ProxySettings {
  const http = env.HTTP_PROXY ?? env.http_proxy;
  const https = env.HTTPS_PROXY ?? env.https_proxy;
  const no = env.NO_PROXY ?? env.no_proxy;
  return {
    ...(http === undefined ? {} : { http }),
    ...(https === undefined ? {} : { https }),
    ...(no === undefined ? {} : { no }),
  };
}

function isInsecure(host: string, settings: RegistrySettings): boolean {
  const name = withoutPort(host);
  if (isLoopback(name)) return true;
  return settings.insecureRegistries.some((entry) => entry === host || isInNetwork(name, entry));
}

function isLoopback(hostname: string): boolean {
  const name = hostname.replace(/^\[|\]$/g, '');
  return name === 'localhost' || name === '::1' || (isIP(name) === 4 && name.startsWith('127.'));
}

function isInNetwork(name: string, network: string): boolean {
  const [address = '', prefix = ''] = network.split('/');
  const family = isIP(address);
  const host = name.replace(/^\[|\]$/g, '');
  const isNetwork = family !== 0 && /^\d{1,3}$/.test(prefix) && Number(prefix) <= (family === 4 ? 32 : 128);
  if (!isNetwork || isIP(host) !== family) return false;
  const list = new BlockList();
  const kind = family === 4 ? 'ipv4' : 'ipv6';
  list.addSubnet(address, Number(prefix), kind);
  return list.check(host, kind);
}

function exempts(exception: string, url: URL): boolean {
  if (exception === '') return false;
  if (exception === '*') return true;
  const host = url.hostname.toLowerCase();
  const port = url.port || (url.protocol === 'https:' ? '443' : '80');
  if (isInNetwork(host, exception)) return true;
  const [, name = '', wantedPort] = /^(.*?)(?::(\d+))?$/.exec(exception) ?? [];
  if (wantedPort !== undefined && wantedPort !== port) return false;
  const suffix = name.replace(/^\*?\.?/, '.');
  return host.endsWith(suffix) || (!name.startsWith('.') && host === name);
}

function hostOf(base: string): string {
  return URL.canParse(base) ? new URL(base).host : '';
}

function withoutPort(host: string): string {
  return host.replace(/:\d+$/, '');
}
