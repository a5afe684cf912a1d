import { type Instant, Refusal } from '../../../base/index.ts';
import type { ContainerFilters, ContainerListOptions } from '../../port/local.ts';
import type { Container } from './container.ts';
import { mountPoint, secondsOf, stateOf } from './inspect.ts';
import type { ContainerTable } from './table.ts';

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** A span as Docker's clients word it, e.g. `About a minute`. Seconds. */
export function humanDuration(seconds: number): string {
  if (seconds < 1) return 'Less than a second';
  if (seconds < 2) return '1 second';
  if (seconds < MINUTE) return `${Math.floor(seconds)} seconds`;
  if (seconds < 2 * MINUTE) return 'About a minute';
  if (seconds < HOUR) return `${Math.floor(seconds / MINUTE)} minutes`;
  const hours = Math.round(seconds / HOUR);
  if (hours === 1) return 'About an hour';
  if (hours < 48) return `${hours} hours`;
  if (hours < 24 * 7 * 2) return `${Math.floor(hours / 24)} days`;
  if (hours < 24 * 30 * 2) return `${Math.floor(hours / 24 / 7)} weeks`;
  if (hours < 24 * 365 * 2) return `${Math.floor(hours / 24 / 30)} months`;
  return `${Math.floor(seconds / DAY / 365)} years`;
}

function healthText({ health }: Container): string {
  if (health === undefined) return '';
  return health.Status === 'starting' ? ' (health: starting)' : ` (${health.Status})`;
}

/** `Up 5 minutes`, `Exited (1) 2 seconds ago`, `Created`. */
export function statusText(container: Container, now: Instant): string {
  const { state } = container.record;
  const since = (timestamp: string): string => humanDuration(now / 1000 - secondsOf(timestamp));
  if (state.kind === 'running') return `Up ${since(state.startedAt)}${healthText(container)}`;
  if (state.kind === 'exited') return `Exited (${state.exitCode}) ${since(state.finishedAt)} ago`;
  return state.kind === 'removing' ? 'Removal In Progress' : 'Created';
}

function command(args: readonly string[]): string {
  return args.map((arg) => (/[\s'"\\]/.test(arg) ? `'${arg.replaceAll("'", `'\\''`)}'` : arg)).join(' ');
}

/** One item of `GET /containers/json`. */
export function summaryOf(container: Container, now: Instant): Readonly<Record<string, unknown>> {
  const { record } = container;
  return {
    Id: record.id,
    Names: [`/${record.name}`],
    Image: record.create.Image,
    ImageID: record.image.id,
    Command: command(record.args),
    Created: secondsOf(record.createdAt),
    Ports: [],
    Labels: { ...record.image.config.Labels, ...record.create.Labels },
    State: stateOf(record).Status,
    Status: statusText(container, now),
    HostConfig: { NetworkMode: record.create.HostConfig?.NetworkMode || 'none' },
    NetworkSettings: { Networks: {} },
    Mounts: record.mounts.map(mountPoint),
  };
}

type Test = (container: Container, value: string, table: ContainerTable) => boolean;

const created = (container: Container): number => secondsOf(container.record.createdAt);
const matches = (text: string, pattern: string): boolean => {
  try {
    return new RegExp(pattern).test(text);
  } catch {
    // Not a regular expression: compared as it stands, as Docker does.
    return text === pattern;
  }
};

const statuses = ['created', 'restarting', 'running', 'removing', 'paused', 'exited', 'dead'];

/** Filters of the Engine API; a container passes when, for each name, one of the values holds (of labels: all). */
const tests: Readonly<Record<string, Test>> = {
  id: ({ record }, value) => record.id.startsWith(value) || matches(record.id, value),
  name: ({ record }, value) => matches(record.name, value) || matches(`/${record.name}`, value),
  status: ({ record }, value) => stateOf(record).Status === value,
  exited: ({ record }, value) => record.state.kind === 'exited' && String(record.state.exitCode) === value,
  ancestor: ({ record }, value) =>
    [
      record.create.Image,
      `${record.create.Image}:latest`,
      record.image.id,
      record.image.id.replace('sha256:', ''),
    ].includes(value) ||
    record.create.Image === `${value}:latest` ||
    (/^[0-9a-f]{12,}$/.test(value) && record.image.id.startsWith(`sha256:${value}`)),
  label: ({ record }, value) => {
    const labels: Readonly<Record<string, string>> = { ...record.image.config.Labels, ...record.create.Labels };
    const at = value.indexOf('=');
    return at < 0 ? value in labels : labels[value.slice(0, at)] === value.slice(at + 1);
  },
  volume: ({ record }, value) =>
    record.mounts.some(
      (mount) =>
        mount.target === value || (mount.kind !== 'tmpfs' && (mount.volumeName === value || mount.source === value)),
    ),
  network: ({ record }, value) => (record.create.HostConfig?.NetworkMode || 'none') === value,
  before: (container, value, table) => created(container) < created(table.require(value)),
  since: (container, value, table) => created(container) > created(table.require(value)),
  'is-task': ({ record }, value) =>
    (record.create.Labels?.['com.docker.swarm.task.id'] !== undefined) === (value === 'true' || value === '1'),
  health: ({ health }, value) => (health?.Status ?? 'none') === value,
  expose: ({ record }, value) =>
    Object.keys(record.image.config.ExposedPorts ?? {}).some((port) => port === value || port === `${value}/tcp`),
  publish: () => false,
  isolation: (_container, value) => value === 'default',
};

function checkFilters(filters: ContainerFilters): void {
  for (const [name, values] of Object.entries(filters)) {
    if (tests[name] === undefined) throw new Refusal('container-filter-invalid', { name, value: values.join(',') });
    for (const value of values) {
      if (name === 'status' && !statuses.includes(value))
        throw new Refusal('container-filter-invalid', { name, value });
      if (name === 'exited' && !/^-?\d+$/.test(value)) throw new Refusal('container-filter-invalid', { name, value });
    }
  }
}

/** The containers that a listing shows, youngest first. Scans all; 10 000 take some tens of milliseconds. */
export function listSummaries(
  table: ContainerTable,
  options: ContainerListOptions,
  now: Instant,
): Readonly<Record<string, unknown>>[] {
  checkFilters(options.filters);
  const { filters } = options;
  const showsAll =
    options.all ||
    (options.limit ?? 0) > 0 ||
    ['status', 'exited', 'before', 'since'].some((name) => filters[name]?.length);
  const passes = (container: Container): boolean =>
    (showsAll || container.isRunning) &&
    Object.entries(filters).every(([name, values]) => {
      const holds = (value: string): boolean => tests[name]?.(container, value, table) === true;
      return values.length === 0 || (name === 'label' ? values.every(holds) : values.some(holds));
    });
  const chosen = table
    .all()
    .filter(passes)
    .sort((a, b) => (a.record.createdAt < b.record.createdAt ? 1 : a.record.createdAt > b.record.createdAt ? -1 : 0));
  return (options.limit ? chosen.slice(0, options.limit) : chosen).map((container) => summaryOf(container, now));
}
