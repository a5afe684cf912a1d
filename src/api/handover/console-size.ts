import type { EngineConnection } from '../../engine/docker/index.ts';
import { memberOf, versionText } from '../../engine/docker/index.ts';
import { parseDocument } from './body-rules.ts';
import { type Crossing, clientAloneHas } from './crossing.ts';

/** API 1.42 lets `exec` begin with the size of the client's terminal; an older engine is told right after the start. */
const CONSOLE_SIZE = 42;

/** The call that gives a started exec its terminal's size, where the engine did not take it from the body. */
export function resizeAfterStart(crossing: Crossing, path: string, body: Buffer): string | undefined {
  if (crossing.route.path !== '/exec/{id}/start' || !clientAloneHas(crossing, CONSOLE_SIZE)) return undefined;
  const parsed = parseDocument(body);
  const size = memberOf(parsed, 'ConsoleSize');
  if (memberOf(parsed, 'Tty') !== true || !Array.isArray(size)) return undefined;
  const [height, width] = size.map(Number);
  if (!(Number(height) > 0 && Number(width) > 0)) return undefined;
  const [, , id = ''] = path.split('/');
  return `/v${versionText(crossing.engine)}/exec/${encodeURIComponent(id)}/resize?h=${height}&w=${width}`;
}

/** Resizes. That it failed is no reason to end a stream that runs: the program may have ended already. */
export async function resize(connection: EngineConnection, path: string, signal: AbortSignal): Promise<boolean> {
  try {
    const reply = await connection.forward({ method: 'POST', path, headers: {}, body: null, signal });
    await reply.body.dump();
    return reply.statusCode < 400;
  } catch {
    return false;
  }
}
