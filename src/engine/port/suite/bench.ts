import type { ContainerId } from '../../../model/index.ts';
import type {
  ContainerCreate,
  ContainerEvent,
  ContainerInspect,
  ContainerLogOptions,
  ContainerLogRecord,
} from '../container.ts';
import type { Engine } from '../engine.ts';

/** What a container of the suite does. Engines that run programs run `programs[name]`; others act as the name says. */
export type SuiteProgram =
  /** Runs until it is killed; obeys SIGTERM at once by exit code 3. */
  | 'serves'
  /** Ends at once with exit code 7. */
  | 'fails'
  /** Ends at once with exit code 0. */
  | 'succeeds'
  /** Takes no notice of SIGTERM. */
  | 'ignoresStop'
  /** Ends with exit code 21 on SIGUSR1, which is its stop signal. */
  | 'ownSignal'
  /** `out 1` and `err 1`, a pause of 300 ms, then `out 2` and `err 2`. */
  | 'talks'
  /** Twenty lines on stdout. */
  | 'prints'
  /** Takes more memory than the 16 MiB that it may. */
  | 'eatsMemory';

/** Names the program on the container, for engines that don't run programs. */
export const PROGRAM_LABEL = 'suite.program';

export interface EngineUnderTest {
  readonly engine: Engine;
  /** A new adapter to the same containers, as after a restart of the daemon; the old one is closed by then. */
  reopen(): Promise<Engine>;
  /** Removes engine and containers. */
  end(): Promise<void>;
}

export interface EngineSuite {
  readonly name: string;
  start(): Promise<EngineUnderTest>;
  /** An image with busybox at `/bin`, here already. */
  readonly image: string;
  /** What this engine can't show: its tests are skipped. */
  readonly lacks?: ReadonlyArray<'logs' | 'oom' | 'ownSignal'>;
}

/** No call of the suite takes longer on a loaded machine. */
export const CALL_TIMEOUT_MS = 30_000;

export const shell = (script: string) => ['/bin/sh', '-c', script];

/** `ready` on stdout says that the traps are set. */
const programs: Readonly<Record<SuiteProgram, Partial<ContainerCreate>>> = {
  serves: { Cmd: shell('trap "exit 3" TERM; echo ready; while :; do sleep 0.05; done') },
  fails: { Cmd: shell('exit 7') },
  succeeds: { Cmd: shell('true') },
  ignoresStop: { Cmd: shell('trap "" TERM; echo ready; while :; do sleep 0.05; done') },
  ownSignal: { Cmd: shell('trap "exit 21" USR1; echo ready; while :; do sleep 0.05; done'), StopSignal: 'SIGUSR1' },
  talks: { Cmd: shell('echo out 1; echo err 1 >&2; sleep 0.3; echo out 2; echo err 2 >&2') },
  prints: { Cmd: shell('i=1; while [ $i -le 20 ]; do echo line $i; i=$((i+1)); done') },
  eatsMemory: { Cmd: shell('tail /dev/zero'), HostConfig: { Memory: 16_777_216, MemorySwap: 16_777_216 } },
};

export interface CreateWish {
  readonly name?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly create?: Partial<ContainerCreate>;
}

/** One engine under test, what happened on it, and the containers to remove after each test. */
export class Bench {
  readonly suite: EngineSuite;
  #underTest: EngineUnderTest | undefined;
  #engine: Engine | undefined;
  #count = 0;
  readonly #made = new Set<ContainerId>();
  #events: ContainerEvent[] = [];
  #listeners: (() => void)[] = [];
  #watching = new AbortController();
  #watched: Promise<void> = Promise.resolve();

  constructor(suite: EngineSuite) {
    this.suite = suite;
  }

  get engine(): Engine {
    if (this.#engine === undefined) throw new Error('the engine has not started');
    return this.#engine;
  }

  async start(): Promise<void> {
    this.#underTest = await this.suite.start();
    this.#engine = this.#underTest.engine;
    await this.#watch();
  }

  async reopen(): Promise<void> {
    await this.#endWatch();
    await this.engine.close();
    this.#engine = await this.#underTest?.reopen();
    await this.#watch();
  }

  async end(): Promise<void> {
    await this.#endWatch();
    await this.#engine?.close();
    await this.#underTest?.end();
  }

  async removeContainers(): Promise<void> {
    await Promise.all([...this.#made].map((id) => this.engine.removeContainer(id, this.signal())));
    this.#made.clear();
  }

  signal(): AbortSignal {
    return AbortSignal.timeout(CALL_TIMEOUT_MS);
  }

  name(name: string): string {
    return `suite-${name}`;
  }

  createOf(program: SuiteProgram, wish: CreateWish): ContainerCreate {
    const { HostConfig, ...rest } = programs[program];
    return {
      Image: this.suite.image,
      ...rest,
      ...wish.create,
      HostConfig: { NetworkMode: 'none', ...HostConfig },
      Labels: { [PROGRAM_LABEL]: program, ...wish.labels },
    };
  }

  async create(program: SuiteProgram, wish: CreateWish = {}): Promise<ContainerId> {
    const name = this.name(wish.name ?? `container-${++this.#count}`);
    const id = await this.engine.createContainer(name, this.createOf(program, wish), { signal: this.signal() });
    this.#made.add(id);
    return id;
  }

  async run(program: SuiteProgram, wish: CreateWish = {}): Promise<ContainerId> {
    const id = await this.create(program, wish);
    await this.engine.startContainer(id, this.signal());
    return id;
  }

  async inspect(id: ContainerId): Promise<ContainerInspect> {
    const found = await this.engine.inspectContainer(id, this.signal());
    if (found === undefined) throw new Error(`container ${id} is gone`);
    return found;
  }

  /** Resolves once the program has set its traps, where the engine shows output. */
  async ready(id: ContainerId): Promise<void> {
    if (this.suite.lacks?.includes('logs')) return;
    const follow = { stdout: true, stderr: true, follow: true };
    for await (const record of this.engine.logs(id, follow, this.signal())) if (textOf(record) === 'ready\n') return;
    throw new Error(`container ${id} ended before it was ready`);
  }

  async ended(id: ContainerId): Promise<ContainerInspect> {
    await this.event(id, 'died');
    return this.inspect(id);
  }

  async logs(id: ContainerId, options: ContainerLogOptions): Promise<ContainerLogRecord[]> {
    return Array.fromAsync(this.engine.logs(id, options, this.signal()));
  }

  eventsOf(id: ContainerId): readonly ContainerEvent[] {
    return this.#events.filter((event) => event.id === id && event.kind !== 'oom' && event.kind !== 'healthChanged');
  }

  /** Resolves when this has happened; the test's time limit ends the wait. */
  async event(id: ContainerId, kind: ContainerEvent['kind']): Promise<void> {
    while (!this.#events.some((event) => event.id === id && event.kind === kind)) {
      await new Promise<void>((resolve) => this.#listeners.push(resolve));
    }
  }

  async #watch(): Promise<void> {
    this.#watching = new AbortController();
    const { signal } = this.#watching;
    const { promise: listening, resolve, reject } = Promise.withResolvers<void>();
    this.#watched = (async () => {
      for await (const event of this.engine.watch(signal)) {
        if (event === 'listening') resolve();
        else this.#events.push(event);
        for (const wake of this.#listeners.splice(0)) wake();
      }
    })();
    this.#watched.catch(reject);
    await listening;
  }

  async #endWatch(): Promise<void> {
    this.#watching.abort();
    await this.#watched;
  }
}

export const textOf = (record: ContainerLogRecord) => Buffer.from(record.bytes).toString('utf8');
