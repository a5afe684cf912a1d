import { Refusal } from '../../base/index.ts';
import type { NodeDescription } from '../../model/index.ts';

/** The part of `GET /info` that a node's description is made of. */
export interface EngineInfo {
  readonly Name?: string;
  readonly OSType?: string;
  /** The kernel's word, e.g. `x86_64`. */
  readonly Architecture?: string;
  readonly NCPU?: number;
  readonly MemTotal?: number;
  readonly ServerVersion?: string;
  readonly SystemTime?: string;
  /** `key=value` each. */
  readonly Labels?: readonly string[] | null;
  readonly Plugins?: Readonly<Record<string, readonly string[] | null>>;
  readonly GenericResources?: NonNullable<NodeDescription['Resources']>['GenericResources'] | null;
  readonly Swarm?: { readonly LocalNodeState?: string };
}

/** The plugin types that descriptions list; `Network` always has `overlay` (behaviour reference 1.5). */
const pluginTypes = ['Volume', 'Network', 'Authorization', 'Log'] as const;

/** What the engine says of its machine, in the shape that Swarm gives it. Refuses an engine that is in swarm mode itself. */
export function describeEngine(address: string, info: EngineInfo): NodeDescription {
  const state = info.Swarm?.LocalNodeState;
  if (state !== undefined && state !== '' && state !== 'inactive')
    throw new Refusal('engine-in-swarm-mode', { address });
  return {
    Hostname: info.Name ?? '',
    Platform: { Architecture: info.Architecture ?? '', OS: info.OSType ?? 'linux' },
    Resources: {
      NanoCPUs: (info.NCPU ?? 0) * 1_000_000_000,
      MemoryBytes: info.MemTotal ?? 0,
      ...(info.GenericResources && { GenericResources: info.GenericResources }),
    },
    Engine: {
      EngineVersion: info.ServerVersion ?? '',
      ...(info.Labels && info.Labels.length > 0 && { Labels: labelsOf(info.Labels) }),
      Plugins: pluginsOf(info.Plugins ?? {}),
    },
  };
}

function labelsOf(pairs: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    pairs.map((pair) => {
      const mark = pair.indexOf('=');
      return mark < 0 ? [pair, ''] : [pair.slice(0, mark), pair.slice(mark + 1)];
    }),
  );
}

function pluginsOf(plugins: NonNullable<EngineInfo['Plugins']>): { readonly Type: string; readonly Name: string }[] {
  const found = pluginTypes.flatMap((Type) => {
    const names = new Set([...(Type === 'Network' ? ['overlay'] : []), ...(plugins[Type] ?? [])]);
    return [...names].map((Name) => ({ Type, Name }));
  });
  return found.sort((a, b) => compare(a.Type, b.Type) || compare(a.Name, b.Name));
}

const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);
