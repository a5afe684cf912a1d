import { messageOf, Refusal } from '../../base/index.ts';
import { parseFilters } from '../filters.ts';
import { type Answer, empty, encodeJson, json } from '../http/answer.ts';
import type { Exchange } from '../http/exchange.ts';
import { flag } from '../http/query.ts';
import type { Route } from '../http/router.ts';
import type { Document, LocalImages } from './local-images.ts';

/** Image endpoints on the daemon's own engine. Names contain slashes, so the longer patterns come first. */
export function imageRoutes(images: LocalImages): readonly Route[] {
  return [
    {
      method: 'GET',
      path: '/images/json',
      handle: ({ query }) => json(images.list(parseFilters(query))),
    },
    { method: 'POST', path: '/images/create', deadline: 'unbounded', handle: (exchange) => create(images, exchange) },
    {
      method: 'POST',
      path: '/images/load',
      deadline: 'unbounded',
      handle: (exchange) =>
        progress(images.load(exchange.request, { quiet: flag(exchange.query, 'quiet'), signal: exchange.signal })),
    },
    {
      method: 'GET',
      path: '/images/get',
      deadline: 'unbounded',
      handle: (exchange) => archive(images.save(exchange.query.getAll('names'), exchange.signal)),
    },
    {
      method: 'GET',
      path: '/images/{name:.*}/get',
      deadline: 'unbounded',
      handle: (exchange) => archive(images.save([exchange.param('name')], exchange.signal)),
    },
    {
      method: 'POST',
      path: '/images/prune',
      deadline: 'unbounded',
      handle: async ({ query }) => json(await images.prune(parseFilters(query))),
    },
    {
      method: 'GET',
      path: '/images/{name:.*}/json',
      handle: (exchange) => json(images.inspect(exchange.param('name'))),
    },
    {
      method: 'GET',
      path: '/images/{name:.*}/history',
      handle: (exchange) => json(images.history(exchange.param('name'))),
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
        return json(await images.remove(exchange.param('name'), { force: flag(exchange.query, 'force') }));
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
    const options = registryAuth === undefined ? { ...platform, signal } : { ...platform, registryAuth, signal };
    return progress(images.pull(withTag(fromImage, text('tag')), options));
  }
  if (text('fromSrc') !== '-') throw new Refusal('not-built-yet', { what: 'importing an image from an address' });
  const options = {
    ...platform,
    ...(text('repo') !== '' && { reference: withTag(text('repo'), text('tag')) }),
    ...(text('message') !== '' && { message: text('message') }),
    changes: query.getAll('changes'),
    signal,
  };
  return progress(images.import(exchange.request, options));
}

function withTag(name: string, tag: string): string {
  if (tag === '') return name;
  return tag.includes(':') ? `${name}@${tag}` : `${name}:${tag}`;
}

/**
 * Lines of JSON as they come. What fails before the first line is an error with its status; what fails later is told in the stream,
 * where the CLI looks for it.
 */
async function progress(lines: AsyncIterable<Document>): Promise<Answer> {
  const iterator = lines[Symbol.asyncIterator]();
  const first = await iterator.next();
  return {
    kind: 'stream',
    status: 200,
    contentType: 'application/json',
    chunks: encodeLines(continued(first, iterator)),
  };
}

/** An archive as the answer's body; a name that is not there is refused before its first byte. */
async function archive(bytes: AsyncIterable<Uint8Array>): Promise<Answer> {
  const iterator = bytes[Symbol.asyncIterator]();
  const first = await iterator.next();
  return { kind: 'stream', status: 200, contentType: 'application/x-tar', chunks: continued(first, iterator) };
}

async function* continued<T>(first: IteratorResult<T>, rest: AsyncIterator<T>): AsyncGenerator<T> {
  try {
    for (let next = first; next.done !== true; next = await rest.next()) yield next.value;
  } finally {
    await rest.return?.();
  }
}

async function* encodeLines(lines: AsyncIterable<Document>): AsyncGenerator<string> {
  try {
    for await (const line of lines) yield `${encodeJson(line)}\r\n`;
  } catch (error) {
    const message = messageOf(error);
    yield `${encodeJson({ errorDetail: { message }, error: message })}\r\n`;
  }
}
