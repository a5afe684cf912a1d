import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Refusal } from '../../../base/index.ts';
import type { ContainerId } from '../../../model/index.ts';
import type { ContainerCreate } from '../../port/container.ts';
import type { CreateOptions } from '../../port/engine.ts';
import type { EngineContext } from '../context.ts';
import { readIfThere } from '../host/process.ts';
import type { ImageRunConfig, ResolvedImage } from '../image-source.ts';
import { securityPlan } from '../security/plan.ts';
import { buildConfig, type ContainerPlan } from '../spec/build.ts';
import { mergeEnvironment } from '../spec/environment.ts';
import { logSettings } from '../spec/log-settings.ts';
import { mountRequests } from '../spec/mounts.ts';
import { networkFiles } from '../spec/network-files.ts';
import { encodeOci } from '../spec/oci.ts';
import { refuseUnbuilt } from '../spec/refusals.ts';
import { resolveResources } from '../spec/resources.ts';
import { parseSignal } from '../spec/signals.ts';
import { resolveSysctls } from '../spec/sysctls.ts';
import { timestampOf } from '../spec/time.ts';
import { resolveUser } from '../spec/user.ts';
import type { ResolvedMount } from '../volumes/resolved-mount.ts';
import { imageAccounts } from './accounts.ts';
import { Container } from './container.ts';
import { removeAnonymousVolumes, resolveMounts } from './mounting.ts';
import { type ContainerRecord, RECORD_VERSION } from './record.ts';

const NAME = /^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/;

/** The command line, as Docker joins the image's and the container's: an entry point of one's own drops the image's arguments. */
export function commandLine(create: ContainerCreate, image: ImageRunConfig): string[] {
  const ownEntrypoint = create.Entrypoint?.length === 1 && create.Entrypoint[0] === '' ? [] : create.Entrypoint;
  const hasOwn = (create.Entrypoint?.length ?? 0) > 0;
  const command = create.Cmd?.length ? create.Cmd : hasOwn ? [] : (image.Cmd ?? []);
  const line = [...(ownEntrypoint ?? image.Entrypoint ?? []), ...command];
  if (line.length === 0) throw new Refusal('container-no-command');
  return line;
}

function checkEnvironment(entries: readonly string[]): void {
  for (const entry of entries)
    if (entry.includes('\0') || entry.startsWith('=') || entry === '')
      throw new Refusal('container-environment-invalid', { entry: JSON.stringify(entry) });
}

export function workingDirectory(create: ContainerCreate, image: ImageRunConfig): string {
  const path = create.WorkingDir || image.WorkingDir || '/';
  if (!path.startsWith('/')) throw new Refusal('container-working-directory-invalid', { path });
  return path;
}

function networkOf(create: ContainerCreate, options: CreateOptions): ContainerPlan['network'] {
  if (options.networkNamespace !== undefined) return { kind: 'joined', path: options.networkNamespace };
  return { kind: create.HostConfig?.NetworkMode === 'host' ? 'host' : 'own' };
}

async function writeNetworkFiles(
  bundle: string,
  create: ContainerCreate,
  hostname: string,
): Promise<ContainerPlan['files']> {
  const config = create.HostConfig ?? {};
  const texts = networkFiles({
    hostname,
    domainname: create.Domainname ?? '',
    extraHosts: config.ExtraHosts ?? [],
    dns: config.Dns ?? [],
    dnsSearch: config.DnsSearch ?? [],
    dnsOptions: config.DnsOptions ?? [],
    hostResolvConf: (await readIfThere('/etc/resolv.conf')) ?? '',
  });
  const paths = {
    hosts: join(bundle, 'files/hosts'),
    hostname: join(bundle, 'files/hostname'),
    resolvConf: join(bundle, 'files/resolv.conf'),
  };
  await Promise.all([
    writeFile(paths.hosts, texts.hosts, { mode: 0o644 }),
    writeFile(paths.hostname, texts.hostname, { mode: 0o644 }),
    writeFile(paths.resolvConf, texts.resolvConf, { mode: 0o644 }),
  ]);
  return paths;
}

async function makeBundle(bundle: string, layers: readonly string[]): Promise<void> {
  // The layers keep their owners' modes, and a container's root maps to the host's: nobody else may look in.
  await mkdir(bundle, { mode: 0o700 });
  await Promise.all(
    ['upper', 'work', 'merged', 'files', 'logs', 'l'].map((name) => mkdir(join(bundle, name), { mode: 0o755 })),
  );
  await Promise.all(layers.map((layer, index) => symlink(layer, join(bundle, 'l', String(index)))));
}

/** Everything about the request that can be refused before anything is made. */
function check(create: ContainerCreate, options: CreateOptions, image: ResolvedImage): void {
  refuseUnbuilt(create, options.networkNamespace !== undefined);
  checkEnvironment(create.Env ?? []);
  parseSignal(create.StopSignal ?? image.config.StopSignal ?? '');
}

