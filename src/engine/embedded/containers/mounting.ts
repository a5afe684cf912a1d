import { mkdir, stat } from 'node:fs/promises';
import { Refusal } from '../../../base/index.ts';
import type { EngineContext } from '../context.ts';
import { lookUp } from '../rootfs/union.ts';
import type { MountRequest } from '../spec/mounts.ts';
import type { ResolvedMount } from '../volumes/resolved-mount.ts';

async function isThere(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && (cause.code === 'ENOENT' || cause.code === 'ENOTDIR'))
      return false;
    throw cause;
  }
}

export interface MountPlace {
  readonly bundle: string;
  readonly layers: readonly string[];
}

/** Names of volumes that containers other than the asking one use. */
function volumesInUse(context: EngineContext): Set<string> {
  const names = context.containers.all().flatMap(({ record }) => record.mounts);
  return new Set(names.flatMap((mount) => (mount.kind === 'volume' ? (mount.volumeName ?? []) : [])));
}

async function resolveVolume(
  context: EngineContext,
  request: MountRequest & { readonly kind: 'volume' },
  place: MountPlace,
): Promise<ResolvedMount> {
  const volumeName = request.name ?? Buffer.from(context.random.bytes(32)).toString('hex');
  const source = await context.volumes.ensure(volumeName, request.labels, request.name === undefined);
  if (request.copy && !volumesInUse(context).has(volumeName)) {
    const content = await lookUp(place.layers, request.target);
    if (content?.kind === 'directory')
      await context.volumes.fill(volumeName, {
        bundle: place.bundle,
        layerCount: place.layers.length,
        path: content.path,
      });
  }
  return {
    kind: 'volume',
    source,
    target: request.target,
    readOnly: request.readOnly,
    shallowReadOnly: false,
    recursive: true,
    propagation: 'rprivate',
    volumeName,
    isAnonymous: request.name === undefined,
  };
}

/** Finds or makes what a container mounts, adding each to `resolved` at once so that a failure can be undone. Volumes are filled one after the other: they share the bundle's mount point. */
export async function resolveMounts(
  context: EngineContext,
  requests: readonly MountRequest[],
  place: MountPlace,
  resolved: ResolvedMount[],
): Promise<void> {
  for (const request of requests) {
    if (request.kind === 'volume') resolved.push(await resolveVolume(context, request, place));
    else if (request.kind === 'tmpfs') resolved.push(request);
    else {
      if (!(await isThere(request.source))) {
        if (!request.createSource)
          throw new Refusal('container-mount-invalid', {
            type: 'bind',
            why: `bind source path does not exist: ${request.source}`,
          });
        await mkdir(request.source, { recursive: true });
      }
      const { createSource: _made, ...mount } = request;
      resolved.push(mount);
    }
  }
}

/** Takes away the volumes that were made for this container alone. */
export async function removeAnonymousVolumes(context: EngineContext, mounts: readonly ResolvedMount[]): Promise<void> {
  for (const mount of mounts) {
    if (mount.kind === 'volume' && mount.isAnonymous && mount.volumeName !== undefined)
      await context.volumes.remove(mount.volumeName);
  }
}
