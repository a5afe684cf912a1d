import { describe, expect, test } from 'vitest';
import {
  acceptServiceSpec,
  canonicalServiceSpec,
  checkPortConflicts,
  checkReferencesExist,
  checkUnused,
  decodeJson,
  equalCanonical,
  isImageName,
  mayTaskStay,
  type Node,
  type NodeId,
  type ServiceId,
  type ServiceSpec,
  secretReferences,
  serviceSpecSchema,
  type TaskSpec,
  type TaskTemplate,
  templateDifference,
  unbuiltField,
} from '../index.ts';
import { checkServiceLabels } from './labels.ts';

const service = (more: ServiceSpec = {}): ServiceSpec => ({
  Name: 'web',
  TaskTemplate: { ContainerSpec: { Image: 'busybox' } },
  ...more,
});
const mayStay = (old: TaskTemplate, current: TaskTemplate, node: Node | undefined) =>
  mayTaskStay(templateDifference(old, current), current, node);
const accepted = (spec: ServiceSpec) => acceptServiceSpec(spec, 51);

describe('ports', () => {
  const holder = (PublishMode: 'ingress' | 'host') => ({
    ID: 'id1' as ServiceId,
    Spec: accepted(service({ EndpointSpec: { Ports: [{ TargetPort: 80, PublishedPort: 8080, PublishMode }] } })),
  });
  const wanting = (port: object) => accepted(service({ EndpointSpec: { Ports: [{ TargetPort: 80, ...port }] } }));

  test('held as ingress conflict with either mode', () => {
    const text = "port '8080' is already in use by service 'web' (id1) as an ingress port";
    expect(() => checkPortConflicts(wanting({ PublishedPort: 8080 }), [holder('ingress')])).toThrow(text);
    expect(() =>
      checkPortConflicts(wanting({ PublishedPort: 8080, PublishMode: 'host' }), [holder('ingress')]),
    ).toThrow(text);
  });

  test('held on hosts conflict with ingress only', () => {
    expect(() => checkPortConflicts(wanting({ PublishedPort: 8080 }), [holder('host')])).toThrow(
      'as a host-published port',
    );
    expect(() =>
      checkPortConflicts(wanting({ PublishedPort: 8080, PublishMode: 'host' }), [holder('host')]),
    ).not.toThrow();
  });

  test('that were given out conflict as well; other protocols and dynamic ports do not', () => {
    const Ports = [{ TargetPort: 80, PublishedPort: 30000, Protocol: 'tcp', PublishMode: 'ingress' } as const];
    const dynamic = { ID: 'id2' as ServiceId, Spec: wanting({}), Endpoint: { Ports } };
    expect(() => checkPortConflicts(wanting({ PublishedPort: 30000 }), [dynamic])).toThrow("port '30000'");
    expect(() => checkPortConflicts(wanting({ PublishedPort: 30000, Protocol: 'udp' }), [dynamic])).not.toThrow();
    expect(() => checkPortConflicts(wanting({}), [dynamic])).not.toThrow();
  });
});

test('references that do not exist are all named', () => {
  const File = { Name: 'a' };
  const container = {
    Secrets: [
      { SecretID: 'x', SecretName: 'n1', File },
      { SecretID: 'y', SecretName: 'n2', File },
    ],
  };
  const references = secretReferences(container);
  expect(() => checkReferencesExist('secret', references, () => false)).toThrow('secrets not found: n1, n2');
  expect(() => checkReferencesExist('secret', references, ({ id }) => id === 'x')).toThrow('secret not found: n2');
  expect(() => checkReferencesExist('secret', references, () => true)).not.toThrow();
});

