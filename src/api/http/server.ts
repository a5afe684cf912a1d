import http, { type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import https from 'node:https';
import type { Duplex } from 'node:stream';
import type { TlsOptions } from 'node:tls';
import { Refusal, Unavailable } from '../../base/index.ts';
import type { ApiLog, EnginePassage } from '../ports.ts';
import type { Answer, AnswerHeaders } from './answer.ts';
import { answerOfError } from './errors.ts';
import { Exchange } from './exchange.ts';
import { apiMinorOf, cleanTarget, parseTarget, type Target } from './path.ts';
import { writeAnswer } from './respond.ts';
import type { RouteMatch, Router } from './router.ts';
import { refuseUpgrade, serveUpgrade } from './upgrade.ts';

/** Every manager action ends within this time, as in Swarm (behaviour reference 2.1). */
export const ACTION_TIMEOUT_MS = 20_000;

/** Open connections to one listener; more are refused, since each holds memory and a descriptor. */
export const MAX_CONNECTIONS = 4096;

/** A client that opens a connection must send its headers within this time. */
const HEADERS_TIMEOUT_MS = 10_000;

const MAX_HEADER_BYTES = 64 * 1024;

/** Checks a request before it is routed; throws a `Refusal`. Listeners on loopback have one. */
export type Gate = (request: IncomingMessage) => void;

export interface HttpOptions {
  readonly router: Router;
  /** Asked last, after the passage. */
  readonly fallback: Router;
  readonly passage?: EnginePassage;
  readonly log: ApiLog;
  readonly standard: AnswerHeaders;
  readonly gate?: Gate;
  readonly tls?: TlsOptions;
  /** Aborted when the API stops: streams end. */
  readonly stopping: AbortSignal;
}

/** An HTTP server that answers as Docker's does: what no route takes is 404 in JSON, whatever the method. */
export function createHttpServer(options: HttpOptions): Server {
  const { passage } = options;
  const settings = {
    maxHeaderSize: MAX_HEADER_BYTES,
    headersTimeout: HEADERS_TIMEOUT_MS,
    // Bodies are limited by those who read them: an image may take an hour to load.
    requestTimeout: 0,
    // Go's clients reuse connections at any time and fail a POST on one that closes at that moment.
    keepAliveTimeout: 0,
    shouldUpgradeCallback: (request: IncomingMessage) =>
      passage?.upgrades(request.method ?? '', pathOf(request)) ?? false,
  };
  const listener = (request: IncomingMessage, response: ServerResponse) => {
    void serve(options, request, response);
  };
  const server =
    options.tls === undefined
      ? http.createServer(settings, listener)
      : https.createServer({ ...settings, ...options.tls }, listener);
  server.maxConnections = MAX_CONNECTIONS;
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    if (passage === undefined) return refuseUpgrade(socket, new Refusal('page-not-found'), options.standard);
    return void serveUpgrade({ ...options, passage }, request, socket, head);
  });
  return server;
}

/** One request from arrival to the end of its answer. Never rejects: what can't be told the client is noted. */
async function serve(options: HttpOptions, request: IncomingMessage, response: ServerResponse): Promise<void> {
  try {
    const written = writeAnswer(response, await answerTo(options, request, response), options.standard);
    if (written !== undefined) await written;
  } catch (error) {
    if (error === alreadyAnswered) return;
    failLate(options, request, response, error);
  }
}

/** Thrown to say that the passage has written the answer. */
const alreadyAnswered = Symbol('already answered');

async function answerTo(options: HttpOptions, request: IncomingMessage, response: ServerResponse): Promise<Answer> {
  const url = request.url ?? '/';
  const method = request.method ?? 'GET';
  try {
    options.gate?.(request);
    const moved = cleanTarget(url);
    if (moved !== undefined) return { kind: 'empty', status: 301, headers: { Location: moved } };
    const target = parseTarget(url);
    const own = options.router.find(method, target.path);
    if (own !== undefined) return await answerRoute(request, response, target, own, options);
    if (options.passage?.takes(method, target.path) === true) {
      await servePassage(options.passage, request, response, target, options);
      throw alreadyAnswered;
    }
    const last = options.fallback.find(method, target.path);
    if (last !== undefined) return await answerRoute(request, response, target, last, options);
    if (method === 'OPTIONS') return { kind: 'empty', status: 200 };
    throw new Refusal('page-not-found');
  } catch (error) {
    // Whoever went away is told nothing, and what that broke in a handler is no fault of ours.
    if (error === alreadyAnswered || response.headersSent || response.destroyed) throw error;
    return answerOfError(error, options.log, `${method} ${url}`);
  }
}

function answerRoute(
  request: IncomingMessage,
  response: ServerResponse,
  target: Target,
  match: RouteMatch,
  options: HttpOptions,
): Answer | Promise<Answer> {
  const { route, params } = match;
  const apiMinor = apiMinorOf(target.version);
  const exchange = new Exchange(request, response, { path: target.path, query: target.query, apiMinor, params });
  if (route.deadline === 'unbounded') {
    endWhenStopping(exchange, options.stopping);
    return route.handle(exchange);
  }
  const answer = route.handle(exchange);
  if (!(answer instanceof Promise)) return answer;
  return withDeadline(answer, exchange, `${route.method} ${route.path}`);
}

function withDeadline(answer: Promise<Answer>, exchange: Exchange, what: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      const late = new Unavailable('deadline-passed', { what, timeoutMs: ACTION_TIMEOUT_MS });
      reject(late);
      exchange.cancel(late.message);
    }, ACTION_TIMEOUT_MS);
    answer.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

async function servePassage(
  passage: EnginePassage,
  request: IncomingMessage,
  response: ServerResponse,
  target: Target,
  options: HttpOptions,
): Promise<void> {
  const apiMinor = apiMinorOf(target.version);
  const exchange = new Exchange(request, response, { ...target, apiMinor, params: {} });
  endWhenStopping(exchange, options.stopping);
  for (const [name, value] of Object.entries(options.standard)) response.setHeader(name, value);
  const { path, rawPath } = target;
  const { signal, query } = exchange;
  await passage.serve({ request, method: request.method ?? 'GET', path, rawPath, query, apiMinor, signal }, response);
}

function endWhenStopping(exchange: Exchange, stopping: AbortSignal): void {
  const { signal } = exchange;
  const stop = () => exchange.cancel('the daemon stops');
  if (stopping.aborted) stop();
  else stopping.addEventListener('abort', stop, { signal });
}

/** An answer that failed after its head was sent can only be cut off, so that the client does not take it for whole. */
function failLate(options: HttpOptions, request: IncomingMessage, response: ServerResponse, error: unknown): void {
  if (!response.destroyed) {
    options.log.warn({ method: request.method, url: request.url, error }, 'api answer cut off');
    response.destroy();
  }
}

function pathOf(request: IncomingMessage): string {
  try {
    return parseTarget(request.url ?? '/').path;
  } catch {
    // Not decodable: no route takes it, and the refusal comes where the request is served.
    return '';
  }
}
