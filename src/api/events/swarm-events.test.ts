import { expect, test } from 'vitest';
import type { Node, Service } from '../../model/index.ts';
import type { Changed } from '../../store/index.ts';
import { eventsOfCommit } from './swarm-events.ts';

const service = (index: number, Replicas: number, Image: string, state?: string) =>
  ({
    ID: 's1',
    Version: { Index: index },
    Spec: { Name: 'web', Mode: { Replicated: { Replicas } }, TaskTemplate: { ContainerSpec: { Image } } },
    ...(state && { UpdateStatus: { State: state } }),
  }) as unknown as Service; // the fields that events tell of

const node = (index: number, Availability: string, State: string) =>
  ({
    ID: 'n1',
    Version: { Index: index },
    Spec: { Availability, Role: 'worker' },
    Status: { State },
    Description: { Hostname: 'hive-1' },
  }) as unknown as Node; // the fields that events tell of

const told = (...changes: readonly Changed[]) =>
  eventsOfCommit({ index: 9, storeTime: 1_700_000_000_123, changes }).map((event) => [
    event.Type,
    event.Action,
    event.Actor.Attributes,
  ]);

test('creation and removal name the object', () => {
  expect(told({ table: 'service', id: 's1', after: service(1, 1, 'a') })).toEqual([
    ['service', 'create', { name: 'web' }],
  ]);
  expect(told({ table: 'service', id: 's1', before: service(1, 1, 'a') })).toEqual([
    ['service', 'remove', { name: 'web' }],
  ]);
});

test('an update tells what changed', () => {
  const before = service(1, 1, 'a');
  expect(told({ table: 'service', id: 's1', before, after: service(2, 2, 'b') })).toEqual([
    [
      'service',
      'update',
      { name: 'web', 'image.old': 'a', 'image.new': 'b', 'replicas.old': '1', 'replicas.new': '2' },
    ],
  ]);
  expect(told({ table: 'service', id: 's1', before, after: service(2, 1, 'a') })).toEqual([
    ['service', 'update', { name: 'web' }],
  ]);
});

test('an update state that comes is told, one that is cleared is not', () => {
  const idle = service(2, 1, 'a');
  const updating = service(2, 1, 'a', 'updating');
  expect(told({ table: 'service', id: 's1', before: idle, after: updating })).toEqual([
    ['service', 'update', { name: 'web', 'updatestate.new': 'updating' }],
  ]);
  expect(told({ table: 'service', id: 's1', before: updating, after: service(2, 1, 'a', 'completed') })).toEqual([
    ['service', 'update', { name: 'web', 'updatestate.old': 'updating', 'updatestate.new': 'completed' }],
  ]);
  expect(told({ table: 'service', id: 's1', before: updating, after: idle })).toEqual([]);
});

test('nodes tell availability and state; writes that change nothing told are silent', () => {
  expect(
    told({ table: 'node', id: 'n1', before: node(1, 'active', 'ready'), after: node(2, 'drain', 'down') }),
  ).toEqual([
    [
      'node',
      'update',
      {
        name: 'hive-1',
        'availability.old': 'active',
        'availability.new': 'drain',
        'state.old': 'ready',
        'state.new': 'down',
      },
    ],
  ]);
  const same = node(1, 'active', 'ready');
  expect(told({ table: 'node', id: 'n1', before: same, after: { ...same } })).toEqual([]);
});

test('times are the store time in seconds and nanoseconds', () => {
  const [event] = eventsOfCommit({
    index: 9,
    storeTime: 1_700_000_000_123,
    changes: [{ table: 'service', id: 's1', after: service(1, 1, 'a') }],
  });
  expect([event?.time, event?.timeNano]).toEqual([1_700_000_000, 1_700_000_000_123_000_000n]);
});
