import { messageOf, Unavailable } from '../../base/index.ts';
import { parseExact } from './exact-json.ts';

/** One message of a stream: an event of a container with thousands of labels, a pull's error text. */
const MAX_LINE_BYTES = 4 * 1024 * 1024;

/** The documents of a stream of JSON, one a line. */
export async function* jsonLines(
  source: { readonly address: string; readonly what: string },
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<Readonly<Record<string, unknown>>> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of chunks) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    if (rest.length > MAX_LINE_BYTES) throw malformed(source, `a line is longer than ${MAX_LINE_BYTES} bytes`);
    for (const line of lines) if (line.trim() !== '') yield parseLine(source, line);
  }
  if (rest.trim() !== '') yield parseLine(source, rest);
}

function parseLine(source: { readonly address: string; readonly what: string }, line: string): Record<string, unknown> {
  let parsed: unknown;
  try {
    parsed = parseExact(line);
  } catch (error) {
    throw malformed(source, messageOf(error));
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed))
    throw malformed(source, 'it is no object');
  // An object that is no list has string keys.
  return parsed as Record<string, unknown>;
}

function malformed(source: { readonly address: string; readonly what: string }, why: string): Unavailable {
  return new Unavailable('engine-answer-malformed', { ...source, why });
}
