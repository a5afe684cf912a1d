import { Agent, type Dispatcher, ProxyAgent, request } from 'undici';
import { messageOf, Refusal, Unavailable } from '../../../../base/index.ts';
import { loadCertificates } from './certificates.ts';
import { proxyFor, type RegistrySettings } from './settings.ts';

/** Registries send a blob's reader on to a store of theirs; more hops than this are a loop. */
const MAX_REDIRECTS = 5;
const REDIRECTS: readonly number[] = [301, 302, 303, 307, 308];
/** Hosts whose connections are kept: registry, token server and store of a few registries. */
const MAX_DISPATCHERS = 32;
/** Error bodies and tokens; the rest of a longer one is not read. */
const MAX_SMALL_BODY_BYTES = 64 * 1024;

export interface Timeouts {
  /** Until the connection, with TLS, stands. */
  readonly connectMs: number;
  /** From the request to the answer's first line. */
  readonly headersMs: number;
  /** Between two pieces of a body. */
  readonly idleMs: number;
}

/** Slow registries answer within these; Docker waits about as long. */
export const DEFAULT_TIMEOUTS: Timeouts = { connectMs: 15_000, headersMs: 30_000, idleMs: 60_000 };

export interface HttpRequest {
  readonly method: 'GET' | 'HEAD' | 'POST';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Certificates are not checked, plain HTTP is no downgrade. */
  readonly isInsecure: boolean;
  readonly signal: AbortSignal;
}

export interface HttpAnswer {
  readonly status: number;
  /** First value of each header, names in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  /** Must be read, destroyed or given to `discard`. */
  readonly body: Dispatcher.ResponseData['body'];
}

/** HTTP to registries: proxies, own authorities, timeouts, and redirects that don't carry credentials to another host. */
export class HttpTransport {
  readonly #settings: RegistrySettings;
  readonly #timeouts: Timeouts;
  readonly #dispatchers = new Map<string, Promise<Dispatcher>>();

  constructor(settings: RegistrySettings, timeouts: Timeouts) {
    this.#settings = settings;
    this.#timeouts = timeouts;
  }

  async send(first: HttpRequest): Promise<HttpAnswer> {
    let current = first;
    for (let hop = 0; hop <= MAX_REDIRECTS; hop++) {
      const answer = await this.#sendOnce(current);
      const location = answer.headers.get('location');
      if (!REDIRECTS.includes(answer.status) || location === undefined) return answer;
      await discard(answer);
      current = redirected(current, location);
    }
    throw new Unavailable('registry-answer-invalid', {
      url: shownUrl(first.url),
      why: `more than ${MAX_REDIRECTS} redirects`,
    });
  }

  async close(): Promise<void> {
    const dispatchers = await Promise.allSettled(this.#dispatchers.values());
    this.#dispatchers.clear();
    await Promise.all(
      dispatchers.map(async (each) => (each.status === 'fulfilled' ? each.value.destroy() : undefined)),
    );
  }

  async #sendOnce(sent: HttpRequest): Promise<HttpAnswer> {
    try {
      const answer = await request(sent.url, {
        dispatcher: await this.#dispatcherFor(new URL(sent.url), sent.isInsecure),
        method: sent.method,
        headers: { ...sent.headers, 'user-agent': 'ruche' },
        body: sent.body ?? null,
        signal: sent.signal,
        headersTimeout: this.#timeouts.headersMs,
        bodyTimeout: this.#timeouts.idleMs,
      });
      const headers = new Map<string, string>();
      for (const [name, value] of Object.entries(answer.headers)) {
        const text = Array.isArray(value) ? value[0] : value;
        if (text !== undefined) headers.set(name.toLowerCase(), text);
      }
      // A body ended without a reader must not bring the process down; those who read hear of errors by reading.
      answer.body.on('error', () => undefined);
      return { status: answer.statusCode, headers, body: answer.body };
    } catch (error) {
      sent.signal.throwIfAborted();
      throw unreachableRegistry(sent, error);
    }
  }

  async #dispatcherFor(url: URL, isInsecure: boolean): Promise<Dispatcher> {
    const key = `${url.origin} ${isInsecure}`;
    const known = this.#dispatchers.get(key);
    if (known !== undefined) return await known;
    await this.#makeRoom();
    const made = this.#makeDispatcher(url, isInsecure);
    this.#dispatchers.set(key, made);
    // Unreadable certificates must not be remembered: the next pull reads them again.
    made.catch(() => this.#dispatchers.delete(key));
    return await made;
  }

