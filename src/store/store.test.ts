import { expect, test } from 'vitest';
import type { NodeId, Service, ServiceId, ServiceSpec, TaskId } from '../model/index.ts';
import type { Entry, Precondition } from './change.ts';
import { Store } from './store.ts';
import { cluster, nodeObject, put, serviceObject, taskObject, write } from './testing.ts';

const id = 'service1' as ServiceId;

function entry(storeTime: number, ...transactions: Entry['transactions']): Entry {
  return { version: 1, epoch: 1, storeTime, transactions };
}

function service(store: Store): Service {
  const found = store.get('service', id);
  if (found === undefined) throw new Error('no service');
  return found;
}

/** An accepted spec, as the API writes it. */
function accept(store: Store, spec: Partial<ServiceSpec>): Service {
  const before = service(store);
  const object = { ...before, Spec: { ...before.Spec, ...spec }, PreviousSpec: before.Spec };
  write(store, [{ kind: 'put', table: 'service', object, newVersion: true }]);
  return service(store);
}

const image = (Image: string) => ({ TaskTemplate: { ContainerSpec: { Image } } });

test('a put is stamped with index, version and store time; a plain put moves the revision only', () => {
  const store = new Store();
  store.apply(7, entry(1_000, { preconditions: [], changes: [put('node', nodeObject())] }));
  expect(store.get('node', 'node1')).toMatchObject({
    Version: { Index: 7 },
    CreatedAt: '1970-01-01T00:00:01Z',
    UpdatedAt: '1970-01-01T00:00:01Z',
    Internal: { Revision: 7 },
  });
  const node = { ...nodeObject(), Version: { Index: 99 }, CreatedAt: 'x', UpdatedAt: 'x' };
  store.apply(9, entry(2_000, { preconditions: [], changes: [put('node', node)] }));
  expect(store.get('node', 'node1')).toMatchObject({
    Version: { Index: 7 },
    CreatedAt: '1970-01-01T00:00:01Z',
    UpdatedAt: '1970-01-01T00:00:01Z',
    Internal: { Revision: 9 },
  });
  const changes = [{ kind: 'put', table: 'node', object: node, newVersion: true } as const];
  store.apply(10, entry(3_000, { preconditions: [], changes }));
  expect(store.get('node', 'node1')).toMatchObject({ Version: { Index: 10 }, UpdatedAt: '1970-01-01T00:00:03Z' });
});

test('store time never goes back and entries are applied once, in order', () => {
  const store = new Store();
  store.apply(1, entry(5_000));
  store.apply(2, entry(4_000));
  expect(store.storeTime).toBe(5_000);
  expect(() => store.apply(2, entry(6_000))).toThrow('in order');
});

const failing: readonly Precondition[] = [
  { kind: 'revision', table: 'service', id, revision: 1 },
  { kind: 'revision', table: 'service', id: 'none', revision: 0 },
  { kind: 'version', table: 'service', id, index: 1 },
  { kind: 'version', table: 'service', id: 'none', index: 0 },
  { kind: 'exists', table: 'service', id: 'none' },
  { kind: 'absent', table: 'service', id },
  { kind: 'nameFree', table: 'service', name: 'WEB' },
];

test.each(failing)('a transaction whose precondition fails changes nothing: $kind', (failed) => {
  const store = cluster({ service: { name: 'Web' } });
  const changes = [{ kind: 'remove', table: 'service', id } as const];
  const { outcomes, commit } = store.apply(10, entry(0, { preconditions: [failed], changes }));
  expect(outcomes).toEqual([{ applied: false, failed, index: 10 }]);
  expect(commit.changes).toEqual([]);
  expect(store.get('service', id)).toBeDefined();
});

