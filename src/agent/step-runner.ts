import { type Clock, Refusal } from '../base/index.ts';
import type { ContainerInspect, Engine } from '../engine/index.ts';
import type { ContainerId, NodeDescription, TaskId, TaskTemplate } from '../model/index.ts';
import type { AssignedTask } from '../rpc/index.ts';
import { TASK_ID_LABEL } from './container-labels.ts';
import { planContainer, stopGraceMs } from './container-spec.ts';
import { withDeadline } from './deadline.ts';
import type { ImageShelf } from './images.ts';
import { bindSources } from './mounts.ts';
import type { TaskNetwork } from './ports.ts';
import type { StepKind } from './task-events.ts';
import { type ContainerFacts, containerFacts, createdFacts } from './task-facts.ts';
import type { WorkQueue } from './work-queue.ts';

/** Deadlines of single engine calls, ms: far beyond what a loaded machine takes. */
const CREATE_TIMEOUT_MS = 120_000;
const START_TIMEOUT_MS = 120_000;
const REMOVE_TIMEOUT_MS = 120_000;
const LOOK_TIMEOUT_MS = 30_000;
const NETWORK_TIMEOUT_MS = 30_000;
/** What an engine may take beyond the grace period to kill and report, ms. */
const STOP_SLACK_MS = 30_000;

export interface StepRunnerOptions {
  readonly engine: Engine;
  readonly clock: Clock;
  readonly queue: WorkQueue;
  readonly images: ImageShelf;
  readonly network: TaskNetwork;
  /** The node as templates see it. */
  readonly describe: (signal: AbortSignal) => Promise<NodeDescription>;
  /** Whether a bind mount's source exists on the node; without it the engine judges. */
  readonly hostPathExists: ((path: string) => Promise<boolean>) | undefined;
}

/** The task that a step is for. Without template it can only be stopped and removed. */
export interface StepSubject {
  readonly task: AssignedTask;
  readonly template: TaskTemplate | undefined;
  readonly container: ContainerFacts | undefined;
}

/** Carries the machine's steps out on engine and network. Every step ends: by its result, its deadline or its signal. */
export class StepRunner {
  readonly #options: StepRunnerOptions;
  /** Tasks whose namespace was made since this process runs. */
  readonly #prepared = new Set<TaskId>();
  /** Preparations under way; they go on when their step is given up. */
  readonly #preparing = new Map<TaskId, Promise<string | undefined>>();
  readonly #releases = new Set<Promise<void>>();

  constructor(options: StepRunnerOptions) {
    this.#options = options;
  }

  /** The container after the step. Rejects with `Refusal` when it can't be done, `Unavailable` when it may succeed later. */
  async run(step: StepKind, subject: StepSubject, signal: AbortSignal): Promise<ContainerFacts | undefined> {
    switch (step) {
      case 'pull':
        await this.#pull(subject, signal);
        return subject.container;
      case 'create':
        return this.#create(subject, signal);
      case 'start':
        return this.#start(subject, signal);
      case 'stop':
        return this.#stop(subject, signal);
      case 'remove':
        return this.#remove(subject, signal);
      case 'look':
        return this.#lookFor(subject, signal);
    }
  }

  /** Takes the task's namespace away. */
  releaseNetwork(taskId: TaskId, signal: AbortSignal): Promise<void> {
    const release = this.#release(taskId, signal);
    this.#releases.add(release);
    const end = () => void this.#releases.delete(release);
    release.then(end, end);
    return release;
  }

  /** Resolves when no release is under way; whether one failed, its caller was told. */
  async allReleased(): Promise<void> {
    await Promise.allSettled(this.#releases);
  }

  async #release(taskId: TaskId, signal: AbortSignal): Promise<void> {
    const { clock, network } = this.#options;
    this.#prepared.delete(taskId);
    const limit = { what: `releasing the network of task ${taskId}`, timeoutMs: NETWORK_TIMEOUT_MS, signal };
    const preparing = this.#preparing.get(taskId);
    await withDeadline(clock, limit, async () => {
      // Else a namespace whose making was given up would appear after this, for ever.
      await Promise.allSettled([preparing]);
      await network.release(taskId);
    });
  }

  /** A container as it is now, by id or name. */
  look(idOrName: string, signal: AbortSignal): Promise<ContainerInspect | undefined> {
    const { clock, engine, queue } = this.#options;
    const limit = { what: `looking at container ${idOrName}`, timeoutMs: LOOK_TIMEOUT_MS, signal };
    return queue.run('look', signal, () =>
      withDeadline(clock, limit, (inner) => engine.inspectContainer(idOrName, inner)),
    );
  }

  /** Removes a container that belongs to no task. */
  removeStray(id: ContainerId, signal: AbortSignal): Promise<void> {
    const { clock, engine, queue } = this.#options;
    const limit = { what: `removing container ${id}`, timeoutMs: REMOVE_TIMEOUT_MS, signal };
    return queue.run('remove', signal, () => withDeadline(clock, limit, (inner) => engine.removeContainer(id, inner)));
  }

