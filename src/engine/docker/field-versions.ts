import { Refusal } from '../../base/index.ts';
import { versionText } from './api-version.ts';

/** A field of a request that engines below `needs` would ignore. In `path` `[]` is each item of a list, `{}` each value of a map. */
export interface FieldRule {
  readonly path: string;
  /** Minor of the first API version that knows the field. */
  readonly needs: number;
  /** The rule applies to these values only; without it to every value but Go's zero, which is the same as none. */
  readonly values?: readonly unknown[];
}

/** The body of `POST /containers/create`. From the Engine API's version history. */
export const containerCreateFields: readonly FieldRule[] = [
  { path: 'HostConfig.CgroupnsMode', needs: 41 },
  { path: 'HostConfig.Annotations', needs: 43 },
  { path: 'HostConfig.Mounts[].Type', needs: 42, values: ['cluster'] },
  { path: 'HostConfig.Mounts[].Type', needs: 48, values: ['image'] },
  { path: 'HostConfig.Mounts[].BindOptions.CreateMountpoint', needs: 42 },
  { path: 'HostConfig.Mounts[].BindOptions.ReadOnlyNonRecursive', needs: 44 },
  { path: 'HostConfig.Mounts[].BindOptions.ReadOnlyForceRecursive', needs: 44 },
  { path: 'HostConfig.Mounts[].VolumeOptions.Subpath', needs: 45 },
  { path: 'HostConfig.Mounts[].TmpfsOptions.Options', needs: 46 },
  { path: 'HostConfig.Mounts[].ImageOptions.Subpath', needs: 48 },
  { path: 'Healthcheck.StartInterval', needs: 44 },
  { path: 'NetworkingConfig.EndpointsConfig{}.DriverOpts.com.docker.network.endpoint.sysctls', needs: 46 },
  { path: 'NetworkingConfig.EndpointsConfig{}.GwPriority', needs: 48 },
];

/** Refuses a body with a field that an engine of this minor would ignore, by the field's name. */
export function refuseNewerFields(body: unknown, rules: readonly FieldRule[], engineMinor: number): void {
  for (const rule of rules) {
    if (rule.needs <= engineMinor) continue;
    for (const value of valuesAt(body, steps(rule.path))) {
      const applies = rule.values === undefined ? !isZero(value) : rule.values.includes(value);
      if (!applies) continue;
      const field = rule.values === undefined ? rule.path : `${rule.path} ${JSON.stringify(value)}`;
      throw new Refusal('engine-field-too-old', {
        field,
        needs: versionText(rule.needs),
        has: versionText(engineMinor),
      });
    }
  }
}

/** A member of a JSON object by its Go name: Go's decoder takes any case. */
export function memberOf(value: unknown, name: string): unknown {
  const key = memberKey(value, name);
  // `memberKey` finds keys in objects only.
  return key === undefined ? undefined : (value as Readonly<Record<string, unknown>>)[key];
}

/** The key under which an object holds a member, in the case that the client wrote. */
export function memberKey(value: unknown, name: string): string | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  if (Object.hasOwn(value, name)) return name;
  const lower = name.toLowerCase();
  return Object.keys(value).find((key) => key.toLowerCase() === lower);
}

/** Go's zero value of any type, or an empty list or map. */
export function isZero(value: unknown): boolean {
  if (value === undefined || value === null || value === false || value === 0 || value === '') return true;
  if (Array.isArray(value)) return value.length === 0;
  return typeof value === 'object' && Object.keys(value).length === 0;
}

/** The option's name has dots itself and comes last. */
const dottedOption = 'com.docker.network.endpoint.sysctls';

function steps(path: string): readonly string[] {
  const at = path.indexOf(dottedOption);
  const plain = at < 0 ? path : path.slice(0, at - 1);
  const parts = plain.split('.').flatMap((part) => part.split(/(?=\[\]|\{\})/));
  return at < 0 ? parts : [...parts, dottedOption];
}

function* valuesAt(value: unknown, path: readonly string[]): Generator<unknown> {
  const [step, ...rest] = path;
  if (step === undefined) {
    yield value;
  } else if (step === '[]' || step === '{}') {
    if (typeof value !== 'object' || value === null) return;
    for (const item of Object.values(value)) yield* valuesAt(item, rest);
  } else {
    if (typeof value !== 'object' || value === null) return;
    const lower = step.toLowerCase();
    // Every spelling: Go's decoder takes any case, and merges what comes twice.
    for (const [key, found] of Object.entries(value)) {
      if (key.toLowerCase() === lower) yield* valuesAt(found, rest);
    }
  }
}
