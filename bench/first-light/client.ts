import { Agent, request } from 'node:http';

/** What a call gave; throws of `call` carry the daemon's own words. */
export type Json = Record<string, unknown>;

/** How often a client looks whether something came true. Docker's CLI looks every 200 ms; this adds at most so much to a figure. */
const POLL_MS = 4;
/** Rests so many times as long as a look took, so that looking at many tasks does not take the processor from making them. */
const REST_PER_LOOK = 4;

/** A client of the Engine API on a socket: the same path for every daemon that is measured. */
export class Client {
  readonly #socket: string;
  readonly #signal: AbortSignal | undefined;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 64 });

  /** Once `signal` is aborted, calls go on, for cleaning up, but nothing is waited for. */
  constructor(socket: string, signal?: AbortSignal) {
    this.#socket = socket;
    this.#signal = signal;
  }

  close(): void {
    this.#agent.destroy();
  }

  async call<T = Json>(method: string, path: string, body?: unknown): Promise<T> {
    const { status, text } = await this.#exchange(method, path, body === undefined ? undefined : JSON.stringify(body));
    if (status >= 400) throw new Error(`${method} ${path}: ${status} ${text.trim()}`);
    return (text === '' ? undefined : JSON.parse(text)) as T; // the caller names the shape of a documented answer
  }

  /** Like `call`, for answers that may be a refusal; gives the status. */
  async status(method: string, path: string, body?: unknown): Promise<number> {
    return (await this.#exchange(method, path, body === undefined ? undefined : JSON.stringify(body))).status;
  }

  send(method: string, path: string, body: Uint8Array, contentType: string): Promise<{ status: number; text: string }> {
    return this.#exchange(method, path, body, contentType);
  }

  #exchange(
    method: string,
    path: string,
    body: string | Uint8Array | undefined,
    contentType = 'application/json',
  ): Promise<{ status: number; text: string }> {
    return new Promise((resolve, reject) => {
      const length = body === undefined ? 0 : Buffer.byteLength(body);
      const headers = { 'Content-Type': contentType, 'Content-Length': String(length) };
      const sent = request(
        { socketPath: this.#socket, agent: this.#agent, method, path: `/v1.41${path}`, headers },
        (answer) => {
          const chunks: Buffer[] = [];
          answer.on('data', (chunk: Buffer) => chunks.push(chunk));
          answer.on('error', reject);
          answer.on('end', () => resolve({ status: answer.statusCode ?? 0, text: Buffer.concat(chunks).toString() }));
        },
      );
      sent.on('error', reject);
      sent.end(body);
    });
  }

  /** Looks again and again until `probe` holds; throws after `timeoutMs` with what it was waiting for, and when interrupted. */
  async until(what: string, probe: () => Promise<boolean>, timeoutMs = 120_000): Promise<void> {
    const deadline = performance.now() + timeoutMs;
    for (;;) {
      const lookedAt = performance.now();
      if (await probe()) return;
      this.#signal?.throwIfAborted();
      const now = performance.now();
      if (now > deadline) throw new Error(`${what}: not within ${timeoutMs} ms`);
      const restMs = Math.max(POLL_MS, REST_PER_LOOK * (now - lookedAt));
      await new Promise((resolve) => setTimeout(resolve, restMs));
    }
  }
}
