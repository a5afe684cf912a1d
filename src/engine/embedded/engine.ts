import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type Cancel, type Clock, type Random, Refusal, Unavailable } from '../../base/index.ts';
import type { ContainerId, NodeDescription } from '../../model/index.ts';
import type {
  ContainerCreate,
  ContainerEvent,
  ContainerInspect,
  ContainerLogOptions,
  ContainerLogRecord,
} from '../port/container.ts';
import type { CreateOptions, EngineImage, PullOptions } from '../port/engine.ts';
import type { ExecCreate, ExecId, ExecInspect, ExecStream, ProcessStream } from '../port/exec.ts';
import type { AttachOptions, ContainerListOptions, EngineMessage, LocalEngine, WaitCondition } from '../port/local.ts';
import type { Container } from './containers/container.ts';
import { createContainer } from './containers/create.ts';
import { noticeExit, sweep } from './containers/ending.ts';
import { inspectDocument } from './containers/inspect.ts';
import { Journal } from './containers/journal.ts';
import { recover } from './containers/recover.ts';
import { startContainer } from './containers/start.ts';
import { containerStats } from './containers/stats.ts';
import { killContainer, removeContainer, stopContainer, waitContainer } from './containers/stop.ts';
import { listSummaries } from './containers/summary.ts';
import { ContainerTable } from './containers/table.ts';
import type { EngineContext, EngineLog } from './context.ts';
import { EventHub } from './events/event-hub.ts';
import { attachContainer, logSource, resizeContainer } from './exec/attach.ts';
import { ExecTable } from './exec/exec-table.ts';
import { HealthMonitor } from './health/prober.ts';
import { readHostFacts } from './host/facts.ts';
import { Launcher } from './host/launcher.ts';
import { Gate } from './host/turn-queue.ts';
import type { ImageSource, ResolvedImage } from './image-source.ts';
import { readLog } from './logs/reader.ts';
import { Cgroups } from './runtime/cgroups.ts';
import { ExitDirectory } from './runtime/exit-directory.ts';
import { Runc } from './runtime/runc.ts';
import { VolumeStore } from './volumes/volume-store.ts';

/**
 * How many containers are started at once, per processor. Measured on two: 4 at once take 36 ms each, one by one 62; 8 take 47 on a
 * busy machine and make each wait three times as long.
 */
const STARTS_PER_CPU = 2;
/** Every so often it is looked whether a monitor was killed or a notice of an exit was lost. A round is 20 µs a container. */
const SWEEP_MS = 5_000;
const NANO = 1_000_000_000;

export interface EmbeddedEngineOptions {
  /** Containers, volumes, exit codes: survives everything. 0700. */
  readonly stateDirectory: string;
  /** runc's state and execs: void after a restart of the machine. */
  readonly runDirectory: string;
  readonly images: ImageSource;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: EngineLog;
  /** Version of Ruche, shown as the engine's. */
  readonly version: string;
  /** Of the node's description, `key=value` each. */
  readonly labels?: readonly string[];
  /** Name of the control group that holds all containers; engines on one machine need different ones. */
  readonly cgroupParent?: string;
}

/** How a program ended; -1 when a signal ended it. */
export interface ProgramResult {
  readonly code: number;
  readonly stderr: string;
}

/** Runs OCI images with runc and a monitor of its own for each container; see `index.ts`. */
export interface EmbeddedEngine extends LocalEngine {
  readonly kind: 'embedded';
  /** Containers that are made of an image, for `docker rmi`. */
  containersOfImage(imageId: string): ReadonlyArray<{ readonly id: ContainerId; readonly isRunning: boolean }>;
  /** False also for one that is not there. */
  isContainerRunning(id: ContainerId): boolean;
  /** Runs a short program of the operating system as the engine runs its own: off the daemon's process. */
  runProgram(file: string, args: readonly string[], timeoutMs: number): Promise<ProgramResult>;
  /** What it runs containers with. */
  readonly components: ReadonlyArray<{ readonly Name: string; readonly Version: string }>;
}

async function makeContext(options: EmbeddedEngineOptions): Promise<EngineContext> {
  const launcher = new Launcher(`launcher-of=${options.runDirectory}`);
  await launcher.endFormer();
  const { stateDirectory, runDirectory, clock } = options;
  const directories = {
    containers: join(stateDirectory, 'containers'),
    exits: join(stateDirectory, 'exit'),
    runc: join(runDirectory, 'runc'),
  };
  await mkdir(stateDirectory, { recursive: true, mode: 0o700 });
  await mkdir(runDirectory, { recursive: true, mode: 0o700 });
  const host = await readHostFacts(runDirectory);
  for (const path of Object.values(directories)) await mkdir(path, { recursive: true, mode: 0o700 });
  return {
    clock,
    random: options.random,
    log: options.log,
    host,
    runDirectory,
    journal: new Journal(directories.containers),
    containers: new ContainerTable(),
    volumes: new VolumeStore(join(stateDirectory, 'volumes'), clock),
    images: options.images,
    runc: new Runc({ path: host.runcPath, root: directories.runc, launcher }),
    launcher,
    cgroups: new Cgroups({
      version: host.cgroupVersion,
      mounts: host.cgroupMounts,
      parent: options.cgroupParent ?? 'ruche',
    }),
    exits: new ExitDirectory(directories.exits),
    events: new EventHub(clock),
    starts: new Gate(host.cpus * STARTS_PER_CPU),
    accounts: new Map(),
  };
}

