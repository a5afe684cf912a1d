import { beforeEach, describe, expect, test } from 'vitest';
import type { Config, Node, Service, Task } from '../model/index.ts';
import { type Change, Store } from '../store/index.ts';
import { findObject, taskName } from './lookup.ts';

const meta = { Version: { Index: 0 }, CreatedAt: '', UpdatedAt: '' };
const id = (start: string) => start.padEnd(25, '0');

let store = new Store();

const put = (...changes: readonly Change[]) =>
  store.apply(store.index + 1, {
    version: 1,
    epoch: 1,
    storeTime: 1,
    transactions: [{ preconditions: [], changes }],
  });

const service = (ID: string, Name: string) =>
  ({ ...meta, ID, Spec: { Name, TaskTemplate: {} }, Internal: { Revision: 0, SpecVersion: 0 } }) as unknown as Service; // an id of the test's
const node = (ID: string, Hostname: string) =>
  ({
    ...meta,
    ID,
    Spec: {},
    Description: { Hostname },
    Status: { State: 'ready' },
    Internal: { Revision: 0 },
  }) as unknown as Node; // as above
const config = (ID: string, Name: string) =>
  ({ ...meta, ID, Spec: { Name }, Internal: { Revision: 0 } }) as unknown as Config; // as above

beforeEach(() => {
  store = new Store();
  put(
    { kind: 'put', table: 'service', object: service(id('aaa1'), 'web') },
    { kind: 'put', table: 'service', object: service(id('aaa2'), 'aaa1') },
    { kind: 'put', table: 'node', object: node(id('n1'), 'twin') },
    { kind: 'put', table: 'node', object: node(id('n2'), 'twin') },
    { kind: 'put', table: 'config', object: config(id('c1'), 'Settings') },
  );
});

describe('findObject', () => {
  test('takes the full id, then the full name, then a prefix of the id', () => {
    expect(findObject(store, 'service', id('aaa1')).ID).toBe(id('aaa1'));
    expect(findObject(store, 'service', 'web').ID).toBe(id('aaa1'));
    expect(findObject(store, 'service', 'aaa1').ID).toBe(id('aaa2'));
    expect(findObject(store, 'service', 'aaa10').ID).toBe(id('aaa1'));
  });

  test('names keep their case, but those of configs and secrets', () => {
    expect(() => findObject(store, 'service', 'WEB')).toThrow('service WEB not found');
    expect(findObject(store, 'config', 'SETTINGS').ID).toBe(id('c1'));
  });

  test('none is 404, several are 400', () => {
    expect(() => findObject(store, 'service', 'we')).toThrow(expect.objectContaining({ kind: 'notFound' }));
    expect(() => findObject(store, 'service', '')).toThrow('service  not found');
    expect(() => findObject(store, 'service', 'aaa')).toThrow('service aaa is ambiguous (2 matches found)');
    expect(() => findObject(store, 'node', 'twin')).toThrow('node twin is ambiguous (2 matches found)');
  });

  test('a task answers to its display name, also after its service is gone', () => {
    const task = {
      ...meta,
      ID: id('t1'),
      ServiceID: id('aaa1'),
      Slot: 3,
      Status: { Timestamp: '', State: 'new', Message: 'created' },
      DesiredState: 'running',
      Internal: { Revision: 0, SpecVersion: 1, AppliedAt: 0 },
    } as unknown as Task; // an id of the test's
    put({ kind: 'put', table: 'task', object: task });
    expect(findObject(store, 'task', `web.3.${id('t1')}`).ID).toBe(id('t1'));
    expect(() => findObject(store, 'task', 'web.3')).toThrow('task web.3 not found');
    put({ kind: 'remove', table: 'service', id: id('aaa1') });
    expect(taskName(store, task)).toBe(`web.3.${id('t1')}`);
  });
});