  async #pull({ task, template }: StepSubject, signal: AbortSignal): Promise<void> {
    const image = neededTemplate(task, template).Spec.ContainerSpec?.Image ?? '';
    await this.#options.images.ensure(image, template?.Credentials, signal);
  }

  async #create(subject: StepSubject, signal: AbortSignal): Promise<ContainerFacts> {
    const { clock, engine, queue, describe } = this.#options;
    const template = neededTemplate(subject.task, subject.template);
    const plan = planContainer(subject.task, template, await describe(signal));
    await this.#checkSources(bindSources(plan.create.HostConfig?.Mounts ?? []));
    const limit = { what: `creating container ${plan.name}`, timeoutMs: CREATE_TIMEOUT_MS, signal };
    return queue.run('create', signal, async () => {
      const path = await this.#prepareNetwork(subject.task.ID, signal);
      const options = path === undefined ? {} : { networkNamespace: path };
      try {
        const id = await withDeadline(clock, limit, (inner) =>
          engine.createContainer(plan.name, plan.create, { ...options, signal: inner }),
        );
        return createdFacts(id);
      } catch (error) {
        if (!(error instanceof Refusal) || error.code !== 'container-name-taken') throw error;
        // Names are unique for ever: a container of this task's name was made by an earlier try.
        const found = await this.#lookFor(subject, signal, plan.name);
        if (found === undefined) throw error;
        return found;
      }
    });
  }

  #start({ task, container }: StepSubject, signal: AbortSignal): Promise<ContainerFacts | undefined> {
    const { clock, engine, queue } = this.#options;
    const id = knownContainer(task, container);
    const limit = { what: `starting container ${id}`, timeoutMs: START_TIMEOUT_MS, signal };
    return queue.run('start', signal, async () => {
      // A container of an earlier boot or process names a namespace that may be gone.
      if (!this.#prepared.has(task.ID)) await this.#prepareNetwork(task.ID, signal);
      await withDeadline(clock, limit, (inner) => engine.startContainer(id, inner));
      return this.#factsOf(id, signal);
    });
  }

  #stop({ task, template, container }: StepSubject, signal: AbortSignal): Promise<ContainerFacts | undefined> {
    const { clock, engine, queue } = this.#options;
    const id = knownContainer(task, container);
    const graceMs = stopGraceMs(template);
    const limit = { what: `stopping container ${id}`, timeoutMs: graceMs + STOP_SLACK_MS, signal };
    return queue.run('stop', signal, async () => {
      await withDeadline(clock, limit, (inner) => engine.stopContainer(id, graceMs, inner));
      return this.#factsOf(id, signal);
    });
  }

  async #remove({ task, container }: StepSubject, signal: AbortSignal): Promise<undefined> {
    await this.removeStray(knownContainer(task, container), signal);
    await this.releaseNetwork(task.ID, signal);
  }

  async #factsOf(id: ContainerId, signal: AbortSignal): Promise<ContainerFacts | undefined> {
    const { clock, engine } = this.#options;
    const limit = { what: `looking at container ${id}`, timeoutMs: LOOK_TIMEOUT_MS, signal };
    const inspect = await withDeadline(clock, limit, (inner) => engine.inspectContainer(id, inner));
    return inspect === undefined ? undefined : containerFacts(inspect);
  }

  /** The task's own container, by id or by the name that it must have. */
  async #lookFor(
    { task, container }: StepSubject,
    signal: AbortSignal,
    name?: string,
  ): Promise<ContainerFacts | undefined> {
    const { clock, engine } = this.#options;
    const limit = { what: `looking for the container of task ${task.ID}`, timeoutMs: LOOK_TIMEOUT_MS, signal };
    const wanted = container?.id ?? name;
    if (wanted !== undefined) {
      const inspect = await withDeadline(clock, limit, (inner) => engine.inspectContainer(wanted, inner));
      return inspect?.Config.Labels?.[TASK_ID_LABEL] === task.ID ? containerFacts(inspect) : undefined;
    }
    const label = `${TASK_ID_LABEL}=${task.ID}`;
    const [found] = await withDeadline(clock, limit, (inner) => engine.listContainers(label, inner));
    return found === undefined ? undefined : containerFacts(found);
  }

  async #prepareNetwork(taskId: TaskId, signal: AbortSignal): Promise<string | undefined> {
    const { clock } = this.#options;
    const limit = { what: `preparing the network of task ${taskId}`, timeoutMs: NETWORK_TIMEOUT_MS, signal };
    const path = await withDeadline(clock, limit, () => this.#preparation(taskId));
    this.#prepared.add(taskId);
    return path;
  }

  #preparation(taskId: TaskId): Promise<string | undefined> {
    const preparation = this.#options.network.prepare(taskId);
    this.#preparing.set(taskId, preparation);
    const end = () => {
      if (this.#preparing.get(taskId) === preparation) this.#preparing.delete(taskId);
    };
    preparation.then(end, end);
    return preparation;
  }

  async #checkSources(sources: readonly string[]): Promise<void> {
    const { hostPathExists } = this.#options;
    if (hostPathExists === undefined) return;
    for (const source of sources)
      if (!(await hostPathExists(source))) throw new Refusal('mount-bind-missing', { source });
  }
}

function neededTemplate(task: AssignedTask, template: TaskTemplate | undefined): TaskTemplate {
  if (template !== undefined) return template;
  throw new Refusal('task-template-missing', { taskId: task.ID, specVersion: task.SpecVersion });
}

function knownContainer(task: AssignedTask, container: ContainerFacts | undefined): ContainerId {
  if (container !== undefined) return container.id;
  throw new Refusal('task-container-gone', { taskId: task.ID });
}
