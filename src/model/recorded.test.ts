import { readFileSync } from 'node:fs';
import type { TSchema } from 'typebox';
import { describe, expect, test } from 'vitest';
import { type ErrorKind, Refusal } from '../base/index.ts';
import {
  acceptConfigSpec,
  acceptNetworkSpec,
  acceptNodeSpec,
  acceptSecretSpec,
  acceptServiceSpec,
  acceptSwarmSpec,
  checkInitRequest,
  configSpecSchema,
  decodeJson,
  networkCreateSchema,
  nodeSpecSchema,
  present,
  type Service,
  type ServiceId,
  type ServiceSpec,
  secretSpecSchema,
  serviceSpecSchema,
  swarmInitRequestSchema,
  swarmJoinRequestSchema,
  swarmSpecSchema,
  withDefaults,
} from './index.ts';

interface Recorded {
  readonly name: string;
  readonly group: string;
  readonly method: string;
  readonly path: string;
  readonly body?: unknown;
  readonly raw?: string;
  readonly status: number;
  readonly message?: string;
  readonly response?: Readonly<Record<string, unknown>>;
}

const API_MINOR = 41;
const file = new URL('../../test/conformance/recorded/api-answers.jsonl', import.meta.url);
const recorded: readonly Recorded[] = readFileSync(file, 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line));

const reader = <T extends TSchema>(schema: T, accept: (value: ReturnType<typeof decodeJson<T>>) => unknown) => {
  return (text: string) => accept(decodeJson(schema, text));
};

/** What the model makes of a request's body, by route. */
const routes: ReadonlyArray<readonly [RegExp, (text: string) => unknown]> = [
  [
    /^\/services\/(create|[^/]+\/update)$/,
    reader(serviceSpecSchema, (spec) => acceptServiceSpec(named(spec), API_MINOR)),
  ],
  [/^\/secrets\/create$/, reader(secretSpecSchema, (spec) => acceptSecretSpec(spec, API_MINOR))],
  [/^\/configs\/create$/, reader(configSpecSchema, (spec) => acceptConfigSpec(spec, API_MINOR))],
  [/^\/networks\/create$/, reader(networkCreateSchema, (spec) => acceptNetworkSpec(spec, API_MINOR))],
  [/^\/nodes\/[^/]+\/update$/, reader(nodeSpecSchema, acceptNodeSpec)],
  [/^\/swarm\/update$/, reader(swarmSpecSchema, (spec) => acceptSwarmSpec(spec, API_MINOR))],
  [/^\/swarm\/init$/, reader(swarmInitRequestSchema, checkInitRequest)],
  [/^\/swarm\/join$/, reader(swarmJoinRequestSchema, () => undefined)],
];

/** A service without name gets one before its spec is checked. */
const named = (spec: ServiceSpec): ServiceSpec => ({ ...spec, Name: spec.Name || 'made_up' });

/** Answers that depend on more than the body. */
const fromElsewhere =
  /attempting to demote|remote CA|multi-host network|needs ingress|already (exists|in use|present|part)|is already|not found|ambiguous|name conflicts|out of sequence|invalid \w+ version|invalid value for|is not a swarm manager|only swarm-scoped|[Ll]isten ?[Aa]ddr|listen |advertise |data path address|RemoteAddr|join token|connection|connect:|only updates|renaming|mode change|previous spec|demoting|registryAuthFrom|rollback option|cannot be used with services|predefined|ingress network "ingress"|not part of a swarm|could not choose|invalid Availability: "x"/;

const statuses: Readonly<Record<ErrorKind, number>> = {
  invalid: 400,
  unauthorized: 401,
  forbidden: 403,
  notFound: 404,
  conflict: 409,
  unavailable: 503,
  notImplemented: 501,
  internal: 500,
};

const textOf = ({ body, raw }: Recorded): string => {
  if (raw !== undefined) return raw;
  if (body === undefined) return '';
  return JSON.stringify(body).replaceAll(
    /\{"\$fill":(\d+)\}/g,
    (_all, size) => `"${Buffer.alloc(Number(size)).toString('base64')}"`,
  );
};

const routeOf = (call: Recorded) => {
  const path = call.path.replace(/^\/v[\d.]+/, '').replace(/\?.*$/, '');
  return call.method === 'POST' ? routes.find(([form]) => form.test(path))?.[1] : undefined;
};

const outcomeOf = (call: Recorded): { readonly status: number; readonly message?: string; readonly code?: string } => {
  try {
    routeOf(call)?.(textOf(call));
    return { status: 200 };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const message = error.message.replaceAll(/\{config\.one\.ID\}/g, '<id>').replaceAll(/[a-f0-9]{64}/g, '<id64>');
    return { status: statuses[error.kind], message, code: error.code };
  }
};

