import { messageOf, Refusal } from '../../../../base/index.ts';
import type { RunConfig } from '../documents/image-config.ts';
import { parseHealthcheck } from './healthcheck.ts';
import { expand, splitWords, type Variables } from './words.ts';

/** A port published by EXPOSE: one, or a range of at most the ports that there are. */
const PORT = /^(\d{1,5})(?:-(\d{1,5}))?(?:\/(tcp|udp|sctp))?$/i;

interface Instruction {
  readonly rest: string;
  readonly config: RunConfig;
  readonly variables: Variables;
}

type Apply = (instruction: Instruction) => Partial<RunConfig>;

/** The instructions that `docker import -c` takes. */
const INSTRUCTIONS: Readonly<Record<string, Apply>> = {
  CMD: ({ rest }) => ({ Cmd: command(rest) }),
  ENTRYPOINT: ({ rest }) => ({ Entrypoint: command(rest) }),
  ENV: ({ rest, config, variables }) => ({ Env: mergeEnvironment(config.Env ?? [], pairs(rest, variables, 'ENV')) }),
  EXPOSE: ({ rest, config, variables }) => ({
    ExposedPorts: { ...config.ExposedPorts, ...setOf(splitWords(rest, variables).flatMap(ports)) },
  }),
  HEALTHCHECK: ({ rest }) => ({ Healthcheck: parseHealthcheck(rest) }),
  LABEL: ({ rest, config, variables }) => ({
    Labels: { ...config.Labels, ...Object.fromEntries(pairs(rest, variables, 'LABEL')) },
  }),
  ONBUILD: ({ rest, config }) => ({ OnBuild: [...(config.OnBuild ?? []), trigger(rest)] }),
  STOPSIGNAL: ({ rest, variables }) => ({ StopSignal: signalName(expand(rest, variables)) }),
  USER: ({ rest, variables }) => ({ User: expand(rest, variables) }),
  VOLUME: ({ rest, config, variables }) => ({
    Volumes: { ...config.Volumes, ...setOf(jsonList(rest) ?? splitWords(rest, variables)) },
  }),
  WORKDIR: ({ rest, config, variables }) => ({ WorkingDir: joined(config.WorkingDir ?? '/', expand(rest, variables)) }),
};

/** Applies Dockerfile instructions, one per text, in order. Source: Dockerfile reference; texts as Docker's. */
export function applyChanges(config: RunConfig, changes: readonly string[]): RunConfig {
  return changes.flatMap((change) => change.split('\n')).reduce(applyChange, config);
}

function applyChange(config: RunConfig, line: string): RunConfig {
  const text = line.trim();
  if (text === '' || text.startsWith('#')) return config;
  const [, name = '', rest = ''] = /^(\S+)\s*(.*)$/s.exec(text) ?? [];
  const apply = INSTRUCTIONS[name.toUpperCase()];
  if (apply === undefined) throw refused(`${name.toLowerCase()} is not a valid change command`);
  if (rest === '') throw refused(`${name.toUpperCase()} requires at least one argument`);
  const variables = new Map((config.Env ?? []).map((entry) => split(entry)));
  try {
    return { ...config, ...apply({ rest, config, variables }) };
  } catch (error) {
    throw error instanceof Refusal ? error : refused(`${name.toUpperCase()}: ${messageOf(error)}`);
  }
}

/** A list in JSON is run as it is, anything else by a shell. */
function command(rest: string): readonly string[] {
  return jsonList(rest) ?? ['/bin/sh', '-c', rest];
}

function jsonList(rest: string): readonly string[] | undefined {
  if (!rest.startsWith('[')) return undefined;
  try {
    const list: unknown = JSON.parse(rest);
    return Array.isArray(list) && list.every((item) => typeof item === 'string') ? list : undefined;
  } catch {
    // Docker too takes a broken list for shell words.
    return undefined;
  }
}

/** `A=b C="d e"`, or the old form `A the rest of the line`. */
function pairs(rest: string, variables: Variables, name: string): Array<[string, string]> {
  const first = /^\S+/.exec(rest)?.[0] ?? '';
  if (!first.includes('=')) {
    const value = rest.slice(first.length).trim();
    if (value === '') throw refused(`${name} must have two arguments`);
    return [[first, expand(value, variables)]];
  }
  return splitWords(rest, variables).map((word) => {
    if (!word.includes('='))
      throw refused(`Syntax error - can't find = in ${JSON.stringify(word)}. Must be of the form: name=value`);
    const [key, value] = split(word);
    if (key === '') throw refused(`${name} names can not be blank`);
    return [key, value];
  });
}

function mergeEnvironment(before: readonly string[], added: ReadonlyArray<readonly [string, string]>): string[] {
  const merged = new Map([...before.map((entry) => split(entry)), ...added]);
  return [...merged].map(([name, value]) => `${name}=${value}`);
}

function ports(word: string): string[] {
  const [, from = '', to = from, protocol = 'tcp'] = PORT.exec(word) ?? [];
  const first = Number(from);
  const last = Number(to);
  if (from === '' || first < 1 || last > 65_535 || last < first) throw refused(`invalid containerPort: ${word}`);
  return Array.from({ length: last - first + 1 }, (_, at) => `${first + at}/${protocol.toLowerCase()}`);
}

function trigger(rest: string): string {
  const word = /^\S+/.exec(rest)?.[0].toUpperCase() ?? '';
  if (word === 'ONBUILD') throw refused("Chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed");
  if (word === 'FROM' || word === 'MAINTAINER') throw refused(`${word} isn't allowed as an ONBUILD trigger`);
  return rest;
}

function signalName(text: string): string {
  if (/^\d{1,2}$/.test(text) || /^(SIG)?[A-Z][A-Z0-9]*([+-]\d{1,2})?$/i.test(text)) return text;
  throw refused(`Invalid signal: ${text}`);
}

/** An absolute path without `.` and `..`; a relative one goes on from the directory before. */
function joined(base: string, path: string): string {
  const parts: string[] = [];
  for (const part of (path.startsWith('/') ? path : `${base}/${path}`).split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return `/${parts.join('/')}`;
}

function setOf(names: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(names.map((name) => [name, {}]));
}

function split(entry: string): [string, string] {
  const equals = entry.indexOf('=');
  return equals === -1 ? [entry, ''] : [entry.slice(0, equals), entry.slice(equals + 1)];
}

function refused(text: string): Refusal {
  return new Refusal('image-change-invalid', { text });
}