function toEngineImage(image: ResolvedImage): EngineImage {
  const { id, repoDigests, config } = image;
  return { id, repoDigests, ...(config.StopSignal ? { stopSignal: config.StopSignal } : {}) };
}

/** Rejects when `signal` aborts; the work itself then comes to a consistent end on its own. */
function bounded<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  if (signal.aborted) {
    work.catch(() => undefined); // Its outcome is nobody's any more; the state it leaves is seen by the next call.
    return Promise.reject(signal.reason);
  }
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}

function splitLabel(label: string): readonly [string, string] {
  const [key = '', value = ''] = label.split(/=(.*)/s);
  return [key, value];
}

class Embedded implements EmbeddedEngine {
  readonly kind = 'embedded';
  readonly startParallelism: number;
  readonly #context: EngineContext;
  readonly #execs: ExecTable;
  readonly #health: HealthMonitor;
  readonly #version: string;
  readonly #labels: readonly string[];
  #cancelSweep: Cancel = () => undefined;
  #isClosed = false;

  constructor(context: EngineContext, { version, labels = [] }: Pick<EmbeddedEngineOptions, 'version' | 'labels'>) {
    this.#context = context;
    this.#version = version;
    this.#labels = labels;
    this.#execs = new ExecTable(context);
    this.#health = new HealthMonitor(context, this.#execs);
    this.startParallelism = context.host.cpus * STARTS_PER_CPU;
  }

