import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Clock, Random } from '../../../src/base/index.ts';
import { Refusal } from '../../../src/base/index.ts';
import {
  createEmbeddedEngine,
  type EmbeddedEngine,
  type ImageRunConfig,
  type ImageSource,
  type ResolvedImage,
} from '../../../src/engine/embedded/index.ts';
import type { ContainerCreate, CreateOptions } from '../../../src/engine/index.ts';
import type { ContainerId } from '../../../src/model/index.ts';

export const systemClock: Clock = {
  now: () => Date.now(),
  after: (delayMs, wake) => {
    const timer = setTimeout(wake, delayMs);
    return () => clearTimeout(timer);
  },
};

export const systemRandom: Random = {
  below: (below) => randomBytes(4).readUInt32LE() % below,
  bytes: (length) => randomBytes(length),
};

const applets = [
  'sh',
  'sleep',
  'cat',
  'ls',
  'id',
  'echo',
  'mount',
  'kill',
  'true',
  'false',
  'env',
  'grep',
  'stat',
  'head',
  'dd',
  'seq',
  'mknod',
  'hostname',
  'stty',
  'tty',
  'readlink',
  'wc',
  'touch',
  'mkdir',
  'ip',
  'unshare',
  'date',
  'tail',
  'printf',
  'pwd',
  'rm',
  'chroot',
  'yes',
  'test',
  'sync',
];

/** A root directory with busybox, two users and some groups, as two layers: the upper one hides a file of the lower. */
export function makeBusyboxLayers(directory: string): string[] {
  const [upper, lower] = [join(directory, 'upper-layer'), join(directory, 'lower-layer')];
  for (const path of ['bin', 'etc', 'tmp', 'root', 'data/sub', 'home/app'])
    mkdirSync(join(lower, path), { recursive: true });
  chmodSync(join(lower, 'tmp'), 0o1777);
  cpSync('/bin/busybox', join(lower, 'bin/busybox'));
  for (const applet of applets) symlinkSync('busybox', join(lower, 'bin', applet));
  writeFileSync(join(lower, 'etc/passwd'), 'root:x:0:0:root:/root:/bin/sh\napp:x:1000:1001:App:/home/app:/bin/sh\n');
  writeFileSync(join(lower, 'etc/group'), 'root:x:0:\nwheel:x:10:root,app\nappgroup:x:1001:\nextra:x:2000:app\n');
  writeFileSync(join(lower, 'data/seed'), 'from the image\n');
  writeFileSync(join(lower, 'data/sub/deep'), 'deep\n');
  writeFileSync(join(lower, 'hidden'), 'hidden\n');
  mkdirSync(upper, { recursive: true });
  execFileSync('mknod', [join(upper, 'hidden'), 'c', '0', '0']);
  writeFileSync(join(upper, 'shown'), 'shown\n');
  return [upper, lower];
}

/** One image under several names, from directories that are there. */
export class DirectoryImages implements ImageSource {
  readonly #images = new Map<string, ResolvedImage>();
  readonly holds = new Map<string, string>();

  add(name: string, layers: readonly string[], config: ImageRunConfig): this {
    const id = `sha256:${Buffer.from(name).toString('hex').padEnd(64, '0').slice(0, 64)}`;
    this.#images.set(name, { id, repoDigests: [], config, layers });
    return this;
  }

  async resolve(reference: string): Promise<ResolvedImage | undefined> {
    return this.#images.get(reference) ?? [...this.#images.values()].find(({ id }) => id === reference);
  }

  async pull(reference: string): Promise<ResolvedImage> {
    const image = await this.resolve(reference);
    if (image === undefined) throw new Refusal('image-unknown', { name: reference });
    return image;
  }

  hold(imageId: string, containerId: string): boolean {
    this.holds.set(containerId, imageId);
    return true;
  }

  release(containerId: string): void {
    this.holds.delete(containerId);
  }
}

export const logged: Array<{ readonly level: string; readonly event: string; readonly facts: unknown }> = [];
const note =
  (level: string) =>
  (facts: Readonly<Record<string, unknown>>, event: string): void => {
    logged.push({ level, event, facts });
  };

export interface EngineDirectories {
  readonly root: string;
  readonly cgroupParent: string;
}

export function makeDirectories(): EngineDirectories {
  const root = mkdtempSync(join(tmpdir(), 'ruche-embedded-'));
  return { root, cgroupParent: root.slice(root.lastIndexOf('/') + 1) };
}

export function busyboxImages(root: string): DirectoryImages {
  const directory = join(root, 'image');
  const layers = existsSync(directory)
    ? [join(directory, 'upper-layer'), join(directory, 'lower-layer')]
    : makeBusyboxLayers(directory);
  const config: ImageRunConfig = {
    Env: ['PATH=/bin', 'FROM_IMAGE=yes'],
    Cmd: ['sleep', '1000'],
    Labels: { origin: 'image' },
  };
  return new DirectoryImages()
    .add('busybox', layers, config)
    .add('with-volume', layers, { ...config, Volumes: { '/data': {} } })
    .add('with-user', layers, { ...config, User: 'app', WorkingDir: '/home/app/work' });
}

export async function openEngine(
  directories: EngineDirectories,
  images: ImageSource = busyboxImages(directories.root),
): Promise<EmbeddedEngine> {
  return await createEmbeddedEngine({
    stateDirectory: join(directories.root, 'state'),
    runDirectory: join(directories.root, 'run'),
    images,
    clock: systemClock,
    random: systemRandom,
    log: { info: note('info'), warn: note('warn'), error: note('error') },
    version: '0.0.0-test',
    cgroupParent: directories.cgroupParent,
  });
}

export function removeDirectories({ root }: EngineDirectories): void {
  rmSync(root, { recursive: true, force: true });
}

/** Far above what any step takes; a step that hangs fails its test by name. */
export const soon = (): AbortSignal => AbortSignal.timeout(30_000);

export interface RunResult {
  readonly id: ContainerId;
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

let names = 0;
export const freshName = (): string => `c${++names}`;

/** The whole output of a container that has ended. */
export async function outputOf(
  engine: EmbeddedEngine,
  id: ContainerId,
): Promise<{ readonly stdout: string; readonly stderr: string }> {
  const output = { stdout: '', stderr: '' };
  const options = { stdout: true, stderr: true, follow: false };
  for await (const record of engine.logs(id, options, soon()))
    output[record.stream] += Buffer.from(record.bytes).toString();
  return output;
}

/** Runs a shell command in a container of its own to its end, and removes it. */
export async function runShell(
  engine: EmbeddedEngine,
  command: string,
  create: Partial<ContainerCreate> = {},
  options: Partial<CreateOptions> = {},
): Promise<RunResult> {
  const body = { Image: 'busybox', Cmd: ['sh', '-c', command], ...create };
  const id = await engine.createContainer(freshName(), body, { signal: soon(), ...options });
  try {
    await engine.startContainer(id, soon());
    const code = await engine.waitContainer(id, 'not-running', soon());
    return { id, code, ...(await outputOf(engine, id)) };
  } finally {
    await engine.removeContainer(id, soon());
  }
}

/** A container that runs until it is stopped. */
export async function startLong(engine: EmbeddedEngine, create: Partial<ContainerCreate> = {}): Promise<ContainerId> {
  const body = { Image: 'busybox', Cmd: ['sleep', '1000'], ...create };
  const id = await engine.createContainer(freshName(), body, { signal: soon() });
  await engine.startContainer(id, soon());
  return id;
}
