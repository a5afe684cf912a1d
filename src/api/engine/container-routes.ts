import { Refusal } from '../../base/index.ts';
import type { ContainerCreate } from '../../engine/index.ts';
import { parseFilters } from '../filters.ts';
import { type Answer, empty, json } from '../http/answer.ts';
import { type Exchange, MAX_SPEC_BYTES } from '../http/exchange.ts';
import { flag } from '../http/query.ts';
import { streamContentType } from '../http/raw-stream.ts';
import type { Route } from '../http/router.ts';
import { parseLogRequest } from '../logs/log-options.ts';
import { containerLogFrames } from './container-log-frames.ts';
import type { LocalContainers } from './local-engine.ts';
import { readObject } from './request-body.ts';

/** Container endpoints on the daemon's own engine, but for attach and exec. */
export function containerRoutes(containers: LocalContainers): readonly Route[] {
  const inspect = async (id: string) => {
    const found = await containers.inspect(id);
    if (found === undefined) throw new Refusal('api-no-such-container', { id });
    return found;
  };
  return [
    {
      method: 'GET',
      path: '/containers/json',
      handle: async ({ query }) => {
        const limit = Number(query.get('limit') ?? 0);
        const options = { all: flag(query, 'all') || limit > 0, filters: parseFilters(query) };
        return json(await containers.list(limit > 0 ? { ...options, limit } : options));
      },
    },
    {
      method: 'GET',
      path: '/containers/{id}/json',
      handle: async (exchange) => json(await inspect(exchange.param('id'))),
    },
    { method: 'POST', path: '/containers/create', handle: (exchange) => create(containers, exchange) },
    {
      method: 'POST',
      path: '/containers/{id}/start',
      handle: async (exchange) => {
        const { State } = await inspect(exchange.param('id'));
        if (State.Running) return empty(304);
        await containers.start(exchange.param('id'), exchange.signal);
        return empty(204);
      },
    },
    {
      method: 'POST',
      path: '/containers/{id}/stop',
      deadline: 'unbounded',
      handle: async (exchange) => ((await stop(containers, exchange)) ? empty(204) : empty(304)),
    },
    {
      method: 'POST',
      path: '/containers/{id}/restart',
      deadline: 'unbounded',
      handle: async (exchange) => {
        await stop(containers, exchange);
        await containers.start(exchange.param('id'), exchange.signal);
        return empty(204);
      },
    },
    {
      method: 'POST',
      path: '/containers/{id}/kill',
      handle: async (exchange) => {
        await containers.kill(exchange.param('id'), exchange.query.get('signal') ?? 'KILL');
        return empty(204);
      },
    },
    {
      method: 'DELETE',
      path: '/containers/{id}',
      handle: async (exchange) => {
        const options = { force: flag(exchange.query, 'force'), volumes: flag(exchange.query, 'v') };
        await containers.remove(exchange.param('id'), options, exchange.signal);
        return empty(204);
      },
    },
    {
      method: 'POST',
      path: '/containers/{id}/wait',
      deadline: 'unbounded',
      handle: (exchange) => wait(containers, exchange),
    },
    {
      method: 'GET',
      path: '/containers/{id}/logs',
      deadline: 'unbounded',
      handle: async (exchange): Promise<Answer> => {
        const request = parseLogRequest(exchange.query);
        const found = await inspect(exchange.param('id'));
        const isRaw = found.Config.Tty === true;
        const until = exchange.query.get('until') ?? '';
        const options = until === '' || until === '0' ? request.options : { ...request.options, until };
        const records = containers.logs(found.Id, options, exchange.signal);
        return {
          kind: 'stream',
          status: 200,
          contentType: streamContentType(isRaw, exchange.apiMinor),
          chunks: containerLogFrames(records, { isRaw, timestamps: request.timestamps }),
        };
      },
    },
    {
      method: 'POST',
      path: '/containers/{id}/resize',
      handle: async (exchange) => {
        await containers.resize(exchange.param('id'), terminalSize(exchange.query));
        return empty();
      },
    },
  ];
}

async function create(containers: LocalContainers, exchange: Exchange): Promise<Answer> {
  const body = readObject(await exchange.readBody(MAX_SPEC_BYTES));
  if (typeof body.Image !== 'string' || body.Image === '') throw new Refusal('container-without-image');
  // The engine checks each field that it acts on and refuses what it can't do by name.
  const request = body as unknown as ContainerCreate;
  return json(await containers.create(exchange.query.get('name') ?? '', request, exchange.signal), 201);
}

function stop(containers: LocalContainers, exchange: Exchange): Promise<boolean> {
  const seconds = exchange.query.get('t');
  const stopSignal = exchange.query.get('signal');
  const options = {
    ...(seconds !== null && seconds !== '' && { graceMs: graceOf(seconds) }),
    ...(stopSignal !== null && { stopSignal }),
  };
  return containers.stop(exchange.param('id'), options, exchange.signal);
}

/** Seconds as a client gives them; a negative number waits as long as it takes. */
function graceOf(text: string): number {
  const seconds = Number(text);
  if (!Number.isInteger(seconds)) throw new Refusal('api-invalid-number', { name: 't', value: text });
  return seconds < 0 ? Number.POSITIVE_INFINITY : seconds * 1000;
}

async function wait(containers: LocalContainers, exchange: Exchange): Promise<Answer> {
  const condition = exchange.query.get('condition') || 'not-running';
  if (condition !== 'not-running' && condition !== 'next-exit' && condition !== 'removed') {
    throw new Refusal('invalid-wait-condition', { condition });
  }
  const id = exchange.param('id');
  const found = await containers.inspect(id);
  if (found === undefined) throw new Refusal('api-no-such-container', { id });
  const status = containers.wait(found.Id, condition, exchange.signal);
  // The head goes out at once: a client that waits before it starts the container relies on it.
  return { kind: 'stream', status: 200, contentType: 'application/json', chunks: waitBody(status) };
}

async function* waitBody(status: Promise<number>): AsyncGenerator<string> {
  yield `${JSON.stringify({ StatusCode: await status })}\n`;
}

/** `h` and `w` of a resize. */
export function terminalSize(query: URLSearchParams): { readonly rows: number; readonly columns: number } {
  const read = (name: 'h' | 'w'): number => {
    const text = query.get(name) ?? '';
    const value = Number(text);
    if (!/^[0-9]+$/.test(text) || value > 65_535) throw new Refusal('api-invalid-number', { name, value: text });
    return value;
  };
  return { rows: read('h'), columns: read('w') };
}
