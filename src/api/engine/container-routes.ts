import { Refusal } from '../../base/index.ts';
import type { ContainerCreate, ContainerInspect, LocalEngine } from '../../engine/index.ts';
import type { ContainerId } from '../../model/index.ts';
import { parseFilters } from '../filters.ts';
import { type Answer, empty, encodeJson, json } from '../http/answer.ts';
import { type Exchange, MAX_SPEC_BYTES } from '../http/exchange.ts';
import { flag } from '../http/query.ts';
import { streamContentType } from '../http/raw-stream.ts';
import type { Route } from '../http/router.ts';
import { parseLogRequest } from '../logs/log-options.ts';
import { containerLogFrames } from './container-log-frames.ts';
import { readObject } from './request-body.ts';

/** Of a container that names none, as Docker's. */
const DEFAULT_STOP_TIMEOUT_S = 10;
/** After the grace and SIGKILL a container ends at once; what takes longer hangs. */
const STOP_TIMEOUT_MS = 60_000;
/** The longest that a timer of Node's counts. */
const MAX_TIMER_MS = 2 ** 31 - 1;
/** Waits "as long as it takes": a day more than any client. */
const UNLIMITED_GRACE_MS = 365 * 24 * 3_600_000;

/** Container endpoints on the daemon's own engine, but for attach and exec. */
export function containerRoutes(engine: LocalEngine): readonly Route[] {
  return [
    { method: 'GET', path: '/containers/json', handle: ({ query }) => json(listed(engine, query)) },
    {
      method: 'GET',
      path: '/containers/{id}/json',
      handle: async (exchange) => json(await inspect(engine, exchange)),
    },
    { method: 'POST', path: '/containers/create', handle: (exchange) => create(engine, exchange) },
    { method: 'POST', path: '/containers/{id}/start', handle: (exchange) => start(engine, exchange) },
    {
      method: 'POST',
      path: '/containers/{id}/stop',
      deadline: 'unbounded',
      handle: async (exchange) => ((await stop(engine, exchange)) ? empty(204) : empty(304)),
    },
    {
      method: 'POST',
      path: '/containers/{id}/restart',
      deadline: 'unbounded',
      handle: async (exchange) => {
        await stop(engine, exchange);
        await engine.startContainer(idOf(engine, exchange), exchange.signal);
        return empty(204);
      },
    },
    {
      method: 'POST',
      path: '/containers/{id}/kill',
      handle: async (exchange) => {
        await engine.killContainer(idOf(engine, exchange), exchange.query.get('signal') || 'KILL');
        return empty(204);
      },
    },
    { method: 'DELETE', path: '/containers/{id}', handle: (exchange) => remove(engine, exchange) },
    {
      method: 'POST',
      path: '/containers/{id}/wait',
      deadline: 'unbounded',
      handle: (exchange) => wait(engine, exchange),
    },
    {
      method: 'GET',
      path: '/containers/{id}/logs',
      deadline: 'unbounded',
      handle: (exchange) => logs(engine, exchange),
    },
    {
      method: 'GET',
      path: '/containers/{id}/stats',
      deadline: 'unbounded',
      handle: (exchange) => stats(engine, exchange),
    },
    {
      method: 'POST',
      path: '/containers/{id}/resize',
      handle: async (exchange) => {
        const { rows, columns } = terminalSize(exchange.query);
        await engine.resizeContainer(idOf(engine, exchange), rows, columns);
        return empty();
      },
    },
  ];
}

const idOf = (engine: LocalEngine, exchange: Exchange): ContainerId => engine.findContainer(exchange.param('id'));

function listed(engine: LocalEngine, query: URLSearchParams): readonly object[] {
  const limit = Number(query.get('limit') ?? 0);
  const filters = Object.fromEntries(parseFilters(query));
  const options = { all: flag(query, 'all') || limit > 0, size: flag(query, 'size'), filters };
  return engine.listContainerSummaries(limit > 0 ? { ...options, limit } : options);
}

async function inspect(engine: LocalEngine, exchange: Exchange): Promise<ContainerInspect> {
  const found = await engine.inspectContainer(exchange.param('id'), exchange.signal);
  if (found === undefined) throw new Refusal('api-no-such-container', { id: exchange.param('id') });
  return found;
}

