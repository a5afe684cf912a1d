import type { Static, TSchema } from 'typebox';
import { decodeJson } from '../model/index.ts';
import type { Exchange } from './http/exchange.ts';

// As in Go, bytes that are no UTF-8 become U+FFFD; a byte order mark is no JSON there, so it is kept for the reader to refuse.
const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });

/** Reads a request's body as Go's clients and servers do, into the shape of a schema. Whatever its content type says. */
export async function readDocument<T extends TSchema>(
  exchange: Exchange,
  schema: T,
  limitBytes: number,
): Promise<Static<T>> {
  return decodeJson(schema, utf8.decode(await exchange.readBody(limitBytes)));
}
