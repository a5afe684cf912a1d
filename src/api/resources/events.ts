import { encodeJson } from '../../model/index.ts';
import { eventMatches } from '../events/event-filter.ts';
import type { EventJournal } from '../events/journal.ts';
import { eventWindow } from '../events/times.ts';
import { parseFilters } from '../filters.ts';
import type { Route } from '../http/router.ts';

/** `GET /events`: what happens in the cluster and on this node's engine, one JSON object a line. */
export function eventRoutes(journal: EventJournal): readonly Route[] {
  return [
    {
      method: 'GET',
      path: '/events',
      deadline: 'unbounded',
      handle: (exchange) => {
        const window = eventWindow(exchange.query);
        const filters = parseFilters(exchange.query);
        const { signal } = exchange;
        const events = journal.follow({ ...window, matches: (event) => eventMatches(filters, event), signal });
        return { kind: 'stream', status: 200, contentType: 'application/json', chunks: lines(events) };
      },
    },
  ];
}

async function* lines(events: AsyncIterable<unknown>): AsyncGenerator<string> {
  for await (const event of events) yield `${encodeJson(event)}\n`;
}
