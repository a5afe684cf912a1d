import type { ImageRunConfig } from '../../image-source.ts';
import { type Digest, parseDigest } from '../digest.ts';
import { JsonFields } from './json.ts';

/** No configuration in the wild comes near; a larger one is refused before it is parsed. */
export const MAX_CONFIG_BYTES = 8 * 1024 * 1024;
/** Docker refuses more; overlayfs takes 500. */
export const MAX_LAYERS = 127;

/** Docker's run configuration has three fields more than those that containers need here. */
export interface RunConfig extends ImageRunConfig {
  readonly OnBuild?: readonly string[];
  readonly Shell?: readonly string[];
  readonly ArgsEscaped?: boolean;
}

export interface HistoryEntry {
  readonly created?: string;
  readonly createdBy?: string;
  readonly author?: string;
  readonly comment?: string;
  readonly isEmptyLayer: boolean;
}

/** An image's configuration, whose digest is its id. Source: OCI image specification, config.md. */
export interface ImageConfig {
  readonly os: string;
  readonly architecture: string;
  readonly variant?: string;
  readonly osVersion?: string;
  /** RFC 3339. */
  readonly created?: string;
  readonly author?: string;
  readonly comment?: string;
  readonly dockerVersion?: string;
  readonly run: RunConfig;
  /** Digests of the plain archives, bottom first. */
  readonly diffIds: readonly Digest[];
  readonly history: readonly HistoryEntry[];
}

/** Reads a configuration; unknown fields are left aside. */
export function parseImageConfig(bytes: Uint8Array): ImageConfig {
  const document = JsonFields.parse(bytes, 'the image configuration');
  const diffIds = document.object('rootfs')?.texts('diff_ids') ?? [];
  if (diffIds.length > MAX_LAYERS) throw document.wrong(`it has more than ${MAX_LAYERS} layers`);
  const created = document.text('created');
  if (created !== undefined && Number.isNaN(Date.parse(created))) throw document.wrong('created is not a time');
  return {
    os: document.text('os') || 'linux',
    architecture: document.text('architecture') ?? '',
    ...optional('variant', document.text('variant')),
    ...optional('osVersion', document.text('os.version')),
    ...optional('created', created),
    ...optional('author', document.text('author')),
    ...optional('comment', document.text('comment')),
    ...optional('dockerVersion', document.text('docker_version')),
    run: parseRunConfig(document.object('config')),
    diffIds: diffIds.map((diffId) => parseDigest(diffId, 'the image configuration')),
    history: (document.objects('history') ?? []).map(parseHistory),
  };
}

/** Writes a configuration as Docker does, with the fields in its order. */
export function encodeImageConfig(config: ImageConfig): Buffer {
  return Buffer.from(
    JSON.stringify({
      architecture: config.architecture,
      ...optional('variant', config.variant),
      ...optional('comment', config.comment),
      ...optional('author', config.author),
      config: config.run,
      created: config.created,
      history: config.history.map((entry) => ({
        ...optional('created', entry.created),
        ...optional('created_by', entry.createdBy),
        ...optional('author', entry.author),
        ...optional('comment', entry.comment),
        ...(entry.isEmptyLayer ? { empty_layer: true } : {}),
      })),
      os: config.os,
      rootfs: { type: 'layers', diff_ids: config.diffIds },
    }),
  );
}

function parseRunConfig(run: JsonFields | undefined): RunConfig {
  if (run === undefined) return {};
  return {
    ...optional('User', run.text('User')),
    ...optional('ExposedPorts', run.set('ExposedPorts')),
    ...optional('Env', run.texts('Env')),
    ...optional('Entrypoint', run.texts('Entrypoint')),
    ...optional('Cmd', run.texts('Cmd')),
    ...optional('Volumes', run.set('Volumes')),
    ...optional('WorkingDir', run.text('WorkingDir')),
    ...optional('Labels', run.map('Labels')),
    ...optional('StopSignal', run.text('StopSignal')),
    ...optional('Healthcheck', parseHealthcheck(run.object('Healthcheck'))),
    ...optional('OnBuild', run.texts('OnBuild')),
    ...optional('Shell', run.texts('Shell')),
    ...optional('ArgsEscaped', run.flag('ArgsEscaped')),
  };
}

function parseHealthcheck(check: JsonFields | undefined): ImageRunConfig['Healthcheck'] {
  if (check === undefined) return undefined;
  return {
    ...optional('Test', check.texts('Test')),
    ...optional('Interval', check.integer('Interval')),
    ...optional('Timeout', check.integer('Timeout')),
    ...optional('StartPeriod', check.integer('StartPeriod')),
    ...optional('StartInterval', check.integer('StartInterval')),
    ...optional('Retries', check.integer('Retries')),
  };
}

function parseHistory(entry: JsonFields): HistoryEntry {
  return {
    ...optional('created', entry.text('created')),
    ...optional('createdBy', entry.text('created_by')),
    ...optional('author', entry.text('author')),
    ...optional('comment', entry.text('comment')),
    isEmptyLayer: entry.flag('empty_layer') ?? false,
  };
}

/** The field, or nothing where its value is missing. */
function optional<K extends string, V>(name: K, value: V | undefined): { readonly [P in K]?: V } {
  return (value === undefined ? {} : { [name]: value }) as { readonly [P in K]?: V }; // one computed key: TypeScript widens it to string
}