test('what services use is not removed', () => {
  const using = (Name: string, ConfigID: string) => ({
    Spec: { Name, TaskTemplate: { ContainerSpec: { Configs: [{ ConfigID, ConfigName: 'n', File: { Name: 'f' } }] } } },
  });
  const services = [using('a', 'x'), using('b', 'x'), using('c', 'y')];
  const remove = (id: string) => checkUnused('config', { id, name: 'n' }, services);
  expect(() => remove('x')).toThrow("config 'n' is in use by the following services: a, b");
  expect(() => remove('y')).toThrow("config 'n' is in use by the following service: c");
  expect(() => remove('z')).not.toThrow();
  expect(() => checkUnused('secret', { id: 'x', name: 'n' }, services)).not.toThrow();
});

describe('fields newer than the client', () => {
  const container = { Image: 'a', CapabilityAdd: ['NET_RAW'], Sysctls: { a: 'b' }, OomScoreAdj: 5 };
  const sent = service({
    TaskTemplate: { ContainerSpec: container },
    Mode: { ReplicatedJob: {} },
    Networks: [{ Target: 'n' }],
  });

  test('are dropped', () => {
    const at = (minor: number) => canonicalServiceSpec(sent, minor);
    expect(at(39).TaskTemplate?.ContainerSpec).toEqual({ Image: 'a' });
    expect(at(40).TaskTemplate?.ContainerSpec).toEqual({ Image: 'a', Sysctls: { a: 'b' } });
    expect(at(51).TaskTemplate?.ContainerSpec).toEqual(container);
    expect(at(40).Mode).toEqual({ Replicated: { Replicas: 1 } });
    expect(at(41).Mode).toEqual({ ReplicatedJob: { MaxConcurrent: 1, TotalCompletions: 1 } });
  });

  test('before anything is checked', () => {
    const twoModes = service({ Mode: { Global: {}, GlobalJob: {} } });
    expect(acceptServiceSpec(twoModes, 40).Mode).toEqual({ Global: {} });
    expect(() => acceptServiceSpec(twoModes, 41)).toThrow('must specify only one service mode');
  });

  test('and networks at the top are taken below 1.44 only', () => {
    expect(canonicalServiceSpec(sent, 43).Networks).toEqual([{ Target: 'n' }]);
    expect(canonicalServiceSpec(sent, 44).Networks).toBeUndefined();
    const both = { ...sent, TaskTemplate: { ...sent.TaskTemplate, Networks: [{ Target: 'm' }] } };
    expect(canonicalServiceSpec(both, 43).Networks).toBeUndefined();
  });
});

test('equal wishes are equal, however they are written', () => {
  const texts = [
    '{"Name":"a","TaskTemplate":{"ContainerSpec":{"Image":"x"}}}',
    '{"Name":"a","Labels":{},"TaskTemplate":{"ContainerSpec":{"Image":"x","Env":[],"Labels":null,"Isolation":"DEFAULT","TTY":false},"ForceUpdate":0,"Runtime":"container"},"Mode":{"Replicated":{}},"Networks":[]}',
  ];
  const [first, second] = texts.map((text) => accepted(decodeJson(serviceSpecSchema, text)));
  expect(equalCanonical(first, second)).toBe(true);
  expect(equalCanonical(first, { ...second, Labels: { a: 'b' } })).toBe(false);
});

