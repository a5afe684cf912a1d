import { Refusal } from '../../../base/index.ts';
import type { Mount } from '../../../model/index.ts';
import type { ContainerCreate } from '../../port/container.ts';

/** One mount that a container asks for, whatever way it was spelled. */
export type MountRequest =
  | {
      readonly kind: 'bind';
      readonly source: string;
      readonly target: string;
      readonly readOnly: boolean;
      readonly propagation: string;
      readonly recursive: boolean;
      readonly createSource: boolean;
      /** Only the mount itself read-only, not what is mounted below it. */
      readonly shallowReadOnly: boolean;
    }
  | {
      readonly kind: 'volume';
      /** Absent: an anonymous one, removed with the container. */
      readonly name?: string;
      readonly target: string;
      readonly readOnly: boolean;
      readonly copy: boolean;
      readonly labels: Readonly<Record<string, string>>;
      readonly subpath: string;
    }
  | { readonly kind: 'tmpfs'; readonly target: string; readonly options: readonly string[] };

const propagations = ['', 'private', 'rprivate', 'slave', 'rslave'];
const VOLUME_NAME = /^[a-zA-Z0-9][a-zA-Z0-9_.-]{1,254}$/;
/** Of tmpfs options that users give; anything else would let them reach other mount options. */
const tmpfsOption =
  /^(ro|rw|exec|noexec|suid|nosuid|dev|nodev|sync|async|atime|noatime|diratime|nodiratime|relatime|norelatime|strictatime|nostrictatime|size=\d+[kKmMgG%]?|mode=[0-7]{1,5}|uid=\d+|gid=\d+|nr_inodes=\d+[kKmMgG]?|nr_blocks=\d+[kKmMgG]?)$/;
const TMPFS_DEFAULTS = ['noexec', 'nosuid', 'nodev'];

function refuseMount(type: string, why: string): never {
  throw new Refusal('container-mount-invalid', { type, why });
}

