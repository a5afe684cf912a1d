import type { ImageRunConfig } from '../../image-source.ts';
import { parseDuration } from './duration.ts';

type Healthcheck = NonNullable<ImageRunConfig['Healthcheck']>;

const DURATIONS: Readonly<Record<string, 'Interval' | 'Timeout' | 'StartPeriod' | 'StartInterval'>> = {
  interval: 'Interval',
  timeout: 'Timeout',
  'start-period': 'StartPeriod',
  'start-interval': 'StartInterval',
};
/** Docker refuses shorter ones. */
const MIN_NANOSECONDS = 1_000_000;

/** Reads `NONE` or `[--interval=30s …] CMD command`. Source: Dockerfile reference, HEALTHCHECK. */
export function parseHealthcheck(rest: string): Healthcheck {
  const options: Record<string, number> = {};
  let left = rest;
  for (let match = OPTION.exec(left); match !== null; match = OPTION.exec(left)) {
    const [whole, name = '', value = ''] = match;
    const [field, number] = parseOption(name, value);
    options[field] = number;
    left = left.slice(whole.length);
  }
  const [, kind = '', command = ''] = /^(\S+)\s*(.*)$/s.exec(left) ?? [];
  if (kind.toUpperCase() === 'NONE') {
    if (command !== '' || Object.keys(options).length > 0) throw new Error('HEALTHCHECK NONE takes no arguments');
    return { Test: ['NONE'] };
  }
  if (kind.toUpperCase() !== 'CMD') throw new Error(`Unknown type ${JSON.stringify(kind)} in HEALTHCHECK (try CMD)`);
  if (command === '') throw new Error('Missing command after HEALTHCHECK CMD');
  return { Test: testOf(command), ...options };
}

const OPTION = /^--([a-z-]+)=(\S+)\s+/;

function parseOption(name: string, value: string): [string, number] {
  if (name === 'retries') {
    if (!/^\d{1,9}$/.test(value)) throw new Error(`--retries invalid: ${value}`);
    return ['Retries', Number(value)];
  }
  const field = DURATIONS[name];
  if (field === undefined) throw new Error(`Unknown flag: ${name}`);
  const nanoseconds = parseDuration(value);
  if (nanoseconds === undefined) throw new Error(`invalid duration ${JSON.stringify(value)}`);
  if (nanoseconds !== 0 && nanoseconds < MIN_NANOSECONDS)
    throw new Error(`Interval ${JSON.stringify(name)} cannot be less than 1ms`);
  return [field, nanoseconds];
}

function testOf(command: string): readonly string[] {
  if (!command.startsWith('[')) return ['CMD-SHELL', command];
  const list: unknown = JSON.parse(command);
  if (!Array.isArray(list) || !list.every((item) => typeof item === 'string'))
    throw new Error('CMD takes a list of texts');
  return ['CMD', ...list];
}
