import type { ServerResponse } from 'node:http';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { encodeJson } from '../../model/index.ts';
import type { Answer, AnswerHeaders, ListAnswer } from './answer.ts';
import { MAX_API_VERSION } from './path.ts';

/** A client that takes nothing of a finished answer for this long is cut off: its bytes are held in memory. */
export const STALLED_READER_MS = 60_000;

/** Encoding of a list pauses after this long, so that no request holds up the process (rule: no step above 20 ms). */
const SLICE_MS = 5;

/** A slice is also written out when it has grown to this, which bounds what one slow reader makes us hold. */
export const SLICE_BYTES = 64 * 1024;

/** Headers of every answer. */
export function standardHeaders(version: string): AnswerHeaders {
  return {
    'Api-Version': MAX_API_VERSION,
    'Docker-Experimental': 'false',
    Ostype: 'linux',
    Server: `Ruche/${version} (linux)`,
  };
}

/** Writes an answer; resolves when the response is ended, rejects when an answer's own source failed before the first byte. */
export function writeAnswer(
  response: ServerResponse,
  answer: Answer,
  standard: AnswerHeaders,
): Promise<void> | undefined {
  switch (answer.kind) {
    case 'json':
      return whole(response, answer.status, `${encodeJson(answer.body)}\n`, {
        ...standard,
        'Content-Type': 'application/json',
        ...answer.headers,
      });
    case 'text':
      return whole(response, answer.status, answer.text, {
        ...standard,
        'Content-Type': 'text/plain; charset=utf-8',
        ...answer.headers,
      });
    case 'empty':
      return whole(response, answer.status, '', { ...standard, ...answer.headers });
    case 'list':
      return writeList(response, answer, standard);
    case 'stream':
      return writeStream(response, answer, standard);
  }
}

function whole(response: ServerResponse, status: number, text: string, headers: AnswerHeaders): undefined {
  const bytes = Buffer.from(text);
  // 204 and 304 have no body and thus no length.
  response.writeHead(status, status === 204 ? headers : { ...headers, 'Content-Length': String(bytes.length) });
  response.end(bytes);
  if (response.writableLength > 0) cutWhenStalled(response);
  return undefined;
}

async function writeList(response: ServerResponse, answer: ListAnswer, standard: AnswerHeaders): Promise<void> {
  const headers = { ...standard, 'Content-Type': 'application/json' };
  let text = '[';
  let isFirst = true;
  let isBegun = false;
  let sliceStart = performance.now();
  for (const element of answer.elements) {
    if (element !== undefined) {
      text += isFirst ? element : `,${element}`;
      isFirst = false;
    }
    const isFull = text.length >= SLICE_BYTES;
    if (!isFull && performance.now() - sliceStart < SLICE_MS) continue;
    if (isFull) {
      if (!isBegun) response.writeHead(200, headers);
      isBegun = true;
      if (!response.write(text) && !(await drained(response, STALLED_READER_MS))) return;
      text = '';
    }
    if (performance.now() - sliceStart >= SLICE_MS) {
      await nextTurn();
      sliceStart = performance.now();
    }
  }
  if (!isBegun) return whole(response, 200, `${text}]\n`, headers);
  response.end(`${text}]\n`);
  if (response.writableLength > 0) cutWhenStalled(response);
}

async function writeStream(
  response: ServerResponse,
  answer: Extract<Answer, { kind: 'stream' }>,
  standard: AnswerHeaders,
): Promise<void> {
  response.writeHead(answer.status, { ...standard, 'Content-Type': answer.contentType });
  response.flushHeaders();
  for await (const chunk of answer.chunks) {
    // One that follows may pause its reader as long as it likes: the source is not asked for more meanwhile.
    if (!response.write(chunk) && !(await drained(response))) return;
  }
  response.end();
  if (response.writableLength > 0) cutWhenStalled(response);
}

/** True when the client has taken what was written, false when it went away or, with a limit, stalled and was cut off. */
function drained(response: ServerResponse, limitMs?: number): Promise<boolean> {
  if (response.destroyed) return Promise.resolve(false);
  return new Promise((resolve) => {
    const timer = limitMs === undefined ? undefined : setTimeout(() => response.destroy(), limitMs);
    const end = (isOpen: boolean) => {
      clearTimeout(timer);
      response.off('drain', onDrain).off('close', onClose);
      resolve(isOpen);
    };
    const onDrain = () => end(true);
    const onClose = () => end(false);
    response.on('drain', onDrain).on('close', onClose);
  });
}

function cutWhenStalled(response: ServerResponse): void {
  const timer = setTimeout(() => response.destroy(), STALLED_READER_MS);
  timer.unref();
  response.once('close', () => clearTimeout(timer)).once('finish', () => clearTimeout(timer));
}
