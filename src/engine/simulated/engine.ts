import { type Clock, Refusal, Unavailable } from '../../base/index.ts';
import type { ContainerId, NodeDescription } from '../../model/index.ts';
import type {
  ContainerCreate,
  ContainerEvent,
  ContainerInspect,
  ContainerLogOptions,
  ContainerLogRecord,
} from '../port/container.ts';
import type { CreateOptions, Engine, EngineImage, PullOptions } from '../port/engine.ts';
import { type ContainerBehaviour, SimulatedContainer } from './container.ts';
import { EventQueue } from './watch.ts';

export type EngineOperation =
  | 'describe'
  | 'find'
  | 'pull'
  | 'create'
  | 'start'
  | 'stop'
  | 'remove'
  | 'inspect'
  | 'list';

/** How long each operation takes, ms. */
export type EngineTimes = Readonly<Record<EngineOperation, number>>;

export interface EngineCall {
  readonly operation: EngineOperation;
  /** The image, container name or id, or label. */
  readonly target: string;
  readonly at: number;
}

export interface SimulatedEngineOptions {
  readonly clock: Clock;
  readonly times?: Partial<EngineTimes>;
  readonly startParallelism?: number;
  readonly description?: NodeDescription;
  /** How a container made by this call will behave. */
  readonly behave?: (create: ContainerCreate, name: string) => ContainerBehaviour;
}

const DEFAULT_TIMES: EngineTimes = {
  describe: 1,
  find: 1,
  pull: 50,
  create: 10,
  start: 10,
  stop: 1,
  remove: 5,
  inspect: 1,
  list: 1,
};

const DEFAULT_DESCRIPTION: NodeDescription = {
  Hostname: 'simulated',
  Platform: { Architecture: 'x86_64', OS: 'linux' },
  Resources: { NanoCPUs: 4_000_000_000, MemoryBytes: 8_589_934_592 },
  Engine: { EngineVersion: '0.0.0' },
};

/** What a machine that went down leaves of a container's exit code. */
const REBOOT_EXIT_CODE = 255;

/** The simulated engine; what it serves stands in `Engine`, what moves its world below. */
export class SimulatedEngine implements Engine {
  readonly kind = 'simulated';
  readonly startParallelism: number;
  /** Every call that reached the engine, in order. */
  readonly calls: EngineCall[] = [];
  /** What the registry answers; `hangs` never does. */
  registry: 'up' | 'down' | 'hangs' = 'up';
  readonly registryImages = new Set<string>();
  description: NodeDescription;
  readonly #clock: Clock;
  readonly #times: EngineTimes;
  readonly #behave: (create: ContainerCreate, name: string) => ContainerBehaviour;
  readonly #images = new Map<string, EngineImage>();
  readonly #containers = new Map<ContainerId, SimulatedContainer>();
  readonly #watchers = new Set<EventQueue>();
  readonly #failures = new Map<EngineOperation, Error[]>();
  #availability: 'up' | 'down' | 'hangs' = 'up';
  #count = 0;

  constructor(options: SimulatedEngineOptions) {
    this.#clock = options.clock;
    this.#times = { ...DEFAULT_TIMES, ...options.times };
    this.startParallelism = options.startParallelism ?? 4;
    this.#behave = options.behave ?? (() => ({}));
    this.description = options.description ?? DEFAULT_DESCRIPTION;
  }

  /** Puts an image here; one `fromRegistry` has a digest there, one that was built or loaded has none. */
  addImage(reference: string, { fromRegistry }: { readonly fromRegistry: boolean } = { fromRegistry: false }): void {
    const digest = `sha256:${'0'.repeat(56)}${String(this.#images.size).padStart(8, '0')}`;
    this.#images.set(reference, { id: digest, repoDigests: fromRegistry ? [`${reference}@${digest}`] : [] });
  }

