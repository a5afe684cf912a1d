import type { IncomingHttpHeaders } from 'node:http';
import { MAX_API_VERSION } from '../http/path.ts';

export type SentHeaders = Record<string, string | string[]>;

/** Headers of one connection, not of the message (RFC 9110, 7.6.1), and those that the sender makes itself. */
const hopHeaders = new Set([
  ...['connection', 'keep-alive', 'proxy-authenticate', 'proxy-authorization', 'proxy-connection', 'te', 'trailer'],
  ...['transfer-encoding', 'upgrade', 'host', 'expect'],
]);

/** What the engine says of itself in every answer; ours says it of us. */
const engineHeaders = new Set([
  'api-version',
  'docker-experimental',
  'ostype',
  'server',
  'date',
  'swarm',
  'builder-version',
]);

/** A client's headers for the engine. Without `hasBody` also the body's length goes. */
export function requestHeaders(headers: IncomingHttpHeaders, hasBody: boolean): SentHeaders {
  return filtered(headers, (name) => !hopHeaders.has(name) && (hasBody || name !== 'content-length'));
}

/** The headers of a request for a raw stream: as others, with the protocol that is asked for. */
export function upgradeHeaders(headers: IncomingHttpHeaders): SentHeaders {
  return {
    ...requestHeaders(headers, false),
    host: 'docker',
    connection: 'Upgrade',
    upgrade: headers.upgrade ?? 'tcp',
  };
}

/** The engine's headers for the client, without those that every answer of ours has already. */
export function answerHeaders(headers: Readonly<Record<string, string | string[] | undefined>>): SentHeaders {
  return filtered(headers, (name) => !hopHeaders.has(name) && !engineHeaders.has(name));
}

/** The head of an answer that Node does not write for us, since the socket has left HTTP. */
export function headText(status: number, statusText: string, headers: SentHeaders): string {
  const lines = Object.entries({ 'Api-Version': MAX_API_VERSION, ...headers }).flatMap(([name, value]) =>
    (Array.isArray(value) ? value : [value]).map((one) => `${name}: ${one}\r\n`),
  );
  return `HTTP/1.1 ${status} ${statusText}\r\n${lines.join('')}\r\n`;
}

function filtered(
  headers: Readonly<Record<string, string | string[] | undefined>>,
  isKept: (name: string) => boolean,
): SentHeaders {
  const kept: SentHeaders = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined && isKept(name.toLowerCase())) kept[name] = value;
  }
  return kept;
}