describe('bodies that Docker judged', () => {
  const calls = recorded.filter((call) => routeOf(call) !== undefined && call.group !== 'noswarm');

  test('are many', () => {
    expect(calls.length).toBeGreaterThan(400);
  });

  test.each(calls.map((call) => [call.name, call] as const))('%s', (_name, call) => {
    const outcome = outcomeOf(call);
    if (call.status === 0) {
      // Docker's handler panicked.
      expect(outcome.status).toBe(400);
    } else if (outcome.code === 'never-works' || outcome.code === 'json-trailing') {
      // Refused on purpose where Docker accepts; what is refused is listed below.
      expect(call.status).toBeLessThan(300);
    } else if (outcome.status === 200) {
      if (call.status >= 300) expect(call.message).toMatch(fromElsewhere);
    } else if (call.message === undefined || !fromElsewhere.test(call.message) || outcome.message === call.message) {
      expect(outcome).toMatchObject({ status: call.status, message: call.message });
    }
  });

  test('which we refuse although Docker accepts', () => {
    const refused = calls.filter((call) => call.status > 0 && call.status < 300 && outcomeOf(call).status >= 300);
    expect(refused.map((call) => outcomeOf(call).message).sort()).toMatchInlineSnapshot(`
      [
        "rpc error: code = InvalidArgument desc = ContainerSpec: a mount can't have the target /",
        "rpc error: code = InvalidArgument desc = ContainerSpec: a mount needs a Target",
        "rpc error: code = InvalidArgument desc = ContainerSpec: invalid stop signal SIGFOO",
        "rpc error: code = InvalidArgument desc = ContainerSpec: isolation hyperv exists on Windows only",
        "rpc error: code = InvalidArgument desc = ContainerSpec: mount target x must be an absolute path",
        "rpc error: code = InvalidArgument desc = ContainerSpec: name server x is not an IP address",
        "rpc error: code = InvalidArgument desc = ContainerSpec: sysctl kernel.nope does not belong to a container's namespaces",
        "rpc error: code = InvalidArgument desc = ContainerSpec: ulimit nofile: the soft limit (10) is above the hard limit (5)",
        "rpc error: code = InvalidArgument desc = ContainerSpec: unknown capability FOO",
        "rpc error: code = InvalidArgument desc = ContainerSpec: unknown ulimit foo",
        "rpc error: code = InvalidArgument desc = EndpointSpec: a port needs a TargetPort",
        "rpc error: code = InvalidArgument desc = EndpointSpec: a port needs a TargetPort",
        "rpc error: code = InvalidArgument desc = EndpointSpec: published port 70000 is above 65535",
        "rpc error: code = InvalidArgument desc = TaskSpec: a generic resource cannot be negative",
        "rpc error: code = InvalidArgument desc = TaskSpec: generic resources are reserved by number, not by name",
        "rpc error: code = InvalidArgument desc = TaskSpec: invalid pids limit -5: use 0 or -1 for none",
        "rpc error: code = InvalidArgument desc = TaskSpec: rollback-delay cannot be negative",
        "rpc error: code = InvalidArgument desc = TaskSpec: rollback-maxfailureratio cannot be less than 0 or bigger than 1",
        "rpc error: code = InvalidArgument desc = TaskSpec: rollback-maxfailureratio cannot be less than 0 or bigger than 1",
        "rpc error: code = InvalidArgument desc = TaskSpec: rollback-monitor cannot be negative",
        "rpc error: code = InvalidArgument desc = TaskSpec: the limit of NanoCPUs (1000000000) is below its reservation (2000000000)",
        "rpc error: code = InvalidArgument desc = unknown templating driver "jinja": the only one is golang",
        "rpc error: code = InvalidArgument desc = unknown templating driver "jinja": the only one is golang",
        "unexpected content after JSON",
        "unexpected content after JSON",
        "unexpected content after JSON",
        "unexpected content after JSON",
      ]
    `);
  });
});

const at = '2026-01-01T00:00:00Z';
const withoutPlaceholders = (value: unknown) => JSON.parse(JSON.stringify(value));

/** What a GET shows of a service that a POST made, without what the server adds. */
const shownSpec = (spec: ServiceSpec) => {
  const service: Service = {
    ID: 'a'.repeat(25) as ServiceId,
    Version: { Index: 1 },
    CreatedAt: at,
    UpdatedAt: at,
    Spec: spec,
    Internal: { Revision: 1, SpecVersion: 1 },
  };
  return withoutPlaceholders(present('service', service, API_MINOR));
};

describe('a service shown after it was made', () => {
  const made = new Map<string, Recorded>();
  const pairs: (readonly [string, Recorded, Recorded])[] = [];
  for (const call of recorded) {
    const { Name } = (call.body ?? {}) as { readonly Name?: string };
    if (call.path.endsWith('/services/create') && call.status === 201 && Name !== undefined) made.set(Name, call);
    const shown = /^\/v1\.41\/services\/([a-z0-9]+)(\?insertDefaults=.*)?$/.exec(call.path);
    const maker = shown === null || call.group !== 'service-create' ? undefined : made.get(shown[1] ?? '');
    if (call.method === 'GET' && maker !== undefined && call.response?.Spec !== undefined)
      pairs.push([call.name, maker, call]);
  }

  test('is compared often enough', () => {
    expect(pairs.length).toBeGreaterThan(12);
  });

  test.each(pairs)('%s', (_name, maker, shown) => {
    const outcome = outcomeOf(maker);
    if (outcome.code === 'never-works') return expect(outcome.status).toBe(400);
    const spec = acceptServiceSpec(decodeJson(serviceSpecSchema, textOf(maker)), API_MINOR);
    const { Spec } = shownSpec(shown.path.includes('insertDefaults') ? withDefaults(spec) : spec);
    // A network's name became its id before the spec was stored.
    const text = JSON.stringify(Spec).replaceAll('"Target":"svn"', '"Target":"<id>"');
    expect(text).toBe(JSON.stringify(shown.response?.Spec));
  });
});