  async #makeDispatcher(url: URL, isInsecure: boolean): Promise<Dispatcher> {
    const files =
      url.protocol === 'https:' ? await loadCertificates(this.#settings.certificatesDirectory, url.host) : { ca: [] };
    const tls = { ...files, ca: [...files.ca], rejectUnauthorized: !isInsecure };
    const proxy = proxyFor(url, this.#settings.proxy);
    const { connectMs } = this.#timeouts;
    if (proxy === undefined) return new Agent({ connect: { ...tls, timeout: connectMs } });
    return new ProxyAgent({
      uri: proxy,
      requestTls: { ...tls, timeout: connectMs },
      proxyTunnel: url.protocol === 'https:',
    });
  }

  async #makeRoom(): Promise<void> {
    if (this.#dispatchers.size < MAX_DISPATCHERS) return;
    const [oldest] = this.#dispatchers;
    if (oldest === undefined) return;
    this.#dispatchers.delete(oldest[0]);
    const dispatcher = await oldest[1];
    // Requests under way finish; nobody waits for them here.
    void dispatcher.close().catch(() => dispatcher.destroy());
  }
}

/** Throws a body away, the small ones by reading them, so that the connection serves the next request too. */
export async function discard(answer: HttpAnswer): Promise<void> {
  try {
    await answer.body.dump({ limit: MAX_SMALL_BODY_BYTES });
  } catch {
    // The connection broke after an answer that nobody wants to read: the next request makes another.
    answer.body.destroy();
  }
}

/** A body that is small when all is well: at most 64 KiB of it. */
export async function smallBody(answer: HttpAnswer, url: string): Promise<string> {
  return (await boundedBody(answer, MAX_SMALL_BODY_BYTES, url)).toString('utf8');
}

/** A whole body; one longer than `maxBytes` is refused. */
export async function boundedBody(answer: HttpAnswer, maxBytes: number, url: string): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let size = 0;
  try {
    for await (const piece of answer.body as AsyncIterable<Buffer>) {
      size += piece.length;
      if (size > maxBytes)
        throw new Unavailable('registry-answer-invalid', {
          url: shownUrl(url),
          why: `it is larger than ${maxBytes} bytes`,
        });
      pieces.push(piece);
    }
  } catch (error) {
    if (error instanceof Refusal) throw error;
    throw new Unavailable('registry-unreachable', {
      method: 'Get',
      url: shownUrl(url),
      why: reasonOf(error),
      cause: error,
    });
  } finally {
    answer.body.destroy();
  }
  return Buffer.concat(pieces);
}

/** An address without what may be secret in it: signatures of stores stand in the query. */
export function shownUrl(url: string): string {
  const parsed = new URL(url);
  return `${parsed.origin}${parsed.pathname}`;
}

function redirected(from: HttpRequest, location: string): HttpRequest {
  const invalid = (why: string) => new Unavailable('registry-answer-invalid', { url: shownUrl(from.url), why });
  if (!URL.canParse(location, from.url)) throw invalid('it redirects to no address');
  const target = new URL(location, from.url);
  if (target.protocol !== 'https:' && target.protocol !== 'http:') throw invalid(`it redirects to ${target.protocol}`);
  const source = new URL(from.url);
  if (source.protocol === 'https:' && target.protocol === 'http:' && !from.isInsecure) {
    throw invalid('it redirects from https to http');
  }
  if (target.origin === source.origin) return { ...from, url: target.href };
  const headers = Object.fromEntries(Object.entries(from.headers).filter(([name]) => name !== 'authorization'));
  // What holds for an insecure registry holds for its own host only.
  return { ...from, url: target.href, headers, isInsecure: from.isInsecure && target.hostname === source.hostname };
}

function unreachableRegistry({ method, url }: HttpRequest, error: unknown): Refusal {
  const verb = method.charAt(0) + method.slice(1).toLowerCase();
  return new Unavailable('registry-unreachable', {
    method: verb,
    url: shownUrl(url),
    why: reasonOf(error),
    cause: error,
  });
}

const REASONS: Readonly<Record<string, (error: NodeJS.ErrnoException) => string>> = {
  ECONNREFUSED: (error) => `dial tcp ${addressOf(error)}: connect: connection refused`,
  ENOTFOUND: (error) => `dial tcp: lookup ${'hostname' in error ? String(error.hostname) : ''}: no such host`,
  EAI_AGAIN: (error) =>
    `dial tcp: lookup ${'hostname' in error ? String(error.hostname) : ''}: temporary failure in name resolution`,
  EHOSTUNREACH: (error) => `dial tcp ${addressOf(error)}: connect: no route to host`,
  ENETUNREACH: (error) => `dial tcp ${addressOf(error)}: connect: network is unreachable`,
  ETIMEDOUT: (error) => `dial tcp ${addressOf(error)}: i/o timeout`,
  ECONNRESET: () => 'connection reset by peer',
  ERR_SSL_WRONG_VERSION_NUMBER: () => 'http: server gave HTTP response to HTTPS client',
  UND_ERR_CONNECT_TIMEOUT: () => 'dial tcp: i/o timeout',
  UND_ERR_HEADERS_TIMEOUT: () => 'timeout awaiting response headers',
  UND_ERR_BODY_TIMEOUT: () => 'timeout while reading the answer',
  UND_ERR_SOCKET: () => 'unexpected EOF',
};

/** What went wrong on the wire, in the words that Docker's users know. */
export function reasonOf(error: unknown): string {
  // Several addresses tried: the first failure says as much as all.
  if (error instanceof AggregateError && error.errors.length > 0) return reasonOf(error.errors[0]);
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const known = REASONS[code];
  if (known !== undefined && error instanceof Error) return known(error);
  const isTls = /CERT|SELF_SIGNED|UNABLE_TO|ERR_TLS|ERR_SSL/.test(code);
  return isTls ? `tls: failed to verify certificate: ${messageOf(error)}` : messageOf(error);
}

function addressOf(error: NodeJS.ErrnoException): string {
  const { address, port } = error as { address?: string; port?: number }; // Node sets both on errors of connect
  return address === undefined ? '' : `${address.includes(':') ? `[${address}]` : address}:${port}`;
}
