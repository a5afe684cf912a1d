import { Refusal } from '../../base/index.ts';

/** Where a Docker Engine listens. */
export type EngineAddress =
  | { readonly kind: 'unix'; readonly path: string }
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number; readonly tls?: EngineTls };

/** PEM texts: the CA that the engine's certificate comes from, and our certificate and key. */
export interface EngineTls {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

/** Docker's ports: with TLS and without. */
const TLS_PORT = 2376;
const PLAIN_PORT = 2375;

/** Reads an address as DOCKER_HOST has it, or a bare path of a socket. */
export function parseEngineAddress(address: string, tls?: EngineTls): EngineAddress {
  if (address.startsWith('/')) return { kind: 'unix', path: address };
  if (address.startsWith('unix:///')) return { kind: 'unix', path: address.slice('unix://'.length) };
  const match = /^tcp:\/\/(\[[0-9a-fA-F:.]+\]|[^:/\s]+)(?::([0-9]{1,5}))?\/?$/.exec(address);
  if (match === null) throw new Refusal('engine-address-invalid', { address });
  const host = (match[1] ?? '').replace(/^\[|\]$/g, '');
  const port = match[2] === undefined ? (tls === undefined ? PLAIN_PORT : TLS_PORT) : Number(match[2]);
  if (port < 1 || port > 65_535) throw new Refusal('engine-address-invalid', { address });
  return { kind: 'tcp', host, port, ...(tls !== undefined && { tls }) };
}

/** The address as people write it. */
export function addressText(address: EngineAddress): string {
  if (address.kind === 'unix') return `unix://${address.path}`;
  return `tcp://${address.host.includes(':') ? `[${address.host}]` : address.host}:${address.port}`;
}
