import { readFile } from 'node:fs/promises';
import { messageOf, Refusal } from '../base/index.ts';
import { nearestName } from '../model/index.ts';

/** Where the daemon looks when it is not told otherwise. */
export const CONFIGURATION_FILE = '/etc/ruche/ruche.json';

/** All that an operator can set. Every key of the file has one line in `fields`. */
export interface Configuration {
  readonly socket: string;
  /** Members of this group may use the socket, which makes them root on every node. */
  readonly group: string;
  /** Kept across restarts: the cluster state, images, volumes. Mode 0700. */
  readonly stateDirectory: string;
  /** Gone after a reboot: sockets, runtime state of containers. */
  readonly runDirectory: string;
  readonly engine: 'embedded' | 'docker';
  readonly dockerSocket: string;
  /** Addresses `host:port` to listen on besides the socket; need `tlsVerify`, or `insecureLoopback` on loopback. */
  readonly listen: readonly string[];
  readonly tlsVerify: boolean;
  readonly tlsCa: string;
  readonly tlsCert: string;
  readonly tlsKey: string;
  readonly insecureLoopback: boolean;
  readonly insecureRegistries: readonly string[];
  readonly registryMirrors: readonly string[];
  readonly preferLocalImages: boolean;
  readonly labels: readonly string[];
  readonly logLevel: 'error' | 'warn' | 'info' | 'debug';
}

interface Field {
  readonly default: Configuration[keyof Configuration];
  /** For people, after "must be". */
  readonly expected: string;
  readonly accepts: (value: unknown) => boolean;
}

const isText = (value: unknown): boolean => typeof value === 'string' && value !== '';
const isTexts = (value: unknown): boolean => Array.isArray(value) && value.every(isText);
const isPath = (value: unknown): boolean => typeof value === 'string' && value.startsWith('/');
const path = (fallback: string): Field => ({ default: fallback, expected: 'an absolute path', accepts: isPath });
const optionalPath = (): Field => ({
  default: '',
  expected: 'an absolute path',
  accepts: (value) => value === '' || isPath(value),
});
const texts = (what: string): Field => ({ default: [], expected: `a list of ${what}`, accepts: isTexts });
const flag = (): Field => ({
  default: false,
  expected: 'true or false',
  accepts: (value) => typeof value === 'boolean',
});
const oneOf = (fallback: string, ...values: string[]): Field => ({
  default: fallback as Configuration['engine'],
  expected: `one of ${values.join(', ')}`,
  accepts: (value) => typeof value === 'string' && values.includes(value),
});

const fields: { readonly [K in keyof Configuration]: Field } = {
  socket: path('/run/ruche/ruche.sock'),
  group: { default: 'ruche', expected: 'the name of a group', accepts: isText },
  stateDirectory: path('/var/lib/ruche'),
  runDirectory: path('/run/ruche'),
  engine: oneOf('embedded', 'embedded', 'docker'),
  dockerSocket: path('/var/run/docker.sock'),
  listen: texts('addresses such as "127.0.0.1:2376"'),
  tlsVerify: flag(),
  tlsCa: optionalPath(),
  tlsCert: optionalPath(),
  tlsKey: optionalPath(),
  insecureLoopback: flag(),
  insecureRegistries: texts('registries such as "registry.example:5000"'),
  registryMirrors: texts('addresses such as "https://mirror.example"'),
  preferLocalImages: flag(),
  labels: texts('labels such as "zone=a"'),
  logLevel: oneOf('info', 'error', 'warn', 'info', 'debug'),
};

/** Reads the file and lays `overrides` (from flags) over it. A file that was not asked for by name may be absent. */
export async function readConfiguration(
  file: string | undefined,
  overrides: Partial<Configuration> = {},
): Promise<Configuration> {
  return { ...parseConfiguration(await readText(file), file ?? CONFIGURATION_FILE), ...overrides };
}

async function readText(file: string | undefined): Promise<string> {
  try {
    return await readFile(file ?? CONFIGURATION_FILE, 'utf8');
  } catch (error) {
    const isAbsent = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    if (isAbsent && file === undefined) return '{}';
    throw new Refusal('configuration-unreadable', {
      file: file ?? CONFIGURATION_FILE,
      reason: messageOf(error),
      cause: error,
    });
  }
}

/** Checks every key; an unknown one is refused with the nearest known, a wrong value with what is expected. */
export function parseConfiguration(text: string, file: string): Configuration {
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch (error) {
    throw new Refusal('configuration-unreadable', { file, reason: messageOf(error), cause: error });
  }
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) {
    throw new Refusal('configuration-unreadable', { file, reason: 'it must hold one JSON object' });
  }
  const given = new Map<string, unknown>(Object.entries(raw));
  for (const [key, value] of given) {
    const field = Object.hasOwn(fields, key) ? fields[key as keyof Configuration] : undefined;
    if (field === undefined)
      throw new Refusal('configuration-key-unknown', { file, key, nearest: nearestName(key, Object.keys(fields)) });
    if (!field.accepts(value)) throw new Refusal('configuration-value-wrong', { file, key, expected: field.expected });
  }
  const defaults = Object.entries(fields).map(([key, field]) => [key, given.has(key) ? given.get(key) : field.default]);
  return Object.fromEntries(defaults) as Configuration; // every key was checked by its own field above
}
