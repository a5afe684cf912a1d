import { isIP, isIPv4 } from 'node:net';
import { Refusal } from '../../base/index.ts';
import type { HostPort, SwarmControl } from '../ports.ts';

/** Where managers listen unless told otherwise. */
const DEFAULT_LISTEN_PORT = 2377;

type Interfaces = ReturnType<SwarmControl['interfaces']>;

export interface AddressRequest {
  readonly ListenAddr?: string;
  readonly AdvertiseAddr?: string;
  readonly DataPathAddr?: string;
}

export interface ResolvedAddresses {
  readonly listen: HostPort;
  /** Absent when no address was given and none can be chosen; `ambiguity` then says why. */
  readonly advertise?: HostPort;
  readonly dataPathHost?: string;
}

/** Checks that ListenAddr is there at all: Docker does so before anything else. */
export function requireListenAddress(request: AddressRequest): void {
  if ((request.ListenAddr ?? '') === '') throw new Refusal('listen-address-empty');
}

/**
 * The addresses of a request to init or join, with names of interfaces replaced by their addresses. With `mustAdvertise` a machine
 * whose address is not plain is refused; a joining node may leave it to the managers to see its address.
 */
export function resolveAddresses(
  request: AddressRequest,
  interfaces: Interfaces,
  mustAdvertise: boolean,
): ResolvedAddresses {
  const listen = resolveListen(request.ListenAddr ?? '', interfaces);
  const advertise = resolveAdvertise(request.AdvertiseAddr ?? '', listen, interfaces, mustAdvertise);
  const dataPathHost = resolveDataPath(request.DataPathAddr ?? '', interfaces);
  return { listen, ...(advertise && { advertise }), ...(dataPathHost !== undefined && { dataPathHost }) };
}

function resolveListen(text: string, interfaces: Interfaces): HostPort {
  const { host, port } = splitHostPort(text);
  const address = host === '' ? '0.0.0.0' : addressOf(host, interfaces);
  if (address === undefined) throw new Refusal('listen-address-bad');
  if (port === undefined) return { host: address, port: DEFAULT_LISTEN_PORT };
  if (!/^[0-9]+$/.test(port)) throw new Refusal('listen-address-bad');
  if (Number(port) > 65535) throw new Refusal('listen-port-bad', { port });
  return { host: address, port: Number(port) || DEFAULT_LISTEN_PORT };
}

function resolveAdvertise(
  text: string,
  listen: HostPort,
  interfaces: Interfaces,
  mustAdvertise: boolean,
): HostPort | undefined {
  if (text === '') {
    if (!isUnspecified(listen.host)) return listen;
    return mustAdvertise ? { host: systemAddress(interfaces), port: listen.port } : undefined;
  }
  const { host, port } = splitHostPort(text);
  const address = addressOf(host, interfaces);
  if (address === undefined || isUnspecified(address)) throw new Refusal('advertise-address-bad');
  if (port === undefined) return { host: address, port: listen.port };
  // Docker stores a port that nobody can reach; refused here, since no other manager could ever connect.
  if (!/^[0-9]+$/.test(port) || Number(port) < 1 || Number(port) > 65535) throw new Refusal('advertise-address-bad');
  return { host: address, port: Number(port) };
}

function resolveDataPath(text: string, interfaces: Interfaces): string | undefined {
  if (text === '') return undefined;
  const address = addressOf(text, interfaces);
  if (address === undefined || isUnspecified(address)) throw new Refusal('data-path-address-bad');
  return address;
}

/** `host`, `host:port`, `[v6]:port`, a bare v6 address, or `:port`. */
function splitHostPort(text: string): { readonly host: string; readonly port?: string } {
  const bracketed = /^\[([^\]]*)\](?::(.*))?$/.exec(text);
  if (bracketed !== null) {
    return { host: bracketed[1] ?? '', ...(bracketed[2] !== undefined && { port: bracketed[2] }) };
  }
  if (isIP(text) === 6) return { host: text };
  const colon = text.lastIndexOf(':');
  return colon < 0 ? { host: text } : { host: text.slice(0, colon), port: text.slice(colon + 1) };
}

/** An IP address as it is; else that of the interface of this name, IPv4 before IPv6. */
function addressOf(host: string, interfaces: Interfaces): string | undefined {
  if (isIP(host) !== 0) return host;
  const own = interfaces.filter((one) => one.name === host);
  return (own.find((one) => isIPv4(one.address)) ?? own[0])?.address;
}

function isUnspecified(address: string): boolean {
  return address === '0.0.0.0' || address === '::';
}

/** The one address of this machine. Several are the user's to choose from. */
function systemAddress(interfaces: Interfaces): string {
  const outer = interfaces.filter((one) => !one.isLoopback && !one.address.startsWith('fe80:'));
  const v4 = outer.filter((one) => isIPv4(one.address));
  const [first, second] = v4.length > 0 ? v4 : outer;
  if (first === undefined) throw new Refusal('advertise-address-none');
  if (second === undefined) return first.address;
  if (first.name === second.name) {
    const where = `interface ${first.name}`;
    throw new Refusal('advertise-address-ambiguous', { where, first: first.address, second: second.address });
  }
  throw new Refusal('advertise-address-ambiguous', {
    where: 'different interfaces',
    first: `${first.address} on ${first.name}`,
    second: `${second.address} on ${second.name}`,
  });
}