function cleanTarget(type: string, target: string): string {
  if (!target.startsWith('/')) refuseMount(type, `invalid mount path: '${target}' mount path must be absolute`);
  const parts: string[] = [];
  for (const part of target.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  if (parts.length === 0) refuseMount(type, "invalid specification: destination can't be '/'");
  return `/${parts.join('/')}`;
}

function checkPropagation(type: string, propagation: string): string {
  if (!propagations.includes(propagation))
    refuseMount(type, `propagation ${propagation} is not supported: use rprivate, private, rslave or slave`);
  return propagation === '' ? 'rprivate' : propagation;
}

function tmpfsOptions(given: readonly string[]): string[] {
  for (const option of given) if (!tmpfsOption.test(option)) refuseMount('tmpfs', `invalid option ${option}`);
  const opposite = (option: string): string => option.slice(2);
  return [...TMPFS_DEFAULTS.filter((option) => !given.includes(opposite(option))), ...given];
}

function fromMount(mount: Mount): MountRequest {
  const { Type: type = 'volume', Source: source = '', Target = '', ReadOnly: readOnly = false } = mount;
  const target = cleanTarget(type, Target);
  switch (type) {
    case 'bind': {
      const options = mount.BindOptions ?? {};
      if (!source.startsWith('/')) refuseMount(type, `invalid mount path: '${source}' mount path must be absolute`);
      if (options.ReadOnlyForceRecursive && !readOnly) refuseMount(type, 'ReadOnlyForceRecursive needs ReadOnly');
      return {
        kind: 'bind',
        source,
        target,
        readOnly,
        propagation: checkPropagation(type, options.Propagation ?? ''),
        recursive: options.NonRecursive !== true,
        createSource: options.CreateMountpoint === true,
        shallowReadOnly: options.ReadOnlyNonRecursive === true,
      };
    }
    case 'volume': {
      const options = mount.VolumeOptions ?? {};
      const driver = options.DriverConfig?.Name ?? '';
      if (driver !== '' && driver !== 'local') refuseMount(type, `volume driver ${driver} is not supported: use local`);
      if (Object.keys(options.DriverConfig?.Options ?? {}).length > 0)
        refuseMount(
          type,
          'options of the local volume driver are not supported: mount the source yourself and bind it',
        );
      if (source !== '' && !VOLUME_NAME.test(source))
        refuseMount(
          type,
          `create ${source}: "${source}" includes invalid characters for a local volume name, only "[a-zA-Z0-9][a-zA-Z0-9_.-]" are allowed`,
        );
      const subpath = options.Subpath ?? '';
      if (subpath !== '') refuseMount(type, 'VolumeOptions.Subpath is not supported');
      return {
        kind: 'volume',
        ...(source === '' ? {} : { name: source }),
        target,
        readOnly,
        copy: options.NoCopy !== true,
        labels: options.Labels ?? {},
        subpath,
      };
    }
    case 'tmpfs': {
      const { SizeBytes, Mode, Options = [] } = mount.TmpfsOptions ?? {};
      return {
        kind: 'tmpfs',
        target,
        options: tmpfsOptions([
          ...(readOnly ? ['ro'] : []),
          ...(SizeBytes === undefined || Number(SizeBytes) === 0 ? [] : [`size=${SizeBytes}`]),
          ...(Mode === undefined || Mode === 0 ? [] : [`mode=${Mode.toString(8)}`]),
          ...Options.map((pair) => pair.join('=')),
        ]),
      };
    }
    default:
      return refuseMount(type, `mounts of type ${type} are not supported by the embedded engine`);
  }
}

/** `source:target[:options]`; a source that is no path names a volume. As in Docker, a missing directory of the host is made. */
function fromBind(bind: string): MountRequest {
  const [first = '', second, third = '', ...rest] = bind.split(':');
  if (rest.length > 0 || first === '') throw new Refusal('container-bind-invalid', { bind });
  const target = cleanTarget('bind', second ?? first);
  let readOnly = false;
  let copy = true;
  let propagation = '';
  for (const option of third === '' ? [] : third.split(',')) {
    if (option === 'ro') readOnly = true;
    else if (option === 'rw' || option === 'z' || option === 'Z') continue;
    else if (option === 'nocopy') copy = false;
    else if (propagations.includes(option)) propagation = option;
    else throw new Refusal('container-bind-invalid', { bind });
  }
  if (second === undefined) return { kind: 'volume', target, readOnly, copy, labels: {}, subpath: '' };
  if (!first.startsWith('/')) {
    if (!VOLUME_NAME.test(first)) throw new Refusal('container-bind-invalid', { bind });
    return { kind: 'volume', name: first, target, readOnly, copy, labels: {}, subpath: '' };
  }
  return {
    kind: 'bind',
    source: first,
    target,
    readOnly,
    propagation: checkPropagation('bind', propagation),
    recursive: true,
    createSource: true,
    shallowReadOnly: false,
  };
}

/**
 * All mounts of a container: its own, then a volume for every path that the image declares and nobody else mounts.
 * Two on one target are refused.
 */
export function mountRequests(create: ContainerCreate, imageVolumes: readonly string[]): MountRequest[] {
  const host = create.HostConfig ?? {};
  const requests: MountRequest[] = [
    ...(host.Binds ?? []).map(fromBind),
    ...(host.Mounts ?? []).map(fromMount),
    ...Object.entries(host.Tmpfs ?? {}).map(
      ([target, options]): MountRequest => ({
        kind: 'tmpfs',
        target: cleanTarget('tmpfs', target),
        options: tmpfsOptions(options === '' ? [] : options.split(',')),
      }),
    ),
  ];
  const targets = new Set<string>();
  for (const { target } of requests) {
    if (targets.has(target)) throw new Refusal('container-mount-duplicate', { target });
    targets.add(target);
  }
  for (const declared of imageVolumes) {
    const target = cleanTarget('volume', declared);
    if (!targets.has(target))
      requests.push({ kind: 'volume', target, readOnly: false, copy: true, labels: {}, subpath: '' });
    targets.add(target);
  }
  return requests;
}