test('preconditions that hold', () => {
  const store = cluster({ service: { name: 'Web' } });
  const { Revision } = service(store).Internal;
  const preconditions: Precondition[] = [
    { kind: 'revision', table: 'service', id, revision: Revision },
    { kind: 'version', table: 'service', id, index: service(store).Version.Index },
    { kind: 'exists', table: 'service', id },
    { kind: 'absent', table: 'service', id: 'other' },
    { kind: 'nameFree', table: 'service', name: 'free' },
    { kind: 'nameFree', table: 'service', name: 'web', exceptId: id },
  ];
  const changes = [{ kind: 'remove', table: 'service', id } as const];
  expect(store.apply(10, entry(0, { preconditions, changes })).outcomes).toEqual([{ applied: true, index: 10 }]);
  expect(store.get('service', id)).toBeUndefined();
});

test('a transaction is checked on what those before it in the entry left', () => {
  const store = cluster();
  const create = (serviceId: string) => ({
    preconditions: [{ kind: 'nameFree', table: 'service', name: 'web' } as const],
    changes: [put('service', serviceObject({ id: serviceId, name: 'web' }))],
  });
  const { outcomes } = store.apply(10, entry(0, create('a'), create('b')));
  expect(outcomes.map(({ applied }) => applied)).toEqual([true, false]);
  expect(store.byName('service', 'web').map(({ ID }) => ID)).toEqual(['a']);
});

test('an accepted spec gets a template at its index; labels, replicas and update settings keep it', () => {
  const store = cluster({ service: {}, tasks: [{}] });
  const first = service(store).Internal.SpecVersion;
  expect(store.template(id, first)?.Spec).toEqual(image('busybox:1.36').TaskTemplate);
  const after = accept(store, { Mode: { Replicated: { Replicas: 5 } }, UpdateConfig: { Parallelism: 2 } });
  expect(after.Internal).toMatchObject({ SpecVersion: first, PreviousSpecVersion: first });
  expect(after.Version.Index).toBe(store.index);
  const pair = store.template(id, first);
  accept(store, { Labels: { tier: 'front' } });
  expect(service(store).Internal.SpecVersion).toBe(first);
  expect(store.template(id, first)).toMatchObject({
    ServiceLabels: { tier: 'front' },
    Internal: { Revision: store.index },
  });
  expect(store.template(id, first)?.Spec).toBe(pair?.Spec);
});

test('new credentials stand in the current template and make no task dirty', () => {
  const store = cluster({ service: {} });
  const { SpecVersion } = service(store).Internal;
  const before = service(store);
  const object = { ...before, Internal: { ...before.Internal, Credentials: { RegistryAuth: 'secret' } } };
  write(store, [{ kind: 'put', table: 'service', object, newVersion: true }]);
  expect(service(store).Internal.SpecVersion).toBe(SpecVersion);
  expect(store.template(id, SpecVersion)?.Credentials).toEqual({ RegistryAuth: 'secret' });
});

test('a rollback names the template of the previous spec again, and back', () => {
  const store = cluster({ service: {} });
  const first = service(store).Internal.SpecVersion;
  const second = accept(store, image('busybox:2')).Internal;
  expect(second).toMatchObject({ SpecVersion: store.index, PreviousSpecVersion: first });
  const back = accept(store, image('busybox:1.36')).Internal;
  expect(back).toMatchObject({ SpecVersion: first, PreviousSpecVersion: second.SpecVersion });
  const again = accept(store, image('busybox:2')).Internal;
  expect(again).toMatchObject({ SpecVersion: second.SpecVersion, PreviousSpecVersion: first });
});

test('a rollback that leaves no previous spec names one template', () => {
  const store = cluster({ service: {} });
  const first = service(store).Internal.SpecVersion;
  const second = accept(store, image('busybox:2'));
  const { PreviousSpec, ...rest } = second;
  const object = { ...rest, Spec: PreviousSpec ?? {} };
  write(store, [{ kind: 'put', table: 'service', object, newVersion: true }]);
  expect(service(store).Internal.SpecVersion).toBe(first);
  expect(service(store).Internal).not.toHaveProperty('PreviousSpecVersion');
  expect(store.template(id, second.Internal.SpecVersion)).toBeUndefined();
});

