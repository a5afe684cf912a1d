import type { Readable } from 'node:stream';
import { type Dispatcher, Pool } from 'undici';
import { messageOf, Unavailable } from '../../base/index.ts';
import { encodeJson } from '../../model/index.ts';
import { addressText, type EngineAddress } from './address.ts';
import { errorOfAnswer } from './answer-errors.ts';
import { type ApiVersions, negotiate, versionText } from './api-version.ts';
import { parseExact } from './exact-json.ts';
import { outageOf, withinDeadline } from './outage.ts';
import { type UpgradeReply, type UpgradeRequest, upgradeConnection } from './upgrade.ts';

/** A local engine answers a connect at once; a remote one has this long. */
const CONNECT_TIMEOUT_MS = 5_000;

/** Version and health; an engine that takes longer hangs. */
const PING_TIMEOUT_MS = 10_000;

/** Requests in flight, streams among them. Each holds a descriptor here and in the engine, whose usual limit is 1024 and more. */
export const MAX_REQUESTS_IN_FLIGHT = 1_000;

/** The largest document of an engine that is read whole: lists of 100 000 images or containers stay below. */
export const MAX_DOCUMENT_BYTES = 256 * 1024 * 1024;

export type Query = Readonly<Record<string, string | undefined>>;

/** A call to the engine. `path` has no version prefix; parts that people chose are escaped by the caller. */
export interface EngineCall {
  readonly method: 'GET' | 'POST' | 'DELETE' | 'HEAD' | 'PUT';
  readonly path: string;
  readonly query?: Query;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Until the answer is whole; of a stream until it begins. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** A request as it goes out, version prefix and all, and its answer as it comes. */
export interface RawRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string | string[]>>;
  readonly body: Readable | Buffer | null;
  readonly signal: AbortSignal;
}

export interface EngineStream {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Readable;
}

/**
 * All traffic with one Docker Engine: keeps connections, negotiates the version, tells outages from refusals. Callers that must not
 * starve each other (the agent, clients of the API) hold one each.
 */
export class EngineConnection {
  readonly address: string;
  readonly #target: EngineAddress;
  readonly #pool: Pool;
  #versions: Promise<ApiVersions> | undefined;
  #inFlight = 0;

  constructor(target: EngineAddress) {
    this.#target = target;
    this.address = addressText(target);
    const common = { connections: MAX_REQUESTS_IN_FLIGHT, pipelining: 1, headersTimeout: 0, bodyTimeout: 0 };
    if (target.kind === 'unix') {
      const connect = { socketPath: target.path, timeout: CONNECT_TIMEOUT_MS };
      this.#pool = new Pool('http://docker', { ...common, connect });
    } else {
      const host = target.host.includes(':') ? `[${target.host}]` : target.host;
      const connect = { timeout: CONNECT_TIMEOUT_MS, ...target.tls };
      const scheme = target.tls === undefined ? 'http' : 'https';
      this.#pool = new Pool(`${scheme}://${host}:${target.port}`, { ...common, connect });
    }
  }

