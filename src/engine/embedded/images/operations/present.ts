import type { Digest } from '../digest.ts';
import type { RunConfig } from '../documents/image-config.ts';
import { familiarName, familiarRepository, type Reference } from '../reference.ts';
import type { Content } from '../store/content.ts';
import { namesOf } from './find.ts';

/** One item of `GET /images/json`. */
export interface ImageSummary {
  readonly Id: string;
  readonly ParentId: string;
  readonly RepoTags: readonly string[];
  readonly RepoDigests: readonly string[];
  /** Unix seconds. */
  readonly Created: number;
  readonly Size: number;
  readonly SharedSize: number;
  readonly Labels: Readonly<Record<string, string>> | null;
  readonly Containers: number;
}

/** The answer of `GET /images/{name}/json`. */
export interface ImageInspect {
  readonly Id: string;
  readonly RepoTags: readonly string[];
  readonly RepoDigests: readonly string[];
  readonly Parent: string;
  readonly Comment: string;
  readonly Created?: string;
  readonly DockerVersion: string;
  readonly Author: string;
  readonly Config: InspectedConfig;
  readonly Architecture: string;
  readonly Variant?: string;
  readonly Os: string;
  readonly OsVersion?: string;
  readonly Size: number;
  readonly GraphDriver: { readonly Name: string; readonly Data: Readonly<Record<string, string>> };
  readonly RootFS: { readonly Type: 'layers'; readonly Layers?: readonly string[] };
  readonly Metadata: { readonly LastTagTime: string };
}

/** Fields that templates of `docker inspect -f` reach for are there even when the image says nothing. */
export type InspectedConfig = Omit<RunConfig, 'Env' | 'Cmd' | 'Entrypoint' | 'Volumes' | 'Labels' | 'OnBuild'> & {
  readonly Env: RunConfig['Env'] | null;
  readonly Cmd: RunConfig['Cmd'] | null;
  readonly Entrypoint: RunConfig['Entrypoint'] | null;
  readonly Volumes: RunConfig['Volumes'] | null;
  readonly Labels: RunConfig['Labels'] | null;
  readonly OnBuild: RunConfig['OnBuild'] | null;
};

/** One item of `GET /images/{name}/history`, the newest first. */
export interface HistoryItem {
  readonly Id: string;
  /** Unix seconds. */
  readonly Created: number;
  readonly CreatedBy: string;
  readonly Tags: readonly string[] | null;
  readonly Size: number;
  readonly Comment: string;
}

/** What Go's clients read as "never". */
const ZERO_TIME = '0001-01-01T00:00:00Z';

/** An image as a list shows it, with the names that its filter let through. */
export function summaryOf(content: Content, id: Digest, names: ReturnType<typeof namesOf>): ImageSummary {
  const config = content.config(id);
  return {
    Id: id,
    ParentId: '',
    RepoTags: names.tags.map(familiarName),
    RepoDigests: names.digests.map(digestName),
    Created: createdSeconds(config.created),
    Size: sizeOf(content, id),
    SharedSize: -1,
    Labels: config.run.Labels ?? null,
    Containers: -1,
  };
}

export function inspectionOf(content: Content, id: Digest): ImageInspect {
  const config = content.config(id);
  const names = namesOf(content.state, id);
  return {
    Id: id,
    RepoTags: names.tags.map(familiarName),
    RepoDigests: names.digests.map(digestName),
    Parent: '',
    Comment: config.comment ?? config.history.at(-1)?.comment ?? '',
    ...(config.created === undefined ? {} : { Created: config.created }),
    DockerVersion: config.dockerVersion ?? '',
    Author: config.author ?? '',
    Config: inspectedConfig(config.run),
    Architecture: config.architecture,
    ...(config.variant === undefined ? {} : { Variant: config.variant }),
    Os: config.os,
    ...(config.osVersion === undefined ? {} : { OsVersion: config.osVersion }),
    Size: sizeOf(content, id),
    GraphDriver: graphDriverOf(content, id),
    RootFS: { Type: 'layers', ...(config.diffIds.length === 0 ? {} : { Layers: config.diffIds }) },
    Metadata: { LastTagTime: content.state.images.get(id)?.taggedAt ?? ZERO_TIME },
  };
}

/** How the image came to be: the configuration's history joined with the sizes of its layers. */
export function historyOf(content: Content, id: Digest): HistoryItem[] {
  const config = content.config(id);
  const sizes = config.diffIds.map((diffId) => content.layer(diffId).sizeBytes);
  let layer = 0;
  const items = config.history.map((entry) => ({
    Id: '<missing>',
    Created: createdSeconds(entry.created),
    CreatedBy: entry.createdBy ?? '',
    Tags: null,
    Size: entry.isEmptyLayer ? 0 : (sizes[layer++] ?? 0),
    Comment: entry.comment ?? '',
  }));
  const [top, ...older] = items.toReversed();
  const tags = namesOf(content.state, id).tags.map(familiarName);
  return top === undefined ? [] : [{ ...top, Id: id, Tags: tags.length === 0 ? null : tags }, ...older];
}

/** Bytes of the files of all layers. */
export function sizeOf(content: Content, id: Digest): number {
  return content.config(id).diffIds.reduce((sum, diffId) => sum + content.layer(diffId).sizeBytes, 0);
}

/** `busybox@sha256:…`: how repository digests are written. */
export function digestName(name: Reference): string {
  return `${familiarRepository(name)}@${name.digest}`;
}

/** Images without a stated time count as made in 1970. */
export function createdSeconds(created: string | undefined): number {
  return created === undefined ? 0 : Math.floor(Date.parse(created) / 1000);
}

function inspectedConfig(run: RunConfig): InspectedConfig {
  return {
    ...run,
    Env: run.Env ?? null,
    Cmd: run.Cmd ?? null,
    Entrypoint: run.Entrypoint ?? null,
    Volumes: run.Volumes ?? null,
    WorkingDir: run.WorkingDir ?? '',
    User: run.User ?? '',
    Labels: run.Labels ?? null,
    OnBuild: run.OnBuild ?? null,
  };
}

function graphDriverOf(content: Content, id: Digest): ImageInspect['GraphDriver'] {
  const [top = '', ...lower] = content.lowerDirectories(content.config(id));
  const Data = lower.length === 0 ? { UpperDir: top } : { LowerDir: lower.join(':'), UpperDir: top };
  return { Name: 'overlay2', Data };
}
