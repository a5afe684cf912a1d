import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { messageOf, Refusal } from '../../base/index.ts';
import type { EnginePassage } from '../ports.ts';
import type { AnswerHeaders } from './answer.ts';
import { statusOfKind } from './errors.ts';
import { BODY_TIMEOUT_MS } from './exchange.ts';
import { apiMinorOf, parseTarget } from './path.ts';
import type { HttpOptions } from './server.ts';

/** Bodies before a raw stream are options of `exec` and `attach`. */
const MAX_UPGRADE_BODY_BYTES = 64 * 1024;

/** Hands a connection that becomes a raw stream to the passage. Never rejects. */
export async function serveUpgrade(
  options: HttpOptions & { readonly passage: EnginePassage },
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
): Promise<void> {
  const abort = new AbortController();
  const stop = () => abort.abort(new Error('the daemon stops'));
  options.stopping.addEventListener('abort', stop, { signal: abort.signal });
  socket.once('close', () => abort.abort(new Error('the client went away')));
  socket.on('error', (error) => abort.abort(error));
  try {
    options.gate?.(request);
    const { path, rawPath, query: sent, version } = parseTarget(request.url ?? '/');
    const apiMinor = apiMinorOf(version);
    const { body, rest } = await readUpgradeBody(request, socket, head);
    const { signal } = abort;
    const query = new URLSearchParams(sent);
    const passed = { request, method: request.method ?? 'POST', path, rawPath, query, apiMinor, signal };
    await options.passage.serveUpgrade(passed, body, socket, rest);
  } catch (error) {
    if (error instanceof Refusal) return refuseUpgrade(socket, error, options.standard);
    options.log.error({ url: request.url, error }, 'api stream failed');
    refuseUpgrade(socket, error, options.standard);
  }
}

/** Answers a request for a raw stream with an error, by hand: its socket has left HTTP. */
export function refuseUpgrade(socket: Duplex, error: unknown, standard: AnswerHeaders): void {
  if (socket.destroyed) return;
  const status = error instanceof Refusal ? statusOfKind[error.kind] : 500;
  const body = `${JSON.stringify({ message: messageOf(error) })}\n`;
  const headers = {
    ...standard,
    'Content-Type': 'application/json',
    'Content-Length': String(Buffer.byteLength(body)),
    Connection: 'close',
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(`HTTP/1.1 ${status} ${status === 404 ? 'Not Found' : 'Error'}\r\n${lines.join('')}\r\n${body}`);
}

/** Node leaves the body of an upgrading request in the stream: takes the stated length off it. */
async function readUpgradeBody(
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
): Promise<{ readonly body: Buffer; readonly rest: Buffer }> {
  if (request.headers['transfer-encoding'] !== undefined) throw new Refusal('upgrade-body-chunked');
  const length = Number(request.headers['content-length'] ?? 0);
  if (length > MAX_UPGRADE_BODY_BYTES) throw new Refusal('body-too-large', { limitBytes: MAX_UPGRADE_BODY_BYTES });
  let bytes = head;
  while (bytes.length < length) bytes = Buffer.concat([bytes, await nextChunk(socket)]);
  return { body: bytes.subarray(0, length), rest: bytes.subarray(length) };
}

function nextChunk(socket: Duplex): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      end();
      reject(new Refusal('body-too-slow', { timeoutMs: BODY_TIMEOUT_MS }));
    }, BODY_TIMEOUT_MS);
    const end = () => {
      clearTimeout(timer);
      socket.off('data', onData).off('close', onClose);
      socket.pause();
    };
    const onData = (chunk: Buffer) => {
      end();
      resolve(chunk);
    };
    const onClose = () => {
      end();
      reject(new Error('the client went away within the body'));
    };
    socket.on('data', onData).on('close', onClose);
  });
}