async function create(engine: LocalEngine, exchange: Exchange): Promise<Answer> {
  const body = readObject(await exchange.readBody(MAX_SPEC_BYTES));
  if (typeof body.Image !== 'string' || body.Image === '') throw new Refusal('container-without-image');
  // The engine checks each field that it acts on and refuses what it can't do by name.
  const request = body as unknown as ContainerCreate;
  const name = exchange.query.get('name') ?? '';
  const Id = await engine.createContainer(name, request, { signal: exchange.signal });
  return json({ Id, Warnings: [] }, 201);
}

async function start(engine: LocalEngine, exchange: Exchange): Promise<Answer> {
  const { Id, State } = await inspect(engine, exchange);
  if (State.Running) return empty(304);
  await engine.startContainer(Id, exchange.signal);
  return empty(204);
}

/** False when it was stopped already. */
async function stop(engine: LocalEngine, exchange: Exchange): Promise<boolean> {
  const { Id, State, Config } = await inspect(engine, exchange);
  const seconds = exchange.query.get('t') ?? '';
  const graceMs = seconds === '' ? (Config.StopTimeout ?? DEFAULT_STOP_TIMEOUT_S) * 1000 : graceOf(seconds);
  if (!State.Running) return false;
  // Begun, it goes on to its end also when the client does not wait for it: the container has its signal already.
  await engine.stopContainer(Id, graceMs, AbortSignal.timeout(Math.min(graceMs + STOP_TIMEOUT_MS, MAX_TIMER_MS)));
  return true;
}

/** Seconds as a client gives them; a negative number waits as long as it takes. */
function graceOf(text: string): number {
  const seconds = Number(text);
  if (!Number.isInteger(seconds)) throw new Refusal('api-invalid-number', { name: 't', value: text });
  return seconds < 0 ? UNLIMITED_GRACE_MS : seconds * 1000;
}

async function remove(engine: LocalEngine, exchange: Exchange): Promise<Answer> {
  const { Id, Name, State } = await inspect(engine, exchange);
  if (State.Running && !flag(exchange.query, 'force')) throw new Refusal('container-runs', { name: Name });
  await engine.removeContainer(Id, exchange.signal);
  return empty(204);
}

async function wait(engine: LocalEngine, exchange: Exchange): Promise<Answer> {
  const condition = exchange.query.get('condition') || 'not-running';
  if (condition !== 'not-running' && condition !== 'next-exit' && condition !== 'removed') {
    throw new Refusal('invalid-wait-condition', { condition });
  }
  const status = engine.waitContainer(idOf(engine, exchange), condition, exchange.signal);
  // The head goes out at once: a client that waits before it starts the container relies on it.
  return { kind: 'stream', status: 200, contentType: 'application/json', chunks: waitBody(status) };
}

async function* waitBody(status: Promise<number>): AsyncGenerator<string> {
  yield `${JSON.stringify({ StatusCode: await status })}\n`;
}

async function logs(engine: LocalEngine, exchange: Exchange): Promise<Answer> {
  const request = parseLogRequest(exchange.query);
  const { Id, Config } = await inspect(engine, exchange);
  const isRaw = Config.Tty === true;
  const until = exchange.query.get('until') ?? '';
  const options = until === '' || until === '0' ? request.options : { ...request.options, until };
  return {
    kind: 'stream',
    status: 200,
    contentType: streamContentType(isRaw, exchange.apiMinor),
    chunks: containerLogFrames(engine.logs(Id, options, exchange.signal), { isRaw, timestamps: request.timestamps }),
  };
}

/** One sample, or one a second as long as the client reads. */
async function stats(engine: LocalEngine, exchange: Exchange): Promise<Answer> {
  const id = idOf(engine, exchange);
  const isStream =
    (exchange.query.get('stream') ?? 'true') !== 'false' && (exchange.query.get('stream') ?? '1') !== '0';
  if (!isStream) return json(await engine.containerStats(id));
  return { kind: 'stream', status: 200, contentType: 'application/json', chunks: samples(engine, id, exchange.signal) };
}

async function* samples(engine: LocalEngine, id: ContainerId, signal: AbortSignal): AsyncGenerator<string> {
  while (!signal.aborted) {
    yield `${encodeJson(await engine.containerStats(id))}\n`;
    await everySecond(signal);
  }
}

/** Resolves after a second, or at once when the client goes away. */
function everySecond(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(end, 1000);
    signal.addEventListener('abort', end, { once: true });
    function end(): void {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    }
  });
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
