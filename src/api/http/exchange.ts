import type { IncomingMessage, ServerResponse } from 'node:http';
import { Refusal } from '../../base/index.ts';

/** A body must have arrived in whole within this time: longer holds memory for a client that may never finish. */
export const BODY_TIMEOUT_MS = 20_000;

/** A service spec, a swarm spec: far above what is sensible, far below what hurts. */
export const MAX_SPEC_BYTES = 2 * 1024 * 1024;

/** Secrets (500 KiB) and configs (1000 KiB) in base64 with their specs around. */
export const MAX_DATA_BODY_BYTES = 2 * 1024 * 1024;

/** One request and what its handler may ask of it. */
export class Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly path: string;
  readonly params: Readonly<Record<string, string>>;
  /** Minor of the API version: 24 … 51. */
  readonly apiMinor: number;
  readonly #query: string;
  #parsedQuery: URLSearchParams | undefined;
  #abort: AbortController | undefined;
  /** Why the handler is to stop; also for a signal that is asked for afterwards. */
  #cancelled: Error | undefined;

  constructor(
    request: IncomingMessage,
    response: ServerResponse,
    target: {
      readonly path: string;
      readonly query: string;
      readonly apiMinor: number;
      readonly params: Readonly<Record<string, string>>;
    },
  ) {
    this.request = request;
    this.response = response;
    this.path = target.path;
    this.params = target.params;
    this.apiMinor = target.apiMinor;
    this.#query = target.query;
  }

  get query(): URLSearchParams {
    this.#parsedQuery ??= new URLSearchParams(this.#query);
    return this.#parsedQuery;
  }

  /** Aborted when the client goes away, the deadline passes or the server stops. Made on first use: most requests need none. */
  get signal(): AbortSignal {
    if (this.#abort === undefined) {
      this.#abort = new AbortController();
      const { response } = this;
      if (this.#cancelled !== undefined) this.#abort.abort(this.#cancelled);
      else if (response.destroyed) this.#abort.abort(new Error('the client went away'));
      else response.once('close', () => this.cancel('the client went away'));
    }
    return this.#abort.signal;
  }

  /** Tells the handler to stop. */
  cancel(reason: string): void {
    this.#cancelled ??= new Error(reason);
    this.#abort?.abort(this.#cancelled);
  }

  param(name: string): string {
    return this.params[name] ?? '';
  }

  header(name: string): string | undefined {
    const value = this.request.headers[name];
    return Array.isArray(value) ? value[0] : value;
  }

  /** The whole body. Refuses one above `limitBytes` as soon as that is known. */
  readBody(limitBytes: number): Promise<Uint8Array> {
    const { request } = this;
    if (Number(request.headers['content-length'] ?? 0) > limitBytes) {
      return Promise.reject(new Refusal('body-too-large', { limitBytes }));
    }
    return new Promise((resolve, reject) => {
      const chunks: Buffer[] = [];
      let length = 0;
      const timer = setTimeout(
        () => end(new Refusal('body-too-slow', { timeoutMs: BODY_TIMEOUT_MS })),
        BODY_TIMEOUT_MS,
      );
      const end = (error?: Error) => {
        clearTimeout(timer);
        request.removeAllListeners('data');
        if (error === undefined) resolve(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks));
        else reject(error);
      };
      request.on('data', (chunk: Buffer) => {
        length += chunk.length;
        if (length > limitBytes) end(new Refusal('body-too-large', { limitBytes }));
        else chunks.push(chunk);
      });
      request.once('end', () => end());
      request.once('error', end);
    });
  }
}
