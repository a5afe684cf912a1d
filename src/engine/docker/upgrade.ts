import http, { type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import https from 'node:https';
import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import type { EngineAddress } from './address.ts';

/** A request whose connection becomes a raw stream: attach, exec start, and the streams of BuildKit. */
export interface UpgradeRequest {
  readonly method: string;
  /** With version prefix and query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string | string[]>>;
  readonly body: Buffer;
  /** Ends the request; the raw stream, once there, belongs to the caller. */
  readonly signal: AbortSignal;
}

/** The engine's answer: it took the connection over, or refused as to any request. */
export type UpgradeReply =
  | {
      readonly kind: 'upgraded';
      readonly status: number;
      readonly statusText: string;
      readonly headers: IncomingHttpHeaders;
      readonly socket: Duplex;
      /** What the engine sent beyond its head. */
      readonly head: Buffer;
    }
  | { readonly kind: 'answered'; readonly response: IncomingMessage };

/**
 * Asks over a connection of its own. undici has no request with both body and upgrade that also hands out a refusal's text, so that
 * Node's client serves here.
 */
export function upgradeConnection(
  target: EngineAddress,
  request: UpgradeRequest,
  connectTimeoutMs: number,
): Promise<UpgradeReply> {
  const { method, path, headers, body, signal } = request;
  const common = { method, path, headers: { ...headers, 'content-length': String(body.length) }, signal };
  return new Promise((resolve, reject) => {
    const sent = start(target, common);
    sent.once('error', reject);
    sent.once('socket', (socket) => {
      const timer = setTimeout(() => sent.destroy(timedOut()), connectTimeoutMs);
      socket.once('connect', () => clearTimeout(timer)).once('close', () => clearTimeout(timer));
    });
    sent.once('upgrade', (response, socket, head) => {
      // From here on the caller's; until it listens an error must not be nobody's.
      socket.on('error', () => socket.destroy());
      const { statusCode = 101, statusMessage: statusText = '' } = response;
      resolve({ kind: 'upgraded', status: statusCode, statusText, headers: response.headers, socket, head });
    });
    sent.once('response', (response) => resolve({ kind: 'answered', response }));
    sent.end(body);
  });
}

function start(target: EngineAddress, options: http.RequestOptions): http.ClientRequest {
  // A connection of its own each, half-open: an engine that has said all may still read what the client types.
  if (target.kind === 'unix') {
    const createConnection = () => connect({ path: target.path, allowHalfOpen: true });
    return http.request({ ...options, createConnection });
  }
  const { host, port, tls } = target;
  if (tls !== undefined) return https.request({ ...options, host, port, ...tls, agent: false });
  return http.request({ ...options, host, port, createConnection: () => connect({ host, port, allowHalfOpen: true }) });
}

const timedOut = () => Object.assign(new Error('the connection did not come about in time'), { code: 'ETIMEDOUT' });
