import type { Clock, Instant } from '../../../../base/index.ts';
import { Refusal, Unavailable } from '../../../../base/index.ts';
import { JsonFields } from '../documents/json.ts';
import { type Challenge, parseChallenge } from './challenge.ts';
import { basicAuthorization, type Credentials } from './credentials.ts';
import type { Endpoint } from './settings.ts';
import { discard, type HttpAnswer, type HttpRequest, type HttpTransport, shownUrl, smallBody } from './transport.ts';

/** Tokens without a stated life live this long, says the token specification. */
const DEFAULT_TOKEN_SECONDS = 60;
/** A token is renewed this long before its end, so that none ends on its way. */
const TOKEN_MARGIN_MS = 10_000;

export type RegistryRequest = Pick<HttpRequest, 'method' | 'signal'> & {
  /** Below the endpoint: `/v2/library/busybox/manifests/latest`. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
};

/** Requests to one repository at one endpoint, with the authorization that it asks for. */
export class RegistrySession {
  readonly endpoint: Endpoint;
  readonly #transport: HttpTransport;
  readonly #credentials: Credentials;
  readonly #repository: string;
  readonly #clock: Clock;
  #authorization: { readonly value: string; readonly until: Instant } | undefined;

  constructor(
    endpoint: Endpoint,
    repository: string,
    parts: { readonly transport: HttpTransport; readonly credentials: Credentials; readonly clock: Clock },
  ) {
    this.endpoint = endpoint;
    this.#repository = repository;
    this.#transport = parts.transport;
    this.#credentials = parts.credentials;
    this.#clock = parts.clock;
    const { registryToken } = parts.credentials;
    if (registryToken !== undefined)
      this.#authorization = { value: `Bearer ${registryToken}`, until: Number.POSITIVE_INFINITY };
  }

  /** The answer, whatever its status; a 401 is answered once with credentials. */
  async send(request: RegistryRequest): Promise<HttpAnswer> {
    const answer = await this.#sendAs(request, this.#current());
    if (answer.status !== 401) return answer;
    const challenge = parseChallenge(answer.headers.get('www-authenticate'));
    if (challenge === undefined) return answer;
    const authorization = await this.#authorize(challenge, request.signal);
    if (authorization === undefined) return answer;
    await discard(answer);
    return await this.#sendAs(request, authorization);
  }

  #current(): string | undefined {
    const known = this.#authorization;
    return known !== undefined && known.until > this.#clock.now() ? known.value : undefined;
  }

  async #sendAs(request: RegistryRequest, authorization: string | undefined): Promise<HttpAnswer> {
    return await this.#transport.send({
      method: request.method,
      url: this.endpoint.base + request.path,
      headers: { ...request.headers, ...(authorization === undefined ? {} : { authorization }) },
      isInsecure: this.endpoint.isInsecure,
      signal: request.signal,
    });
  }

  async #authorize(challenge: Challenge, signal: AbortSignal): Promise<string | undefined> {
    if (challenge.scheme === 'basic') {
      const value = basicAuthorization(this.#credentials);
      if (value !== undefined) this.#authorization = { value, until: Number.POSITIVE_INFINITY };
      return value;
    }
    const { token, seconds } = await this.#fetchToken(challenge, signal);
    const value = `Bearer ${token}`;
    this.#authorization = { value, until: this.#clock.now() + seconds * 1000 - TOKEN_MARGIN_MS };
    return value;
  }

  async #fetchToken(challenge: Challenge & { scheme: 'bearer' }, signal: AbortSignal): Promise<Token> {
    const realm = new URL(challenge.realm);
    const isPlain = realm.protocol !== 'https:';
    if (isPlain && !(realm.protocol === 'http:' && this.endpoint.isInsecure)) {
      throw new Unavailable('registry-answer-invalid', {
        url: this.endpoint.base,
        why: 'its token server is not reached by https',
      });
    }
    const request = this.#tokenRequest(realm, challenge);
    const isInsecure = this.endpoint.isInsecure && realm.hostname === new URL(this.endpoint.base).hostname;
    const answer = await this.#transport.send({ ...request, isInsecure: isInsecure || isPlain, signal });
    const body = await smallBody(answer, request.url);
    if (answer.status === 401 || answer.status === 403) {
      throw new Refusal('registry-unauthorized', { why: 'incorrect username or password' });
    }
    if (answer.status !== 200) {
      throw new Unavailable('registry-failed', {
        url: shownUrl(request.url),
        status: answer.status,
        why: body.slice(0, 200),
      });
    }
    return parseToken(body);
  }

  #tokenRequest(
    realm: URL,
    challenge: Challenge & { scheme: 'bearer' },
  ): Pick<HttpRequest, 'method' | 'url' | 'headers' | 'body'> {
    const scope = challenge.scope ?? `repository:${this.#repository}:pull`;
    const { identityToken, username } = this.#credentials;
    if (identityToken !== undefined) {
      const form = {
        grant_type: 'refresh_token',
        refresh_token: identityToken,
        client_id: 'ruche',
        service: challenge.service ?? '',
        scope,
      };
      const headers = { 'content-type': 'application/x-www-form-urlencoded' };
      return { method: 'POST', url: realm.href, headers, body: new URLSearchParams(form).toString() };
    }
    if (challenge.service !== undefined) realm.searchParams.set('service', challenge.service);
    for (const each of scope.split(' ')) realm.searchParams.append('scope', each);
    if (username !== undefined) realm.searchParams.set('account', username);
    const authorization = basicAuthorization(this.#credentials);
    return { method: 'GET', url: realm.href, headers: authorization === undefined ? {} : { authorization } };
  }
}

interface Token {
  readonly token: string;
  readonly seconds: number;
}

function parseToken(body: string): Token {
  const fields = JsonFields.parse(body, "the token server's answer");
  const token = fields.text('token') || fields.text('access_token');
  if (!token) throw fields.wrong('it has no token');
  return { token, seconds: fields.integer('expires_in') || DEFAULT_TOKEN_SECONDS };
}