test('a put without newVersion keeps the spec versions, whatever it carries', () => {
  const store = cluster({ service: {} });
  const before = service(store);
  const object = { ...before, Internal: { ...before.Internal, SpecVersion: 77, PreviousSpecVersion: 78 } };
  write(store, [put('service', object)]);
  expect(service(store).Internal.SpecVersion).toBe(before.Internal.SpecVersion);
  expect(service(store).Internal).not.toHaveProperty('PreviousSpecVersion');
});

test('a template lives while a service or a task names it', () => {
  const store = cluster({ service: {}, tasks: [{ id: 'old' }] });
  const first = service(store).Internal.SpecVersion;
  accept(store, image('busybox:2'));
  accept(store, image('busybox:3'));
  expect(store.template(id, first)).toBeDefined();
  const commit = write(store, [{ kind: 'remove', table: 'task', id: 'old' }]);
  expect(store.template(id, first)).toBeUndefined();
  expect(commit.changes.map(({ table, id: key, after }) => [table, key, after])).toEqual([
    ['task', 'old', undefined],
    ['template', `${id}.${first}`, undefined],
  ]);
  write(store, [{ kind: 'remove', table: 'service', id }]);
  expect(store.count('template')).toBe(0);
});

test('a task that replaces the last one of a template in the same entry keeps it', () => {
  const store = cluster({ service: {}, tasks: [{ id: 'old' }] });
  const task = taskObject(store, { id: 'new' });
  write(store, [
    { kind: 'remove', table: 'service', id },
    { kind: 'remove', table: 'task', id: 'old' },
    put('task', task),
  ]);
  expect(store.template(id, task.Internal.SpecVersion)).toBeDefined();
});

test('lookups: tasks by service, slot, node and waiting-for; objects by name and prefix; services by what they use', () => {
  const spec: Partial<ServiceSpec> = {
    TaskTemplate: {
      ContainerSpec: { Secrets: [{ SecretID: 'sec1' }], Configs: [{ ConfigID: 'con1' }, { ConfigID: 'con1' }] },
      Networks: [{ Target: 'net1' }],
    },
  };
  const store = cluster({
    nodes: [
      { id: 'n1', hostname: 'Alpha' },
      { id: 'n2', hostname: 'alpha' },
    ],
    services: [{ id: 's1', name: 'Web', spec }, { id: 's2' }],
    tasks: [
      { id: 'ta1', service: 's1', slot: 1, node: 'n1' },
      { id: 'ta2', service: 's1', slot: 1, node: 'n2', internal: { StartAfter: 'ta1' as TaskId } },
      { id: 'tb1', service: 's1', slot: 2, node: 'n1' },
      { id: 'tb2', service: 's2', slot: 1 },
    ],
  });
  const ids = (objects: Iterable<{ readonly ID: string }>) => [...objects].map(({ ID }) => ID).sort();
  expect(ids(store.tasksOfService('s1' as ServiceId))).toEqual(['ta1', 'ta2', 'tb1']);
  expect(ids(store.tasksOfSlot('s1' as ServiceId, 1))).toEqual(['ta1', 'ta2']);
  expect(ids(store.tasksOfNode('n1' as NodeId))).toEqual(['ta1', 'tb1']);
  expect(ids(store.tasksWaitingFor('ta1' as TaskId))).toEqual(['ta2']);
  expect(ids(store.byName('node', 'ALPHA'))).toEqual(['n1', 'n2']);
  expect(ids(store.byName('service', 'web'))).toEqual(['s1']);
  expect(ids(store.byIdPrefix('task', 'ta'))).toEqual(['ta1', 'ta2']);
  expect(store.byIdPrefix('task', 'x')).toEqual([]);
  expect(ids(store.servicesUsing('secret', 'sec1'))).toEqual(['s1']);
  expect(ids(store.servicesUsing('config', 'con1'))).toEqual(['s1']);
  expect(ids(store.servicesUsing('network', 'net1'))).toEqual(['s1']);
  expect(store.cluster()?.Spec.Name).toBe('default');
});
