import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { NodeId, Service, ServiceId, ServiceSpec, TaskId } from '../model/index.ts';
import type { Change, Entry, Precondition, Transaction } from './change.ts';
import { decodeEntry, encodeEntry } from './entry-codec.ts';
import { snapshotSlices } from './snapshot-codec.ts';
import { Store } from './store.ts';
import { idOf, tableNames, templateKey } from './tables.ts';
import { clusterObject, nodeObject, put, serviceObject, taskObject } from './testing.ts';

const nodeIds = ['n1', 'n2', 'n3'];
const serviceIds = ['s1', 's2', 's3'];
const taskIds = ['t1', 't2', 't3', 't4', 't5', 't6', 't7', 't8', 't9'];
const images = ['a', 'b', 'c'];

const spec = fc.record({
  image: fc.constantFrom(...images),
  replicas: fc.nat(3),
  secret: fc.constantFrom('x', 'y'),
  label: fc.constantFrom('p', 'q'),
});

function specOf({
  image,
  replicas,
  secret,
  label,
}: {
  image: string;
  replicas: number;
  secret: string;
  label: string;
}) {
  const spec: ServiceSpec = {
    Labels: { label },
    TaskTemplate: {
      ContainerSpec: { Image: image, Secrets: [{ SecretID: secret }] },
      Networks: [{ Target: `net-${secret}` }],
    },
    Mode: { Replicated: { Replicas: replicas } },
  };
  return spec;
}

/** One step, decided on the store as it is: like the API's and the loops' writes. */
const step = fc.oneof(
  fc.record({
    kind: fc.constant('node' as const),
    id: fc.constantFrom(...nodeIds),
    hostname: fc.constantFrom('A', 'a', 'b'),
  }),
  fc.record({ kind: fc.constant('service' as const), id: fc.constantFrom(...serviceIds), spec, rename: fc.boolean() }),
  fc.record({
    kind: fc.constant('task' as const),
    id: fc.constantFrom(...taskIds),
    service: fc.constantFrom(...serviceIds),
    slot: fc.nat(2),
    node: fc.option(fc.constantFrom(...nodeIds), { nil: undefined }),
    after: fc.option(fc.constantFrom(...taskIds), { nil: undefined }),
  }),
  fc.record({
    kind: fc.constant('remove' as const),
    what: fc.oneof(
      fc.record({ table: fc.constant('node' as const), id: fc.constantFrom(...nodeIds) }),
      fc.record({ table: fc.constant('service' as const), id: fc.constantFrom(...serviceIds) }),
      fc.record({ table: fc.constant('task' as const), id: fc.constantFrom(...taskIds) }),
    ),
  }),
);

const precondition: fc.Arbitrary<Precondition> = fc.oneof(
  fc.record({
    kind: fc.constant('exists' as const),
    table: fc.constant('service' as const),
    id: fc.constantFrom(...serviceIds),
  }),
  fc.record({
    kind: fc.constant('absent' as const),
    table: fc.constant('task' as const),
    id: fc.constantFrom(...taskIds),
  }),
  fc.record({
    kind: fc.constant('nameFree' as const),
    table: fc.constant('node' as const),
    name: fc.constantFrom('a', 'B'),
  }),
);

const transaction = fc.record({
  steps: fc.array(step, { maxLength: 4 }),
  preconditions: fc.array(precondition, { maxLength: 1 }),
});
const entries = fc.array(
  fc.record({ storeTime: fc.nat(1_000), transactions: fc.array(transaction, { maxLength: 3 }) }),
  {
    maxLength: 12,
  },
);

type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

function changeOf(store: Store, one: Step): Change {
  if (one.kind === 'remove') return { kind: 'remove', ...one.what };
  if (one.kind === 'node') return put('node', nodeObject(one));
  if (one.kind === 'task') {
    const internal = one.after === undefined ? {} : { internal: { StartAfter: one.after as TaskId } };
    const node = one.node === undefined ? {} : { node: one.node };
    return put('task', taskObject(store, { id: one.id, service: one.service, slot: one.slot, ...node, ...internal }));
  }
  const before = store.get('service', one.id);
  const made = serviceObject({ id: one.id, name: one.rename ? 'other' : one.id, spec: specOf(one.spec) });
  const object: Service = before === undefined ? made : { ...before, Spec: made.Spec, PreviousSpec: before.Spec };
  return { kind: 'put', table: 'service', object, newVersion: true };
}

/** Runs random entries on a store and calls back with each. */
function run(
  store: Store,
  steps: typeof entries extends fc.Arbitrary<infer E> ? E : never,
  each: (entry: Entry) => void,
) {
  for (const { storeTime, transactions } of steps) {
    const built: Transaction[] = transactions.map(({ steps: own, preconditions }) => ({
      preconditions,
      changes: own.map((one) => changeOf(store, one)),
    }));
    const entry: Entry = { version: 1, epoch: 1, storeTime, transactions: built };
    store.apply(store.index + 1, entry);
    each(entry);
  }
}

