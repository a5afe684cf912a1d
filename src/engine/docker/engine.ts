import { messageOf, Refusal, Unavailable } from '../../base/index.ts';
import type { ContainerId, NodeDescription } from '../../model/index.ts';
import type {
  ContainerCreate,
  ContainerEvent,
  ContainerInspect,
  ContainerLogOptions,
  ContainerLogRecord,
} from '../port/container.ts';
import type { CreateOptions, Engine, EngineImage, PullOptions } from '../port/engine.ts';
import { type EngineConnection, type EngineStream, pathPart } from './connection.ts';
import { type Deadlines, defaultDeadlines } from './deadlines.ts';
import { describeEngine, type EngineInfo } from './describe.ts';
import { containerEvent, watchedActions } from './events.ts';
import { containerCreateFields, refuseNewerFields } from './field-versions.ts';
import { withDefaultTag } from './image-name.ts';
import { jsonLines } from './json-lines.ts';
import { framedRecords, terminalRecords } from './log-stream.ts';
import { outageOf } from './outage.ts';
import { pullProgress } from './pull.ts';
import { unixSeconds } from './times.ts';

/**
 * Containers that an engine starts best at once, for each of its cores. Measured on two cores with dockerd 20.10, 40 containers
 * without network, create and start in ms for each: 139 one by one, 90 by 2, 83 by 3, 84 by 4, 82 by 6, 79 by 8, 78 by 16, 92 by 32;
 * the median container waits 183 ms by 2, 326 by 4, 553 by 8, 1177 by 16. Beyond two a core little is won and each waits longer.
 */
const STARTS_PER_CORE = 2;

/** Above this the engine's own locks, not its cores, set the pace. */
const MAX_STARTS_AT_ONCE = 32;

/** Containers inspected at once by a list: the engine answers each in under a millisecond. */
const LIST_PARALLELISM = 8;

/** A Docker Engine, through its API. Holds no state of containers: another client of the same engine sees the same. */
export class DockerEngine implements Engine {
  readonly kind = 'docker';
  readonly startParallelism: number;
  readonly #connection: EngineConnection;
  readonly #deadlines: Deadlines;

  private constructor(connection: EngineConnection, deadlines: Deadlines, cores: number) {
    this.#connection = connection;
    this.#deadlines = deadlines;
    this.startParallelism = Math.min(MAX_STARTS_AT_ONCE, STARTS_PER_CORE * Math.max(1, cores));
  }

  /**
   * Takes an engine that answers, has API 1.40 or newer and is not in swarm mode; refuses others. `Unavailable` while it is down.
   * The connection is closed with the engine.
   */
  static async connect(
    connection: EngineConnection,
    signal: AbortSignal,
    deadlines: Partial<Deadlines> = {},
  ): Promise<DockerEngine> {
    const allDeadlines = { ...defaultDeadlines, ...deadlines };
    const { Resources } = await new DockerEngine(connection, allDeadlines, 1).describe(signal);
    return new DockerEngine(connection, allDeadlines, Number(Resources?.NanoCPUs ?? 0) / 1_000_000_000);
  }