  async open(): Promise<void> {
    const { exits, volumes, log } = this.#context;
    await volumes.load();
    await this.#execs.recover();
    await recover(this.#context);
    exits.watch(
      (id) => {
        noticeExit(this.#context, id).catch((cause: unknown) => log.error({ container: id, cause }, 'container exit'));
      },
      (cause) => log.error({ cause }, 'exit directory watch'),
    );
    // What ended between the recovery and the watch.
    await sweep(this.#context);
    this.#health.open();
    this.#sweepLater();
  }

  async describe(signal: AbortSignal): Promise<NodeDescription> {
    signal.throwIfAborted();
    const { host } = this.#context;
    return {
      Hostname: host.hostname,
      Platform: { Architecture: host.architecture === 'amd64' ? 'x86_64' : 'aarch64', OS: 'linux' },
      Resources: { NanoCPUs: host.cpus * NANO, MemoryBytes: host.memoryBytes },
      Engine: {
        EngineVersion: this.#version,
        ...(this.#labels.length > 0 && { Labels: Object.fromEntries(this.#labels.map(splitLabel)) }),
        Plugins: [
          { Type: 'Log', Name: 'json-file' },
          { Type: 'Volume', Name: 'local' },
        ],
      },
    };
  }

  async findImage(reference: string, signal: AbortSignal): Promise<EngineImage | undefined> {
    const image = await bounded(this.#context.images.resolve(reference), signal);
    return image === undefined ? undefined : toEngineImage(image);
  }

  async pullImage(reference: string, options: PullOptions): Promise<EngineImage> {
    return toEngineImage(await this.#context.images.pull(reference, options));
  }

  async createContainer(name: string, create: ContainerCreate, options: CreateOptions): Promise<ContainerId> {
    this.#checkOpen();
    return bounded(createContainer(this.#context, name, create, options), options.signal);
  }

  async startContainer(id: ContainerId, signal: AbortSignal): Promise<void> {
    this.#checkOpen();
    return bounded(startContainer(this.#context, this.#require(id), signal), signal);
  }

  async stopContainer(id: ContainerId, graceMs: number, signal: AbortSignal): Promise<void> {
    return bounded(stopContainer(this.#context, this.#require(id), graceMs, signal), signal);
  }

  async removeContainer(id: ContainerId, signal: AbortSignal): Promise<void> {
    const container = this.#context.containers.find(id);
    if (container !== undefined) await bounded(removeContainer(this.#context, container, signal), signal);
  }

  async inspectContainer(idOrName: string, signal: AbortSignal): Promise<ContainerInspect | undefined> {
    signal.throwIfAborted();
    const container = this.#context.containers.find(idOrName);
    return container === undefined ? undefined : this.#inspect(container);
  }

  async listContainers(label: string, signal: AbortSignal): Promise<readonly ContainerInspect[]> {
    signal.throwIfAborted();
    const [name = '', value] = label.split(/=(.*)/s);
    return this.#context.containers
      .all()
      .filter(({ record }) => {
        const labels = record.create.Labels ?? {};
        return value === undefined ? name in labels : labels[name] === value;
      })
      .map((container) => this.#inspect(container));
  }

  watch(signal: AbortSignal): AsyncIterable<'listening' | ContainerEvent> {
    return this.#context.events.watch(signal);
  }

  logs(id: ContainerId, options: ContainerLogOptions, signal: AbortSignal): AsyncIterable<ContainerLogRecord> {
    const container = this.#require(id);
    if (container.record.log.driver === 'none') throw new Refusal('container-logs-unreadable');
    return readLog(logSource(container), options, signal);
  }

  listContainerSummaries(options: ContainerListOptions): readonly Readonly<Record<string, unknown>>[] {
    return listSummaries(this.#context.containers, options, this.#context.clock.now());
  }

  findContainer(idOrName: string): ContainerId {
    return this.#require(idOrName).record.id;
  }

  async killContainer(id: ContainerId, signal: string): Promise<void> {
    return killContainer(this.#context, this.#require(id), signal);
  }

  async waitContainer(id: ContainerId, condition: WaitCondition, signal: AbortSignal): Promise<number> {
    return waitContainer(this.#require(id), condition, signal);
  }

  async attachContainer(id: ContainerId, options: AttachOptions, signal: AbortSignal): Promise<ProcessStream> {
    return attachContainer(this.#require(id), options, signal);
  }

  async resizeContainer(id: ContainerId, rows: number, columns: number): Promise<void> {
    return resizeContainer(this.#require(id), rows, columns);
  }

  async containerStats(id: ContainerId): Promise<Readonly<Record<string, unknown>>> {
    return containerStats(this.#context, this.#require(id));
  }

  subscribe(listener: (message: EngineMessage) => void): () => void {
    return this.#context.events.subscribe(listener);
  }

  async createExec(container: ContainerId, create: ExecCreate, signal: AbortSignal): Promise<ExecId> {
    signal.throwIfAborted();
    return this.#execs.create(this.#require(container), create);
  }

  async startExec(id: ExecId, signal: AbortSignal): Promise<ExecStream> {
    return this.#execs.start(id, signal);
  }

  async startExecDetached(id: ExecId, signal: AbortSignal): Promise<void> {
    return this.#execs.startDetached(id, signal);
  }

  inspectExec(id: ExecId): ExecInspect | undefined {
    return this.#execs.inspect(id);
  }

  async resizeExec(id: ExecId, rows: number, columns: number): Promise<void> {
    return this.#execs.resize(id, rows, columns);
  }

  containersOfImage(imageId: string): ReadonlyArray<{ readonly id: ContainerId; readonly isRunning: boolean }> {
    return this.#context.containers
      .all()
      .filter(({ record }) => record.image.id === imageId)
      .map(({ record, isRunning }) => ({ id: record.id, isRunning }));
  }

  isContainerRunning(id: ContainerId): boolean {
    return this.#context.containers.get(id)?.isRunning ?? false;
  }

  runProgram(file: string, args: readonly string[], timeoutMs: number): Promise<ProgramResult> {
    return this.#context.launcher.run(file, args, timeoutMs);
  }

  get components(): ReadonlyArray<{ readonly Name: string; readonly Version: string }> {
    return [{ Name: 'runc', Version: this.#context.host.runcVersion }];
  }

  /** Leaves every container running; what belongs to the daemon alone (execs, watches) ends. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#cancelSweep();
    this.#context.exits.close();
    this.#health.close();
    const containers = this.#context.containers.all();
    for (const container of containers) container.logKeeper?.stop();
    await this.#execs.close();
    // What is under way comes to its end, so that nothing writes to the journal after this.
    await Promise.all(containers.map((container) => container.turns.run(async () => undefined)));
    await this.#context.cgroups.removeEmptyParents();
    await this.#context.launcher.close();
  }

  #inspect(container: Container): ContainerInspect {
    const running = this.#execs.runningIn(container.record.id);
    return inspectDocument(container, running);
  }

  #require(idOrName: string): Container {
    return this.#context.containers.require(idOrName);
  }

  #checkOpen(): void {
    if (this.#isClosed) throw new Unavailable('engine-closed');
  }

  #sweepLater(): void {
    this.#cancelSweep = this.#context.clock.after(SWEEP_MS, () => {
      sweep(this.#context)
        .catch((cause: unknown) => this.#context.log.error({ cause }, 'container sweep'))
        .finally(() => {
          if (!this.#isClosed) this.#sweepLater();
        });
    });
  }
}

/**
 * Opens the engine over its directories: what earlier daemons left is adopted, recorded or cleaned before this resolves. Refuses
 * with the way out when the machine lacks something (root, runc, conmon, the seccomp profile).
 */
export async function createEmbeddedEngine(options: EmbeddedEngineOptions): Promise<EmbeddedEngine> {
  const engine = new Embedded(await makeContext(options), options);
  await engine.open();
  return engine;
}
