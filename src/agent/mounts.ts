import { Refusal } from '../base/index.ts';
import type { Mount } from '../model/index.ts';

/** The mounts of a container, or Swarm's refusal of the first that can't be (reference 8.4). */
export function containerMounts(mounts: readonly Mount[]): readonly Mount[] {
  return mounts.map((mount) => checked({ ...mount, Type: typeOf(mount.Type) }));
}

/** Sources of bind mounts: they must exist on the node, Swarm creates none. */
export function bindSources(mounts: readonly Mount[]): readonly string[] {
  return mounts.flatMap(({ Type, Source, BindOptions }) =>
    typeOf(Type) === 'bind' && Source !== undefined && BindOptions?.CreateMountpoint !== true ? [Source] : [],
  );
}

function checked(mount: Mount): Mount {
  const { Type: type, Source: source = '', Target: target = '' } = mount;
  if (!isAbsolute(target)) throw new Refusal('mount-target-relative', { target });
  switch (type) {
    case 'bind':
      if (!isAbsolute(source)) throw new Refusal('mount-bind-relative', { source });
      return mount;
    case 'volume':
      if (isAbsolute(source)) throw new Refusal('mount-volume-absolute', { source });
      return mount;
    case 'tmpfs':
      if (source !== '') throw new Refusal('mount-tmpfs-source');
      return mount;
    case 'image':
      return mount;
    case 'cluster':
      throw new Refusal('not-built-yet', { what: `a mount of type ${type}` });
    default:
      throw new Refusal('mount-type', { type });
  }
}

/** As in the Docker API: an empty type is a bind mount. */
function typeOf(type: Mount['Type']): NonNullable<Mount['Type']> {
  return type === undefined || (type as string) === '' ? 'bind' : type;
}

function isAbsolute(path: string): boolean {
  return path.startsWith('/');
}
