import { expect, test } from 'vitest';
import { type Cancel, ManualClock } from '../../base/index.ts';
import type { Commit } from '../../store/index.ts';
import { parseFilters } from '../filters.ts';
import type { ApiEvent, ApiPorts } from '../ports.ts';
import { eventMatches } from './event-filter.ts';
import { EventJournal, MAX_QUEUED_EVENTS } from './journal.ts';
import { eventWindow, parseUnixNanos } from './times.ts';

function journalWith(clock = new ManualClock(1_000_000)) {
  let publish: (event: ApiEvent) => void = () => undefined;
  const none: Cancel = () => undefined;
  const ports = {
    clock,
    swarm: { watchCommits: (_listener: (commit: Commit) => void) => none },
    engineInfo: {
      watchEvents: (listener: typeof publish) => {
        publish = listener;
        return none;
      },
    },
  } as unknown as ApiPorts; // the ports that the journal uses
  return { journal: new EventJournal(ports), publish: (event: ApiEvent) => publish(event), clock };
}

const event = (name: string, atMs: number): ApiEvent => ({
  Type: 'service',
  Action: 'create',
  Actor: { ID: `id-${name}`, Attributes: { name } },
  scope: 'swarm',
  time: Math.floor(atMs / 1000),
  timeNano: BigInt(atMs) * 1_000_000n,
});

const all = () => true;

test('since replays what is kept, then follows', async () => {
  const { journal, publish } = journalWith();
  publish(event('old', 1_000));
  publish(event('recent', 5_000));
  const abort = new AbortController();
  const events = journal.follow({ matches: all, since: 2_000_000_000n, signal: abort.signal });
  expect((await events.next()).value).toEqual(event('recent', 5_000));
  const next = events.next();
  publish(event('new', 6_000));
  expect((await next).value).toEqual(event('new', 6_000));
  abort.abort();
  expect((await events.next()).done).toBe(true);
});

test('until ends the stream when its time has come', async () => {
  const { journal, clock } = journalWith();
  const signal = new AbortController().signal;
  const events = journal.follow({ matches: all, until: 1_001_000_000_000n, signal });
  const next = events.next();
  clock.advance(1_000);
  expect((await next).done).toBe(true);
});

test('a reader that falls behind is told instead of missing events', async () => {
  const { journal, publish } = journalWith();
  const events = journal.follow({ matches: all, signal: new AbortController().signal });
  const first = events.next();
  publish(event('first', 1));
  await first;
  for (let count = 0; count <= MAX_QUEUED_EVENTS; count += 1) publish(event('flood', 2));
  const drain = async () => {
    for await (const _ of events);
  };
  await expect(drain()).rejects.toThrow('events');
});

test.each([
  ['{"type":["service"]}', true],
  ['{"type":["node"]}', false],
  ['{"scope":["swarm"],"event":["create"]}', true],
  ['{"event":["remove"]}', false],
  ['{"service":["we"]}', true],
  ['{"service":["id-w"]}', true],
  ['{"service":["x"]}', false],
  ['{"label":["name=web"]}', true],
  ['{"foo":["x"]}', true],
])('filters %s', (text, expected) => {
  const filters = parseFilters(new URLSearchParams({ filters: text }));
  expect(eventMatches(filters, event('web', 1))).toBe(expected);
});

test('times are read to the nanosecond and refused as Docker words it', () => {
  expect(parseUnixNanos('1.000000005')).toBe(1_000_000_005n);
  expect(parseUnixNanos('x')).toBeUndefined();
  expect(() => eventWindow(new URLSearchParams('since=x&until=1'))).toThrow(
    'strconv.ParseInt: parsing "x": invalid syntax',
  );
  expect(() => eventWindow(new URLSearchParams('since=5&until=1'))).toThrow(
    '`since` time (5) cannot be after `until` time (1)',
  );
});