  /** The versions between us; asked of the engine once, and again after `forgetVersions`. */
  async versions(signal: AbortSignal): Promise<ApiVersions> {
    signal.throwIfAborted();
    if (this.#versions === undefined) {
      // Asked on nobody's signal: others may wait for the same answer. Its deadline ends it.
      const asked = this.#askVersions(new AbortController().signal);
      this.#versions = asked;
      // A failure is not kept: the engine may come up, or be replaced by a newer one.
      asked.catch(() => this.forgetVersions());
    }
    return untilAborted(this.#versions, signal);
  }

  /** To be called when the engine may have been exchanged for another: its connections were lost. */
  forgetVersions(): void {
    this.#versions = undefined;
  }

  /** Resolves when the engine says that it lives; `Unavailable` when it does not within the time. */
  async ping(timeoutMs: number, signal: AbortSignal): Promise<void> {
    const call = { method: 'GET', path: '/_ping', timeoutMs, signal } as const;
    await withinDeadline({ ...call, address: this.address, what: what(call) }, async (until) => {
      const reply = await this.#send(call.path, { ...call, signal: until }, until);
      await reply.body.dump();
    });
  }

  /** Calls and reads the whole answer as JSON; `undefined` of an empty one. Statuses of 400 and above are thrown. */
  async call(request: EngineCall): Promise<unknown> {
    const { spoken } = await this.versions(request.signal);
    return this.#callAt(`/v${versionText(spoken)}${request.path}`, request);
  }

  /** Calls and resolves once the answer begins; `body` must be read or destroyed. It ends with the request's signal. */
  async open(request: EngineCall): Promise<EngineStream> {
    const { spoken } = await this.versions(request.signal);
    const path = `/v${versionText(spoken)}${request.path}`;
    const begun = await withinDeadline({ ...request, address: this.address, what: what(request) }, async (signal) => {
      const reply = await this.#send(path, request, AbortSignal.any([signal, request.signal]));
      if (reply.statusCode < 400) return reply;
      throw errorOfAnswer(reply.statusCode, await readWhole(reply.body));
    });
    return { headers: begun.headers, body: begun.body };
  }

  /** Sends a client's request as it is; any status resolves. Rejects with `Unavailable` when the engine does not answer. */
  async forward(request: RawRequest): Promise<Dispatcher.ResponseData> {
    try {
      const { method, path, headers, body, signal } = request;
      // The method is a client's own; the engine refuses those that it does not know.
      const sent = { method: method as Dispatcher.HttpMethod, path, headers, body, signal };
      return await this.#counted(() => this.#pool.request(sent));
    } catch (error) {
      throw request.signal.aborted ? request.signal.reason : outageOf(this.address, error);
    }
  }

  /** Sends a request that turns its connection into a raw stream. */
  async upgrade(request: UpgradeRequest): Promise<UpgradeReply> {
    const end = this.#begin();
    try {
      const reply = await upgradeConnection(this.#target, request, CONNECT_TIMEOUT_MS);
      (reply.kind === 'upgraded' ? reply.socket : reply.response).once('close', end);
      return reply;
    } catch (error) {
      end();
      throw request.signal.aborted ? request.signal.reason : outageOf(this.address, error);
    }
  }

  /** Ends all calls and streams. */
  async close(): Promise<void> {
    await this.#pool.destroy(new Unavailable('engine-closed'));
  }

  async #askVersions(signal: AbortSignal): Promise<ApiVersions> {
    const request = { method: 'GET', timeoutMs: PING_TIMEOUT_MS, signal } as const;
    // Without prefix: the one form that every engine takes.
    const document = await this.#callAt('/version', { ...request, path: '/version' });
    if (typeof document !== 'object' || document === null) throw this.#malformed('GET /version', 'it is no object');
    const { ApiVersion, MinAPIVersion } = document as {
      readonly ApiVersion?: unknown;
      readonly MinAPIVersion?: unknown;
    };
    return negotiate(this.address, String(ApiVersion ?? ''), String(MinAPIVersion ?? ''));
  }

  #callAt(path: string, request: EngineCall): Promise<unknown> {
    return withinDeadline({ ...request, address: this.address, what: what(request) }, async (signal) => {
      const reply = await this.#send(path, request, signal);
      const text = await readWhole(reply.body);
      if (reply.statusCode >= 400) throw errorOfAnswer(reply.statusCode, text);
      if (text.trim() === '') return undefined;
      try {
        return parseExact(text);
      } catch (error) {
        throw this.#malformed(what(request), messageOf(error));
      }
    });
  }

  #send(path: string, request: EngineCall, signal: AbortSignal): Promise<Dispatcher.ResponseData> {
    const { method, query, headers, body } = request;
    const json = body === undefined ? null : encodeJson(body);
    return this.#counted(() =>
      this.#pool.request({
        method,
        path: path + queryText(query),
        headers: { ...(json !== null && { 'content-type': 'application/json' }), ...headers },
        body: json,
        signal,
      }),
    );
  }

  async #counted(send: () => Promise<Dispatcher.ResponseData>): Promise<Dispatcher.ResponseData> {
    const end = this.#begin();
    try {
      const reply = await send();
      reply.body.once('close', end);
      return reply;
    } catch (error) {
      end();
      throw error;
    }
  }

  /** Counts a request in; what it returns counts it out, once. */
  #begin(): () => void {
    if (this.#inFlight >= MAX_REQUESTS_IN_FLIGHT) {
      throw new Unavailable('queue-full', { what: this.address, limit: MAX_REQUESTS_IN_FLIGHT });
    }
    this.#inFlight += 1;
    let isOpen = true;
    return () => {
      if (isOpen) this.#inFlight -= 1;
      isOpen = false;
    };
  }

  #malformed(request: string, why: string): Unavailable {
    return new Unavailable('engine-answer-malformed', { address: this.address, what: request, why });
  }
}

/** Resolves as `work` does, or rejects when the caller gives up; `work` goes on. */
function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const giveUp = () => reject(signal.reason);
    signal.addEventListener('abort', giveUp, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', giveUp));
  });
}

/** A name, id or reference as a part of a path: an image's slashes stay. */
export function pathPart(name: string): string {
  return encodeURIComponent(name).replaceAll('%2F', '/').replaceAll('%3A', ':').replaceAll('%40', '@');
}

const what = (request: EngineCall) => `${request.method} ${request.path}`;

function queryText(query: Query = {}): string {
  const sent = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined) sent.set(name, value);
  return sent.size === 0 ? '' : `?${sent}`;
}

/** Reads a body up to the limit of documents. */
export async function readWhole(body: Readable, limitBytes = MAX_DOCUMENT_BYTES): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > limitBytes) throw new Error(`the answer is larger than ${limitBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, size).toString('utf8');
}
