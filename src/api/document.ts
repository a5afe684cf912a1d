import type { Static, TSchema } from 'typebox';
import { decodeJson } from '../model/index.ts';
import type { Exchange } from './http/exchange.ts';

/** Reads a request's body as Go's clients and servers do, into the shape of a schema. Whatever its content type says. */
export async function readDocument<T extends TSchema>(
  exchange: Exchange,
  schema: T,
  limitBytes: number,
): Promise<Static<T>> {
  return decodeJson(schema, await exchange.readBody(limitBytes));
}
