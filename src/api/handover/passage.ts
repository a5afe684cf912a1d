import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex, Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Refusal, Unavailable } from '../../base/index.ts';
import { type EngineConnection, readWhole, type UpgradeReply, versionText } from '../../engine/docker/index.ts';
import { Exchange } from '../http/exchange.ts';
import type { EnginePassage, PassageRequest } from '../ports.ts';
import { crossAnswer, hasAnswerRules } from './answer-rules.ts';
import { crossBody, hasBodyRules } from './body-rules.ts';
import { resize, resizeAfterStart } from './console-size.ts';
import { type Crossing, engineMinorFor } from './crossing.ts';
import { answerHeaders, headText, requestHeaders, upgradeHeaders } from './headers.ts';
import { crossQuery } from './query-rules.ts';
import { relay } from './relay.ts';
import { findHandedRoute, isHandedOver } from './routes.ts';
import { bridgedStreamType } from './stream-type.ts';
import { defaultProbing, type Probing, whileAlive } from './while-alive.ts';

/** A container's or commit's options, which must be read whole before they can cross; Docker's own bound is 4 MiB of JSON. */
const MAX_OPTIONS_BYTES = 4 * 1024 * 1024;

/** An error's text in answer to a request for a raw stream. */
const MAX_REFUSAL_BYTES = 1024 * 1024;

/**
 * Hands containers, images, exec, volumes and builds over to a Docker Engine. The engine is asked in the client's version where it
 * speaks that, else in its nearest; what the two see differently is bridged, and what the engine is too old for is refused by name.
 * Bodies and raw streams pass both ways without being held. `connection` should be the API's own, so that clients that follow
 * streams don't take the agent's place.
 */
export function createDockerPassage(connection: EngineConnection, probing: Probing = defaultProbing): EnginePassage {
  const engine = { connection, probing };
  return {
    takes: isHandedOver,
    upgrades: (method, path) => findHandedRoute(method, path)?.upgrades === true,
    serve: (passed, response) => forgettingVersions(connection, () => serve(engine, passed, response)),
    serveUpgrade: (passed, body, socket, head) =>
      forgettingVersions(connection, () => serveUpgrade(engine, passed, { body, socket, head })),
  };
}

/** An engine that went away may come back as another one. */
async function forgettingVersions(connection: EngineConnection, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (error instanceof Unavailable) connection.forgetVersions();
    throw error;
  }
}

interface EngineBelow {
  readonly connection: EngineConnection;
  readonly probing: Probing;
}

async function serve(
  { connection, probing }: EngineBelow,
  passed: PassageRequest,
  response: ServerResponse,
): Promise<void> {
  const crossing = await crossingOf(connection, passed);
  const { request, method, signal } = passed;
  const path = enginePath(crossing, passed);
  const options = hasBodyRules(crossing) ? crossBody(crossing, await readOptions(passed, response)) : undefined;
  const body = options ?? (hasBody(request) ? request : null);
  const streamType = await bridgedStreamType(crossing, { path: passed.path, body: options, signal }, connection);
  const headers = requestHeaders(request.headers, body === request);
  const forward = (until: AbortSignal) => connection.forward({ method, path, headers, body, signal: until });
  const reply = await whileAlive(connection, probing, signal, forward);
  const sent = answerHeaders(reply.headers);
  if (streamType !== undefined && reply.statusCode === 200) sent['content-type'] = streamType;
  if (reply.statusCode === 200 && hasAnswerRules(crossing)) {
    const text = Buffer.from(crossAnswer(crossing, await readWhole(reply.body)));
    response.writeHead(200, { ...sent, 'content-length': String(text.length) });
    response.end(text);
    return;
  }
  response.writeHead(reply.statusCode, sent);
  // Who follows a stream waits for its head, long before the first byte.
  response.flushHeaders();
  await passOn(connection, reply.body, response, signal);
}

async function passOn(
  connection: EngineConnection,
  body: Readable,
  response: ServerResponse,
  signal: AbortSignal,
): Promise<void> {
  try {
    await pipeline(body, response);
  } catch (cause) {
    // The client gave up: nobody is left to be told.
    if (signal.aborted || (cause instanceof Error && 'code' in cause && cause.code === 'ERR_STREAM_PREMATURE_CLOSE'))
      return;
    throw new Unavailable('engine-connection-lost', { address: connection.address, why: 'within an answer', cause });
  }
}

interface Taken {
  readonly body: Buffer;
  readonly socket: Duplex;
  readonly head: Buffer;
}

async function serveUpgrade({ connection, probing }: EngineBelow, passed: PassageRequest, taken: Taken): Promise<void> {
  const crossing = await crossingOf(connection, passed);
  const { method, signal } = passed;
  const { body, socket } = taken;
  const path = enginePath(crossing, passed);
  const streamType = await bridgedStreamType(crossing, { path: passed.path, body, signal }, connection);
  const headers = upgradeHeaders(passed.request.headers);
  const upgrade = (until: AbortSignal) => connection.upgrade({ method, path, headers, body, signal: until });
  const reply = await whileAlive(connection, probing, signal, upgrade);
  if (reply.kind === 'answered') return answerPlainly(reply, socket);
  try {
    const later = resizeAfterStart(crossing, passed.path, body);
    if (later !== undefined) await resize(connection, later, signal);
    const sent = { ...answerHeaders(reply.headers), ...(streamType !== undefined && { 'content-type': streamType }) };
    const upgraded = { Connection: 'Upgrade', Upgrade: reply.headers.upgrade ?? 'tcp' };
    socket.write(headText(reply.status, reply.statusText, { ...sent, ...upgraded }));
    if (reply.head.length > 0) socket.write(reply.head);
    if (taken.head.length > 0) reply.socket.write(taken.head);
    await relay(socket, reply.socket, signal);
  } finally {
    reply.socket.destroy();
  }
}

/** The engine did not take the connection over: a refusal, or a start in the background. */
async function answerPlainly(reply: Extract<UpgradeReply, { kind: 'answered' }>, socket: Duplex): Promise<void> {
  const { response } = reply;
  const body = Buffer.from(await readWhole(response, MAX_REFUSAL_BYTES));
  const headers = { ...answerHeaders(response.headers), 'content-length': String(body.length), Connection: 'close' };
  socket.write(headText(response.statusCode ?? 500, response.statusMessage ?? '', headers));
  socket.end(body);
}

async function crossingOf(connection: EngineConnection, passed: PassageRequest): Promise<Crossing> {
  const route = findHandedRoute(passed.method, passed.path);
  if (route === undefined) throw new Refusal('page-not-found');
  const versions = await connection.versions(passed.signal);
  return { route, client: passed.apiMinor, engine: engineMinorFor(passed.apiMinor, versions) };
}

function enginePath(crossing: Crossing, { rawPath }: PassageRequest): string {
  const mark = rawPath.indexOf('?');
  const path = mark < 0 ? rawPath : rawPath.slice(0, mark);
  const query = crossQuery(crossing, mark < 0 ? '' : rawPath.slice(mark + 1));
  return `/v${versionText(crossing.engine)}${path}${query === '' ? '' : `?${query}`}`;
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

async function readOptions(passed: PassageRequest, response: ServerResponse): Promise<Buffer> {
  const target = { path: passed.path, query: '', apiMinor: passed.apiMinor, params: {} };
  return Buffer.from(await new Exchange(passed.request, response, target).readBody(MAX_OPTIONS_BYTES));
}