  /** `down` refuses all calls and ends watches; `hangs` answers nothing. Containers live on. */
  setAvailability(availability: 'up' | 'down' | 'hangs'): void {
    this.#availability = availability;
    if (availability !== 'down') return;
    for (const watcher of this.#watchers) watcher.fail();
    this.#watchers.clear();
  }

  /** The next call of this operation fails with this error. */
  failNext(operation: EngineOperation, error: Error): void {
    const waiting = this.#failures.get(operation) ?? [];
    waiting.push(error);
    this.#failures.set(operation, waiting);
  }

  /** The machine goes down and comes back: nothing runs any more. */
  reboot(): void {
    this.setAvailability('down');
    for (const container of this.#containers.values()) container.end(REBOOT_EXIT_CODE);
    this.setAvailability('up');
  }

  container(idOrName: string): SimulatedContainer | undefined {
    for (const one of this.#containers.values()) if (one.id === idOrName || one.name === idOrName) return one;
    return undefined;
  }

  containers(): readonly SimulatedContainer[] {
    return [...this.#containers.values()];
  }

  describe(signal: AbortSignal): Promise<NodeDescription> {
    return this.#call('describe', '', signal, () => this.description);
  }

  findImage(reference: string, signal: AbortSignal): Promise<EngineImage | undefined> {
    return this.#call('find', reference, signal, () => this.#images.get(reference));
  }

  async pullImage(reference: string, options: PullOptions): Promise<EngineImage> {
    if (this.registry === 'hangs') await this.#never(options.signal);
    return this.#call('pull', reference, options.signal, () => {
      if (this.registry === 'down') throw new Unavailable('simulated-outage');
      if (!this.registryImages.has(reference))
        throw new Refusal('simulated-refusal', { text: `manifest for ${reference} not found: manifest unknown` });
      options.onProgress?.({ status: `Pulling from ${reference}` });
      this.addImage(reference, { fromRegistry: true });
      return this.#image(reference);
    });
  }

  createContainer(name: string, create: ContainerCreate, options: CreateOptions): Promise<ContainerId> {
    return this.#call('create', name, options.signal, () => {
      if (this.container(name) !== undefined) throw new Refusal('container-name-taken', { name });
      this.#image(create.Image);
      const behaviour = this.#behave(create, name);
      if (behaviour.createError !== undefined) throw new Refusal('simulated-refusal', { text: behaviour.createError });
      // Brands an id that this engine makes.
      const id = (++this.#count).toString(16).padStart(64, '0') as ContainerId;
      const container = new SimulatedContainer({ id, name, create }, behaviour, this.#clock, this.#emit);
      this.#containers.set(id, container);
      this.#emit('created', container);
      return id;
    });
  }

  startContainer(id: ContainerId, signal: AbortSignal): Promise<void> {
    return this.#call('start', id, signal, () => {
      const container = this.#existing(id);
      const { startError } = container.behaviour;
      if (startError !== undefined) throw new Refusal('simulated-refusal', { text: startError });
      container.start(1000 + ++this.#count);
    });
  }

  async stopContainer(id: ContainerId, graceMs: number, signal: AbortSignal): Promise<void> {
    const ended = await this.#call('stop', id, signal, () => {
      const container = this.#existing(id);
      return new Promise<void>((resolve) => container.stop(graceMs, resolve));
    });
    return ended;
  }

  removeContainer(id: ContainerId, signal: AbortSignal): Promise<void> {
    return this.#call('remove', id, signal, () => {
      const container = this.#containers.get(id);
      if (container === undefined) return;
      container.end(137);
      this.#containers.delete(id);
      this.#emit('removed', container);
    });
  }

  inspectContainer(idOrName: string, signal: AbortSignal): Promise<ContainerInspect | undefined> {
    return this.#call('inspect', idOrName, signal, () => this.container(idOrName)?.inspect());
  }

  listContainers(label: string, signal: AbortSignal): Promise<readonly ContainerInspect[]> {
    const [key = '', value] = label.split(/=(.*)/s);
    return this.#call('list', label, signal, () =>
      this.containers()
        .map((container) => container.inspect())
        .filter(({ Config }) => {
          const found = Config.Labels?.[key];
          return found !== undefined && (value === undefined || found === value);
        }),
    );
  }

  async *watch(signal: AbortSignal): AsyncGenerator<'listening' | ContainerEvent> {
    if (this.#availability === 'hangs') await this.#never(signal);
    if (this.#availability === 'down') throw new Unavailable('simulated-outage');
    const queue = new EventQueue();
    const end = () => queue.end();
    this.#watchers.add(queue);
    signal.addEventListener('abort', end);
    try {
      if (!signal.aborted) yield* queue;
    } finally {
      signal.removeEventListener('abort', end);
      this.#watchers.delete(queue);
    }
  }

  async *logs(id: ContainerId, options: ContainerLogOptions, signal: AbortSignal): AsyncGenerator<ContainerLogRecord> {
    const records = this.#existing(id).log.filter((record) => options[record.stream]);
    const from = options.tail === undefined ? 0 : Math.max(0, records.length - options.tail);
    for (const record of records.slice(from)) {
      if (signal.aborted) return;
      yield record;
    }
  }

  async close(): Promise<void> {
    for (const watcher of this.#watchers) watcher.end();
    this.#watchers.clear();
  }

  readonly #emit = (kind: ContainerEvent['kind'], container: SimulatedContainer): void => {
    const event = { kind, id: container.id, labels: container.create.Labels ?? {}, at: this.#stamp() };
    if (this.#availability === 'up') for (const watcher of this.#watchers) watcher.push(event);
  };

  #existing(id: ContainerId): SimulatedContainer {
    const container = this.#containers.get(id);
    if (container === undefined) throw new Refusal('simulated-refusal', { text: `No such container: ${id}` });
    return container;
  }

  #image(reference: string): EngineImage {
    const image = this.#images.get(reference);
    if (image === undefined) throw new Refusal('simulated-refusal', { text: `No such image: ${reference}` });
    return image;
  }

  /** Takes the operation's time, then has its effect, also when the caller has given up meanwhile. */
  async #call<T>(
    operation: EngineOperation,
    target: string,
    signal: AbortSignal,
    effect: () => T | Promise<T>,
  ): Promise<T> {
    signal.throwIfAborted();
    if (this.#availability === 'down') throw new Unavailable('simulated-outage');
    if (this.#availability === 'hangs') await this.#never(signal);
    this.calls.push({ operation, target, at: this.#clock.now() });
    const failure = this.#failures.get(operation)?.shift();
    const work = new Promise<T>((resolve, reject) => {
      this.#clock.after(this.#times[operation], () => {
        if (this.#availability !== 'up') reject(new Unavailable('simulated-outage'));
        else if (failure !== undefined) reject(failure);
        else Promise.resolve().then(effect).then(resolve, reject);
      });
    });
    return Promise.race([work, this.#never(signal)]);
  }

  /** Settles only when the caller gives up. */
  #never(signal: AbortSignal): Promise<never> {
    return new Promise((_resolve, reject) => {
      if (signal.aborted) reject(signal.reason);
      else signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    });
  }

  #stamp(): string {
    return new Date(this.#clock.now()).toISOString();
  }
}