async function newRecord(
  context: EngineContext,
  id: ContainerId,
  name: string,
  create: ContainerCreate,
  image: ResolvedImage,
): Promise<ContainerRecord> {
  const { config, layers } = image;
  const hostname = create.Hostname || id.slice(0, 12);
  const accounts = await imageAccounts(context, image.id, layers);
  const user = resolveUser(create.User || config.User || '', create.HostConfig?.GroupAdd ?? [], accounts);
  return {
    version: RECORD_VERSION,
    id,
    name,
    createdAt: timestampOf(context.clock.now()),
    image: { id: image.id, reference: create.Image, layers, config },
    create,
    args: commandLine(create, config),
    env: mergeEnvironment({ hostname, tty: create.Tty === true, home: user.home }, config.Env ?? [], create.Env ?? []),
    hostname,
    user,
    stopSignal: create.StopSignal || config.StopSignal || 'SIGTERM',
    mounts: [],
    log: logSettings(create.HostConfig?.LogConfig),
    state: { kind: 'creating' },
  };
}

/** Fills a container's directory: mounts, files and `config.json`. Returns the record to store as created. */
async function fillBundle(
  context: EngineContext,
  container: Container,
  options: CreateOptions,
  mounts: ResolvedMount[],
): Promise<ContainerRecord> {
  const { record, bundle } = container;
  const { create, image } = record;
  const requests = mountRequests(create, Object.keys(image.config.Volumes ?? {}));
  await resolveMounts(context, requests, { bundle, layers: image.layers }, mounts);
  const { host } = context;
  const network = networkOf(create, options);
  const plan: ContainerPlan = {
    id: record.id,
    rootPath: join(bundle, 'merged'),
    readOnlyRoot: create.HostConfig?.ReadonlyRootfs === true,
    args: record.args,
    env: record.env,
    cwd: workingDirectory(create, image.config),
    tty: create.Tty === true,
    user: record.user,
    hostname: record.hostname,
    ...securityPlan(host, create),
    resources: resolveResources(create.HostConfig ?? {}, host),
    cgroupVersion: host.cgroupVersion,
    cgroupsPath: context.cgroups.containerPath(record.id),
    network,
    sysctls: resolveSysctls(create.HostConfig?.Sysctls ?? {}, network.kind !== 'host'),
    mounts,
    files: await writeNetworkFiles(bundle, create, record.hostname),
    ...initOf(context, create),
  };
  await writeFile(join(bundle, 'config.json'), encodeOci(buildConfig(plan)), { mode: 0o600 });
  return {
    ...record,
    mounts,
    ...(options.networkNamespace === undefined ? {} : { networkNamespace: options.networkNamespace }),
  };
}

function initOf(context: EngineContext, create: ContainerCreate): { readonly initPath?: string } {
  if (create.HostConfig?.Init !== true) return {};
  if (context.host.initPath === undefined)
    throw new Refusal('engine-tool-missing', { tool: 'catatonit', package: 'catatonit' });
  return { initPath: context.host.initPath };
}

/**
 * Makes a container without starting it: no process, only its directory and its journal record. A crash in between leaves a
 * record `creating`, which the next start takes away. 6 ms on 2 cores, of which 1 ms syncs the journal.
 */
export async function createContainer(
  context: EngineContext,
  askedName: string,
  create: ContainerCreate,
  options: CreateOptions,
): Promise<ContainerId> {
  options.signal.throwIfAborted();
  const id = Buffer.from(context.random.bytes(32)).toString('hex') as ContainerId;
  const name = askedName === '' ? `ruche_${id.slice(0, 12)}` : askedName;
  if (!NAME.test(name)) throw new Refusal('container-name-invalid', { name });
  const image = await context.images.resolve(create.Image);
  if (image === undefined || !context.images.hold(image.id, id))
    throw new Refusal('image-unknown', { name: create.Image });
  let container: Container | undefined;
  const mounts: ResolvedMount[] = [];
  try {
    context.containers.reserveName(name, id);
    check(create, options, image);
    container = new Container(await newRecord(context, id, name, create, image), context.journal);
    await makeBundle(container.bundle, image.layers);
    await context.journal.write(container.record);
    const filled = { ...(await fillBundle(context, container, options, mounts)), state: { kind: 'created' } as const };
    const made = new Container(filled, context.journal);
    await made.become(filled.state);
    context.containers.add(made);
    context.events.emit(filled, 'create');
    return id;
  } catch (cause) {
    context.images.release(id);
    context.containers.remove(id, name);
    if (container !== undefined) {
      await context.journal.remove(id);
      await removeAnonymousVolumes(context, mounts);
    }
    throw cause;
  }
}
