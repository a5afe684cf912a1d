import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { EngineConnection } from '../connection.ts';

export interface StubCall {
  readonly method: string;
  /** Minor of the version prefix; 0 without one. */
  readonly minor: number;
  /** Without version prefix, with query. */
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

export type StubHandler = (call: StubCall, response: ServerResponse) => void | Promise<void>;
export type StubUpgrade = (call: StubCall, socket: Duplex) => void;

export interface StubOptions {
  /** The newest and oldest API version that it speaks. */
  readonly newest?: string;
  readonly oldest?: string;
  readonly info?: Readonly<Record<string, unknown>>;
  /** Answers all but `/version` and `/info`; without it 404. */
  readonly handle?: StubHandler;
  readonly upgrade?: StubUpgrade;
  /** Listens on a port of the loopback interface instead of a socket. */
  readonly tcp?: true;
}

/** A Docker Engine that answers what a test wants, over a unix socket, and refuses versions out of its range as Docker does. */
export class StubEngine {
  readonly calls: StubCall[] = [];
  readonly #server: Server;
  readonly #directory: string;
  readonly #connections: EngineConnection[] = [];

  private constructor(server: Server, directory: string) {
    this.#server = server;
    this.#directory = directory;
  }

  static async start(options: StubOptions = {}): Promise<StubEngine> {
    const server = createServer();
    const stub = new StubEngine(server, await mkdtemp(join(tmpdir(), 'ruche-docker-stub-')));
    server.on('request', (request, response) => void stub.#answer(options, request, response));
    server.on('upgrade', (request, socket, head: Buffer) => {
      socket.on('error', () => socket.destroy());
      const call = { ...callOf(request), body: head.toString('utf8') };
      stub.calls.push(call);
      if (options.upgrade === undefined) socket.destroy();
      else options.upgrade(call, socket);
    });
    if (options.tcp === true) server.listen(0, '127.0.0.1');
    else server.listen(stub.socket);
    await once(server, 'listening');
    return stub;
  }

  get socket(): string {
    return join(this.#directory, 'docker.sock');
  }

  /** A connection to it that ends with it. */
  connection(): EngineConnection {
    const address = this.#server.address();
    const connection = new EngineConnection(
      typeof address === 'object' && address !== null
        ? { kind: 'tcp', host: '127.0.0.1', port: address.port }
        : { kind: 'unix', path: this.socket },
    );
    this.#connections.push(connection);
    return connection;
  }

  /** The calls of the endpoints under test. */
  endpointCalls(): readonly StubCall[] {
    return this.calls.filter(({ path }) => !/^\/(version|info)$/.test(path));
  }

  /** Goes away as an engine that stops; connections of ours stay. */
  async vanish(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await rm(this.socket, { force: true });
  }

  async stop(): Promise<void> {
    await Promise.all(this.#connections.map((connection) => connection.close()));
    await this.vanish();
    await rm(this.#directory, { recursive: true, force: true });
  }

  async #answer(options: StubOptions, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { newest = '1.51', oldest = '1.24', info = {} } = options;
    // A client that goes away within its body is what some tests are about.
    request.on('error', () => response.destroy());
    const call = { ...callOf(request), body: await bodyOf(request) };
    this.calls.push(call);
    const minorOf = (version: string) => Number(version.slice(2));
    if (call.minor > 0 && call.minor < minorOf(oldest)) {
      const text = `client version 1.${call.minor} is too old. Minimum supported API version is ${oldest}`;
      return answerJson(response, 400, { message: text });
    }
    if (call.minor > minorOf(newest))
      return answerJson(response, 400, { message: `client version 1.${call.minor} is too new` });
    if (call.path === '/version') return answerJson(response, 200, { ApiVersion: newest, MinAPIVersion: oldest });
    if (call.path === '/info') return answerJson(response, 200, info);
    if (options.handle === undefined) return answerJson(response, 404, { message: 'page not found' });
    await options.handle(call, response);
  }
}

export function answerJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json', 'api-version': '1.0', server: 'Docker/stub' });
  response.end(JSON.stringify(body));
}

function callOf(request: IncomingMessage): Omit<StubCall, 'body'> {
  const match = /^\/v1\.([0-9]+)(\/.*)$/.exec(request.url ?? '');
  const [, minor = '0', path = request.url ?? ''] = match ?? [];
  return { method: request.method ?? '', minor: Number(minor), path, headers: request.headers };
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}
