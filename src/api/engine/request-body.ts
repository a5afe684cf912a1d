import { Refusal } from '../../base/index.ts';

/** The JSON object of a body; an absent body is an empty object, as in Docker. */
export function readObject(body: Uint8Array): Record<string, unknown> {
  const text = Buffer.from(body).toString('utf8').trim();
  if (text === '') return {};
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (cause) {
    throw new Refusal('api-body-not-object', { cause });
  }
  if (parsed === null) return {};
  if (typeof parsed !== 'object' || Array.isArray(parsed)) throw new Refusal('api-body-not-object');
  return parsed as Record<string, unknown>; // an object that is no array has string keys
}