function rowsOf(store: Store) {
  return Object.fromEntries(
    tableNames.map((table) => [table, [...store.list(table)].sort((a, b) => (idOf(a) < idOf(b) ? -1 : 1))]),
  );
}

function expectEqual(store: Store, other: Store): void {
  expect(rowsOf(store)).toEqual(rowsOf(other));
  expect([store.index, store.storeTime]).toEqual([other.index, other.storeTime]);
}

function sorted(objects: Iterable<{ readonly ID: string }>): string[] {
  return [...objects].map(({ ID }) => ID).sort();
}

/** Every lookup answers what a scan of the table answers. */
function expectIndexesEqualScan(store: Store): void {
  const tasks = [...store.list('task')];
  const services = [...store.list('service')];
  for (const service of serviceIds) {
    expect(sorted(store.tasksOfService(service as ServiceId))).toEqual(
      sorted(tasks.filter((t) => t.ServiceID === service)),
    );
    for (const slot of [0, 1, 2]) {
      const scanned = tasks.filter((t) => t.ServiceID === service && t.Slot === slot);
      expect(sorted(store.tasksOfSlot(service as ServiceId, slot))).toEqual(sorted(scanned));
    }
  }
  for (const node of nodeIds)
    expect(sorted(store.tasksOfNode(node as NodeId))).toEqual(sorted(tasks.filter((t) => t.NodeID === node)));
  for (const task of taskIds)
    expect(sorted(store.tasksWaitingFor(task as TaskId))).toEqual(
      sorted(tasks.filter((t) => t.Internal.StartAfter === task)),
    );
  for (const secret of ['x', 'y']) {
    const scanned = services.filter((s) =>
      s.Spec.TaskTemplate?.ContainerSpec?.Secrets?.some((one) => one.SecretID === secret),
    );
    expect(sorted(store.servicesUsing('secret', secret))).toEqual(sorted(scanned));
    expect(sorted(store.servicesUsing('network', `net-${secret}`))).toEqual(sorted(scanned));
  }
  for (const name of ['a', 'b']) {
    const scanned = [...store.list('node')].filter((n) => n.Description?.Hostname?.toLowerCase() === name);
    expect(sorted(store.byName('node', name))).toEqual(sorted(scanned));
  }
  for (const prefix of ['', 't', 't1', 'u'])
    expect(sorted(store.byIdPrefix('task', prefix))).toEqual(sorted(tasks.filter((t) => t.ID.startsWith(prefix))));
}

function expectTemplatesEqualReferences(store: Store): void {
  const named = new Set<string>();
  for (const { ID, Internal } of store.list('service')) {
    named.add(templateKey(ID, Internal.SpecVersion));
    if (Internal.PreviousSpecVersion !== undefined) named.add(templateKey(ID, Internal.PreviousSpecVersion));
    expect(store.template(ID, Internal.SpecVersion)?.Spec).toEqual(store.get('service', ID)?.Spec.TaskTemplate);
  }
  for (const key of named) expect(store.get('template', key)).toBeDefined();
  for (const { ServiceID, Internal } of store.list('task')) named.add(templateKey(ServiceID, Internal.SpecVersion));
  for (const template of store.list('template')) expect(named).toContain(idOf(template));
}

test('after random entries every index equals a scan, and templates are those that are named', () => {
  fc.assert(
    fc.property(entries, (steps) => {
      const store = new Store();
      run(store, steps, () => {
        expectIndexesEqualScan(store);
        expectTemplatesEqualReferences(store);
      });
    }),
    { numRuns: 60 },
  );
});

test('two stores that apply the same entries are equal, one of them from encoded ones', () => {
  fc.assert(
    fc.property(entries, (steps) => {
      const store = new Store();
      const other = new Store();
      run(store, steps, (entry) => {
        other.apply(other.index + 1, decodeEntry(encodeEntry(entry)));
      });
      expectEqual(other, store);
    }),
    { numRuns: 60 },
  );
});

test('a store restored from a snapshot equals it, and goes on alike', async () => {
  await fc.assert(
    fc.asyncProperty(entries, entries, async (before, after) => {
      const store = new Store();
      store.apply(1, {
        version: 1,
        epoch: 1,
        storeTime: 5,
        transactions: [{ preconditions: [], changes: [{ kind: 'put', table: 'cluster', object: clusterObject() }] }],
      });
      run(store, before, () => undefined);
      const held = store.hold();
      const reference = new Store();
      const chunks = async function* () {
        yield* snapshotSlices(held);
      };
      await reference.restore(chunks());
      expectEqual(reference, store);
      run(store, after, (entry) => {
        reference.apply(reference.index + 1, entry);
      });
      expectEqual(reference, store);
      expectIndexesEqualScan(reference);
      expectTemplatesEqualReferences(reference);
    }),
    { numRuns: 40 },
  );
});
