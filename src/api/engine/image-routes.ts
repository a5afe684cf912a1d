import { messageOf, Refusal } from '../../base/index.ts';
import { parseFilters } from '../filters.ts';
import { type Answer, empty, encodeJson, json } from '../http/answer.ts';
import type { Exchange } from '../http/exchange.ts';
import { flag } from '../http/query.ts';
import type { Route } from '../http/router.ts';
import type { LocalImages, ProgressLine } from './local-engine.ts';

/** Image endpoints on the daemon's own engine. Names contain slashes, so the longer patterns come first. */
export function imageRoutes(images: LocalImages): readonly Route[] {
  return [
    {
      method: 'GET',
      path: '/images/json',
      handle: async ({ query }) => json(await images.list({ all: flag(query, 'all'), filters: parseFilters(query) })),
    },
    { method: 'POST', path: '/images/create', deadline: 'unbounded', handle: (exchange) => create(images, exchange) },
    {
      method: 'POST',
      path: '/images/load',
      deadline: 'unbounded',
      handle: (exchange) =>
        progress(images.load(exchange.request, { quiet: flag(exchange.query, 'quiet') }, exchange.signal)),
    },
    {
      method: 'GET',
      path: '/images/{name:.*}/json',
      handle: async (exchange) => {
        const found = await images.inspect(exchange.param('name'));
        if (found === undefined) throw new Refusal('api-no-such-image', { image: exchange.param('name') });
        return json(found);
      },
    },
    {
      method: 'GET',
      path: '/images/{name:.*}/history',
      handle: async (exchange) => json(await images.history(exchange.param('name'))),
    },
    {
      method: 'POST',
      path: '/images/{name:.*}/tag',
      handle: async (exchange) => {
        const tag = exchange.query.get('tag') ?? '';
        const repository = exchange.query.get('repo') ?? '';
        await images.tag(exchange.param('name'), tag === '' ? repository : `${repository}:${tag}`);
        return empty(201);
      },
    },
    {
      method: 'DELETE',
      path: '/images/{name:.*}',
      handle: async (exchange) => {
        const options = { force: flag(exchange.query, 'force'), noPrune: flag(exchange.query, 'noprune') };
        return json(await images.remove(exchange.param('name'), options));
      },
    },
    {
      method: 'GET',
      path: '/distribution/{name:.*}/json',
      deadline: 'unbounded',
      handle: async (exchange) =>
        json(await images.distribution(exchange.param('name'), exchange.header('x-registry-auth'), exchange.signal)),
    },
  ];
}

/** `docker pull` with `fromImage`, `docker import` with `fromSrc=-`. */
function create(images: LocalImages, exchange: Exchange): Promise<Answer> {
  const { query, signal } = exchange;
  const text = (name: string): string => query.get(name) ?? '';
  const platform = text('platform') === '' ? {} : { platform: text('platform') };
  const fromImage = text('fromImage');
  if (fromImage !== '') {
    const registryAuth = exchange.header('x-registry-auth');
    const options = registryAuth === undefined ? platform : { ...platform, registryAuth };
    return progress(images.pull(withTag(fromImage, text('tag')), options, signal));
  }
  if (text('fromSrc') !== '-') throw new Refusal('not-built-yet', { what: 'importing an image from an address' });
  const options = {
    ...platform,
    ...(text('repo') !== '' && { reference: withTag(text('repo'), text('tag')) }),
    ...(text('message') !== '' && { message: text('message') }),
    changes: query.getAll('changes'),
  };
  return progress(images.import(exchange.request, options, signal));
}

function withTag(name: string, tag: string): string {
  if (tag === '') return name;
  return tag.includes(':') ? `${name}@${tag}` : `${name}:${tag}`;
}

/**
 * Lines of JSON as they come. What fails before the first line is an error with its status; what fails later is told in the stream,
 * where the CLI looks for it.
 */
async function progress(lines: AsyncIterable<ProgressLine>): Promise<Answer> {
  const iterator = lines[Symbol.asyncIterator]();
  const first = await iterator.next();
  return { kind: 'stream', status: 200, contentType: 'application/json', chunks: encodeLines(first, iterator) };
}

async function* encodeLines(
  first: IteratorResult<ProgressLine>,
  rest: AsyncIterator<ProgressLine>,
): AsyncGenerator<string> {
  try {
    for (let next = first; next.done !== true; next = await rest.next()) yield `${encodeJson(next.value)}\r\n`;
  } catch (error) {
    const message = messageOf(error);
    yield `${encodeJson({ errorDetail: { message }, error: message })}\r\n`;
  } finally {
    await rest.return?.();
  }
}