  async describe(signal: AbortSignal): Promise<NodeDescription> {
    return describeEngine(this.#connection.address, await this.#info(signal));
  }

  async findImage(reference: string, signal: AbortSignal): Promise<EngineImage | undefined> {
    const path = `/images/${pathPart(reference)}/json`;
    const timeoutMs = this.#deadlines.queryMs;
    const found = await absentAsUndefined(this.#connection.call({ method: 'GET', path, timeoutMs, signal }));
    if (found === undefined) return undefined;
    // The shape is the Engine API's.
    const image = found as ImageInspect;
    return {
      id: image.Id,
      repoDigests: image.RepoDigests ?? [],
      ...(image.Config?.StopSignal && { stopSignal: image.Config.StopSignal }),
    };
  }

  async pullImage(reference: string, options: PullOptions): Promise<EngineImage> {
    const { credentials, onProgress, signal } = options;
    const name = withDefaultTag(reference);
    const call = { method: 'POST', path: '/images/create', query: { fromImage: name } } as const;
    const headers = credentials === undefined ? {} : { 'x-registry-auth': credentials.RegistryAuth };
    const stream = await this.#connection.open({ ...call, headers, timeoutMs: this.#deadlines.pullBeginMs, signal });
    for await (const line of this.#jsonLines(stream, 'POST /images/create', signal)) {
      const progress = pullProgress(line);
      onProgress?.(progress);
    }
    const image = await this.findImage(name, signal);
    if (image === undefined) throw new Refusal('engine-said-not-found', { text: `No such image: ${name}` });
    return image;
  }

  async createContainer(name: string, create: ContainerCreate, options: CreateOptions): Promise<ContainerId> {
    const { networkNamespace, signal } = options;
    if (networkNamespace !== undefined) throw new Refusal('engine-network-namespace');
    const { spoken } = await this.#connection.versions(signal);
    refuseNewerFields(create, containerCreateFields, spoken);
    const call = { method: 'POST', path: '/containers/create', query: { name }, body: create } as const;
    try {
      const made = await this.#connection.call({ ...call, timeoutMs: this.#deadlines.createMs, signal });
      // The shape is the Engine API's.
      return (made as { readonly Id: ContainerId }).Id;
    } catch (error) {
      const isTaken = isAnswer(error, 'engine-said-conflict') && messageOf(error).includes('already in use');
      throw isTaken ? new Refusal('container-name-taken', { name, cause: error }) : error;
    }
  }

  async startContainer(id: ContainerId, signal: AbortSignal): Promise<void> {
    await this.#post(id, 'start', {}, this.#deadlines.startMs, signal);
  }

  /** The Engine API counts in seconds; a part of one is rounded up, so that no container gets less than its grace. */
  async stopContainer(id: ContainerId, graceMs: number, signal: AbortSignal): Promise<void> {
    const seconds = Math.ceil(graceMs / 1000);
    await this.#post(id, 'stop', { t: String(seconds) }, seconds * 1000 + this.#deadlines.killMs, signal);
  }

  async removeContainer(id: ContainerId, signal: AbortSignal): Promise<void> {
    const call = { method: 'DELETE', path: `/containers/${pathPart(id)}`, query: { force: '1', v: '1' } } as const;
    try {
      await this.#connection.call({ ...call, timeoutMs: this.#deadlines.removeMs, signal });
    } catch (error) {
      if (isAnswer(error, 'engine-said-not-found')) return;
      const isUnderWay = isAnswer(error, 'engine-said-conflict') && messageOf(error).includes('already in progress');
      if (!isUnderWay) throw error;
      const waited = this.#post(id, 'wait', { condition: 'removed' }, this.#deadlines.removeMs, signal);
      await absentAsUndefined(waited);
    }
  }

  async inspectContainer(idOrName: string, signal: AbortSignal): Promise<ContainerInspect | undefined> {
    const path = `/containers/${pathPart(idOrName)}/json`;
    const timeoutMs = this.#deadlines.queryMs;
    // The shape is the Engine API's.
    return (await absentAsUndefined(this.#connection.call({ method: 'GET', path, timeoutMs, signal }))) as
      | ContainerInspect
      | undefined;
  }

  async listContainers(label: string, signal: AbortSignal): Promise<readonly ContainerInspect[]> {
    const query = { all: '1', filters: JSON.stringify({ label: [label] }) };
    const timeoutMs = this.#deadlines.queryMs;
    const listed = await this.#connection.call({ method: 'GET', path: '/containers/json', query, timeoutMs, signal });
    // The shape is the Engine API's.
    const waiting = (listed as readonly { readonly Id: string }[]).map(({ Id }) => Id).values();
    const found: ContainerInspect[] = [];
    const inspectAll = async () => {
      for (const id of waiting) {
        const container = await this.inspectContainer(id, signal);
        // One that was removed since the list is left out.
        if (container !== undefined) found.push(container);
      }
    };
    await Promise.all(Array.from({ length: LIST_PARALLELISM }, inspectAll));
    return found;
  }

  async *watch(signal: AbortSignal): AsyncGenerator<'listening' | ContainerEvent> {
    if (signal.aborted) return;
    try {
      // A watch begins anew when the connection was lost: the engine may be another one now.
      this.#connection.forgetVersions();
      const { SystemTime } = await this.#info(signal);
      const filters = JSON.stringify({ type: ['container'], event: watchedActions });
      // The engine answers before it subscribes; `since` fills the gap between the two from its memory of events.
      const query = { filters, ...(SystemTime !== undefined && { since: unixSeconds(SystemTime) }) };
      const call = { method: 'GET', path: '/events', query, timeoutMs: this.#deadlines.queryMs, signal } as const;
      const stream = await this.#connection.open(call);
      yield 'listening';
      for await (const message of this.#jsonLines(stream, 'GET /events', signal)) {
        const event = containerEvent(message);
        if (event !== undefined) yield event;
      }
    } catch (error) {
      if (signal.aborted) return;
      throw error;
    }
    if (signal.aborted) return;
    throw new Unavailable('engine-connection-lost', { address: this.#connection.address, why: 'the events ended' });
  }

  async *logs(id: ContainerId, options: ContainerLogOptions, signal: AbortSignal): AsyncGenerator<ContainerLogRecord> {
    if (signal.aborted) return;
    try {
      const container = await this.inspectContainer(id, signal);
      if (container === undefined) throw new Refusal('engine-said-not-found', { text: `No such container: ${id}` });
      const path = `/containers/${pathPart(id)}/logs`;
      const timeoutMs = this.#deadlines.queryMs;
      const stream = await this.#connection.open({ method: 'GET', path, query: logQuery(options), timeoutMs, signal });
      const records = container.Config.Tty === true ? terminalRecords : framedRecords;
      yield* records(this.#connection.address, this.#chunks(stream, signal));
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  close(): Promise<void> {
    return this.#connection.close();
  }

  async #info(signal: AbortSignal): Promise<EngineInfo> {
    const call = { method: 'GET', path: '/info', timeoutMs: this.#deadlines.queryMs, signal } as const;
    // The shape is the Engine API's.
    return ((await this.#connection.call(call)) ?? {}) as EngineInfo;
  }

  async #post(
    id: ContainerId,
    action: string,
    query: Readonly<Record<string, string>>,
    timeoutMs: number,
    signal: AbortSignal,
  ): Promise<void> {
    await this.#connection.call({
      method: 'POST',
      path: `/containers/${pathPart(id)}/${action}`,
      query,
      timeoutMs,
      signal,
    });
  }

  #jsonLines(stream: EngineStream, what: string, signal: AbortSignal) {
    return jsonLines({ address: this.#connection.address, what }, this.#chunks(stream, signal));
  }

  /** The bytes of a stream. One that breaks is an outage, unless the caller gave up. */
  async *#chunks(stream: EngineStream, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    try {
      yield* stream.body as AsyncIterable<Uint8Array>;
    } catch (error) {
      throw signal.aborted ? signal.reason : outageOf(this.#connection.address, error);
    } finally {
      stream.body.destroy();
    }
  }
}

interface ImageInspect {
  readonly Id: string;
  readonly RepoDigests?: readonly string[] | null;
  readonly Config?: { readonly StopSignal?: string } | null;
}

function logQuery(options: ContainerLogOptions): Readonly<Record<string, string>> {
  return {
    timestamps: '1',
    ...(options.stdout && { stdout: '1' }),
    ...(options.stderr && { stderr: '1' }),
    ...(options.follow && { follow: '1' }),
    ...(options.since !== undefined && { since: unixSeconds(options.since) }),
    ...(options.until !== undefined && { until: unixSeconds(options.until) }),
    ...(options.tail !== undefined && { tail: String(options.tail) }),
  };
}

function isAnswer(error: unknown, code: Refusal['code']): boolean {
  return error instanceof Refusal && error.code === code;
}

async function absentAsUndefined(answer: Promise<unknown>): Promise<unknown> {
  try {
    return await answer;
  } catch (error) {
    if (isAnswer(error, 'engine-said-not-found')) return undefined;
    throw error;
  }
}