describe('a task stays', () => {
  const template = (Spec: TaskSpec, more: Partial<TaskTemplate> = {}): TaskTemplate => ({
    ServiceID: 's' as ServiceId,
    SpecVersion: 1,
    ServiceName: 'web',
    Spec,
    Internal: { Revision: 1 },
    ...more,
  });
  const old = template({ ContainerSpec: { Image: 'a', Env: ['A', 'B'] } });
  const node: Node = {
    ID: 'n' as NodeId,
    Version: { Index: 1 },
    CreatedAt: '',
    UpdatedAt: '',
    Spec: { Labels: { zone: 'a' } },
    Status: { State: 'ready' },
    Internal: { Revision: 1, Role: 'worker', Membership: 'accepted' },
  };

  test('when only name, labels and credentials of its service changed', () => {
    const changed = template(old.Spec, {
      ServiceName: 'x',
      ServiceLabels: { a: 'b' },
      Credentials: { RegistryAuth: 'r' },
    });
    expect(mayStay(old, changed, node)).toBe(true);
  });

  test('when its node satisfies new constraints', () => {
    const placed = (constraint: string) => template({ ...old.Spec, Placement: { Constraints: [constraint] } });
    expect(templateDifference(old, placed('node.labels.zone==a'))).toBe('placement');
    expect(mayStay(old, placed('node.labels.zone==a'), node)).toBe(true);
    expect(mayStay(old, placed('node.labels.zone==b'), node)).toBe(false);
    expect(mayStay(placed('node.labels.zone==b'), old, node)).toBe(true);
    expect(mayStay(old, placed('node.labels.zone==a'), undefined)).toBe(false);
  });

  test.each([
    ['another order of variables', template({ ContainerSpec: { Image: 'a', Env: ['B', 'A'] } })],
    ['a forced update', template({ ...old.Spec, ForceUpdate: 1 })],
    ['another endpoint', template(old.Spec, { EndpointSpec: { Mode: 'dnsrr' } })],
  ])('not with %s', (_what, changed) => {
    expect(mayStay(old, changed, node)).toBe(false);
  });
});

describe('labels of ours', () => {
  const rules = { 'ruche.weight': { type: 'integer', default: '1', meaning: 'share' } } as const;

  test('that do not exist are refused with the nearest that does', () => {
    expect(() => checkServiceLabels({ 'ruche.wieght': '1' }, rules)).toThrow('did you mean "ruche.weight"?');
    expect(() => checkServiceLabels({ 'ruche.x': '1' })).toThrow('unknown label "ruche.x"');
  });

  test('take values of their type; labels of others are free', () => {
    expect(() => checkServiceLabels({ 'ruche.weight': '3', 'traefik.x': '' }, rules)).not.toThrow();
    expect(() => checkServiceLabels({ 'ruche.weight': 'many' }, rules)).toThrow('is not a whole number');
  });
});

describe('what is not built yet', () => {
  test('is named', () => {
    const withTask = (more: TaskSpec) => accepted(service({ TaskTemplate: { ...service().TaskTemplate, ...more } }));
    expect(unbuiltField(accepted(service({ Mode: { GlobalJob: {} } })))).toBe('Mode.GlobalJob (jobs)');
    expect(unbuiltField(withTask({ LogDriver: { Name: 'syslog' } }))).toContain('TaskTemplate.LogDriver');
    expect(unbuiltField(withTask({ Networks: [{ Target: 'n' }] }))).toContain('TaskTemplate.Networks');
    const healthy = { Image: 'a', Healthcheck: { Test: ['NONE'] } };
    expect(unbuiltField(withTask({ ContainerSpec: healthy }))).toBeUndefined();
    expect(unbuiltField(withTask({ ContainerSpec: { ...healthy, Healthcheck: { Test: ['CMD', 'true'] } } }))).toContain(
      'Healthcheck',
    );
  });

  test('is not among what every service has', () => {
    expect(unbuiltField(accepted(service()))).toBeUndefined();
    expect(unbuiltField(accepted(service({ Mode: { Global: {} } })))).toBeUndefined();
  });
});

describe('image names', () => {
  test.each([
    'busybox',
    'a/b:1',
    'host:5000/a',
    'localhost/a',
    'UPPER/a',
    'a@sha256:'.concat('a'.repeat(64)),
    'x.y/z__a-b.c',
  ])('%s is one', (name) => expect(isImageName(name)).toBe(true));
  test.each([
    '',
    'A',
    'a b',
    ':x',
    'a:',
    'a@sha256:x',
    'a::b',
    'http://a/b',
    '-a',
    'a/',
    'b'.repeat(300),
    'a'.repeat(64),
  ])('%j is none', (name) => expect(isImageName(name)).toBe(false));
});
