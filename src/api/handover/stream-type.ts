import type { EngineConnection } from '../../engine/docker/index.ts';
import { memberOf, parseExact, readWhole, versionText } from '../../engine/docker/index.ts';
import { streamContentType } from '../http/raw-stream.ts';
import { parseDocument } from './body-rules.ts';
import { type Crossing, clientAloneHas, engineAloneHas } from './crossing.ts';

/** API 1.42 gave the framed stream a content type of its own; clients of it tell frames from raw bytes by that. */
const MULTIPLEXED_TYPE = 42;

const containerStreams = new Set([
  'GET /containers/{id}/logs',
  'POST /containers/{id}/attach',
  'GET /containers/{id}/attach/ws',
]);
const EXEC_START = 'POST /exec/{id}/start';

/** The content type of a stream of output where the client's version names it otherwise than the engine; else `undefined`. */
export async function bridgedStreamType(
  crossing: Crossing,
  passed: { readonly path: string; readonly body: Buffer | undefined; readonly signal: AbortSignal },
  connection: EngineConnection,
): Promise<string | undefined> {
  const { route, client, engine } = crossing;
  const name = `${route.method} ${route.path}`;
  if (name !== EXEC_START && !containerStreams.has(name)) return undefined;
  if (engineAloneHas(crossing, MULTIPLEXED_TYPE)) return streamContentType(true, client);
  if (!clientAloneHas(crossing, MULTIPLEXED_TYPE)) return undefined;
  if (name === EXEC_START)
    return streamContentType(memberOf(parseDocument(passed.body ?? Buffer.alloc(0)), 'Tty') === true, client);
  const [, , id = ''] = passed.path.split('/');
  const hasTerminal = await hasContainerTerminal(
    connection,
    `/v${versionText(engine)}/containers/${encodeURIComponent(id)}/json`,
    passed.signal,
  );
  return hasTerminal === undefined ? undefined : streamContentType(hasTerminal, client);
}

async function hasContainerTerminal(
  connection: EngineConnection,
  path: string,
  signal: AbortSignal,
): Promise<boolean | undefined> {
  const { statusCode, body } = await connection.forward({ method: 'GET', path, headers: {}, body: null, signal });
  const text = await readWhole(body);
  // The answer to the request itself will say what is wrong.
  return statusCode === 200 ? memberOf(memberOf(parseExact(text), 'Config'), 'Tty') === true : undefined;
}
