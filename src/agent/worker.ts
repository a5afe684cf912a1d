import { AssertionFailed, type Cancel, type Clock, messageOf, Refusal, Unavailable } from '../base/index.ts';
import type { ContainerEvent, ContainerInspect } from '../engine/index.ts';
import { type ContainerId, compareStates, type NodeId, type TaskId, type TaskTemplate } from '../model/index.ts';
import type { AssignedTask, Assignments, Fence } from '../rpc/index.ts';
import { NODE_ID_LABEL, taskIdOf } from './container-labels.ts';
import { Durability } from './durability.ts';
import type { StatusOutbox } from './outbox.ts';
import type { AgentLog } from './ports.ts';
import { type Held, nothingHeld, reconcile, templateKey, templateOf, withoutIdleTemplates } from './reconcile.ts';
import type { AgentRecord, TaskRecord } from './state.ts';
import { StatusReports } from './status-reports.ts';
import type { StepRunner, StepSubject } from './step-runner.ts';
import type { StepKind, TaskEffect, TaskEvent, TaskMachine } from './task-events.ts';
import { containerFacts } from './task-facts.ts';
import { advance, newTask, nextDeadline } from './task-machine.ts';
import { taskPolicy } from './task-policy.ts';

export interface WorkerOptions {
  readonly nodeId: NodeId;
  readonly bootId: string;
  readonly clock: Clock;
  readonly log: AgentLog;
  readonly runner: StepRunner;
  readonly outbox: StatusOutbox;
  /** Resolves when the worker's record as it is now is durable. */
  readonly save: () => Promise<void>;
  /** The record has changed; nobody waits for it. */
  readonly touch: () => void;
  /** A look failed: the engine is to be listed again. */
  readonly relist: () => void;
}

/** A task's machine and what belongs to it in this process. */
interface Entry {
  readonly task: AssignedTask;
  /** Known from an earlier process, which may have told more of it than it had written. */
  readonly isRestored: boolean;
  /** Kept here too: the managers withdraw it before a removed task has stopped by it. */
  template: TaskTemplate | undefined;
  machine: TaskMachine;
  /** Gives up the step under way. */
  giveUp: AbortController | undefined;
  cancelAlarm: Cancel | undefined;
  /** A look at its container is under way; `again` when something happened since. */
  look: { again: boolean } | undefined;
}

/**
 * The tasks of this node: one machine each, driven by assignments, by the engine's events and by time. The agent's own status is
 * canonical; an ended task's status is durable before a manager hears of it.
 */
export class Worker {
  readonly #options: WorkerOptions;
  readonly #reports: StatusReports;
  readonly #durability: Durability;
  readonly #entries = new Map<TaskId, Entry>();
  readonly #stopping = new AbortController();
  #held: Held = nothingHeld;
  /** The engine's containers of this node by task, as of the last list and what happened since; unset before the first list. */
  #containers: Map<TaskId, ContainerInspect> | undefined;
  #bootOfState: string;
  #isManagerReached = false;
  /** The held tasks are all that this node may run: containers of others are stale. Not so before the first set of a new state. */
  #hasWholePicture = false;
  #isOutage: string | undefined;
  #whenEmpty: (() => void) | undefined;

  constructor(options: WorkerOptions) {
    this.#options = options;
    this.#durability = new Durability(options.clock, options.save);
    this.#reports = new StatusReports({ ...options, isHeld: (id) => this.#held.tasks.has(id) });
    this.#bootOfState = options.bootId;
  }

  get fence(): Fence | undefined {
    return this.#held.fence;
  }

  /** Goes on with what an earlier process of this node remembered. Called once, first. */
  restore(record: AgentRecord): void {
    this.#bootOfState = record.bootId;
    this.#hasWholePicture = true;
    const tasks = new Map(record.tasks.map(({ assigned }) => [assigned.ID, assigned]));
    const templates = new Map(record.templates.map((one) => [templateKey(one), one]));
    this.#held = { fence: record.fence, tasks, templates };
    for (const { assigned, status, isAcknowledged } of record.tasks) {
      if (status !== undefined && !isAcknowledged) this.#reports.hold(assigned.ID, status);
      this.#begin(status === undefined ? assigned : { ...assigned, Status: status }, true);
    }
  }

  record(): AgentRecord {
    const { nodeId, bootId } = this.#options;
    const tasks: TaskRecord[] = [];
    for (const [id, assigned] of this.#held.tasks) {
      const status = this.#entries.get(id)?.machine.status;
      tasks.push({
        assigned,
        ...(status === undefined ? {} : { status }),
        isAcknowledged: !this.#reports.isPending(id),
      });
    }
    // Until the engine was listed, containers that died with an earlier boot are not reported yet.
    const recordedBoot = this.#containers === undefined ? this.#bootOfState : bootId;
    const { fence, templates } = withoutIdleTemplates(this.#held);
    return {
      nodeId,
      bootId: recordedBoot,
      ...(fence === undefined ? {} : { fence }),
      tasks,
      templates: [...templates.values()],
    };
  }

  /** The tasks of this node as they are now; a live view. */
  get tasks(): ReadonlyMap<TaskId, { readonly machine: TaskMachine }> {
    return this.#entries;
  }

  /** Resolves when the assignments obeyed so far are on the disk; `Unavailable` when they can't be written. */
  durable(signal: AbortSignal): Promise<void> {
    return this.#durability.reached(signal);
  }

  /** The container of a task, once it has one. */
  containerOf(taskId: TaskId): ContainerId | undefined {
    return this.#entries.get(taskId)?.machine.container?.id;
  }

  /** A manager can be told: what waited for its decision goes on. */
  sessionOpened(): void {
    this.#isManagerReached = true;
    this.#held = withoutIdleTemplates(this.#held);
    for (const entry of [...this.#entries.values()]) this.#tell(entry, { kind: 'managerReached' });
  }

  sessionLost(): void {
    this.#isManagerReached = false;
  }

  /**
   * Obeys assignments. Tells what to answer: `acknowledge` (once durable), `needComplete`, or `stale` when they are older than what
   * was obeyed and nothing was done.
   */
  assign(assignments: Assignments): 'acknowledge' | 'needComplete' | 'stale' {
    const decided = reconcile(this.#held, assignments);
    if (decided.kind === 'duplicate') return 'acknowledge';
    if (decided.kind !== 'apply') return decided.kind;
    this.#held = decided.held;
    this.#durability.begin();
    for (const task of decided.changed) this.#assignTask(task, assignments.kind === 'complete');
    for (const id of decided.removed) this.#unassign(id);
    if (assignments.kind === 'complete') {
      for (const id of [...this.#entries.keys()]) if (!this.#held.tasks.has(id)) this.#unassign(id);
      this.#hasWholePicture = true;
      this.#removeStrays();
    }
    return 'acknowledge';
  }

  /** The engine told which containers of this node there are. */
  listed(containers: readonly ContainerInspect[]): void {
    const isFirst = this.#containers === undefined;
    const isAfterReboot = isFirst && this.#bootOfState !== this.#options.bootId;
    this.#isOutage = undefined;
    this.#containers = new Map();
    for (const container of containers) {
      const taskId = taskIdOf(container.Config.Labels);
      const isOurs = container.Config.Labels?.[NODE_ID_LABEL] === this.#options.nodeId;
      if (taskId !== undefined && isOurs) this.#containers.set(taskId, container);
    }
    for (const entry of [...this.#entries.values()]) this.#tellListed(entry, isAfterReboot);
    this.#reports.release();
    if (this.#hasWholePicture) this.#removeStrays();
    if (isFirst) this.#options.touch();
  }

  /** Something happened to a container: it is looked at, and the look told to its task. */
  happened(event: ContainerEvent): void {
    const taskId = taskIdOf(event.labels);
    if (taskId === undefined || event.labels[NODE_ID_LABEL] !== this.#options.nodeId) return;
    // Starts are this agent's own, and their step tells more.
    if (event.kind === 'started') return;
    const entry = this.#entries.get(taskId);
    if (entry !== undefined) {
      const { container, step } = entry.machine;
      // A step that causes the event tells what came of it.
      const causes: readonly unknown[] = event.kind === 'created' ? ['create'] : ['stop', 'remove'];
      const isKnown = event.kind === 'created' && container !== undefined;
      if (!isKnown && !causes.includes(step?.kind)) this.#look(entry, event.id);
    } else if (event.kind === 'created' && this.#hasWholePicture) {
      // Late effect of a creation that was given up.
      this.#removeStray(taskId, event.id);
    }
  }

  /** The engine does not answer. Tasks keep their states and say so. */
  engineLost(reason: string): void {
    this.#isOutage = reason;
    this.#options.log.warn({ reason }, 'container engine lost');
    for (const entry of [...this.#entries.values()]) this.#tell(entry, { kind: 'engineLost', text: reason });
    this.#reports.release();
  }

  /** Ends all activity of this process; containers run on. */
  stop(): void {
    this.#stopping.abort(new Unavailable('agent-stopped'));
    for (const entry of this.#entries.values()) {
      entry.cancelAlarm?.();
      entry.giveUp?.abort(new Unavailable('agent-stopped'));
    }
  }

  /** Stops and removes everything; resolves when nothing is left. */
  async removeAll(): Promise<void> {
    this.#held = nothingHeld;
    this.#hasWholePicture = true;
    for (const id of [...this.#entries.keys()]) this.#unassign(id);
    this.#removeStrays();
    if (this.#entries.size > 0)
      await new Promise<void>((resolve) => {
        this.#whenEmpty = resolve;
      });
  }

  #assignTask(task: AssignedTask, isComplete: boolean): void {
    const entry = this.#entries.get(task.ID);
    if (entry === undefined) {
      this.#begin(task);
      return;
    }
    entry.template = templateOf(this.#held, task) ?? entry.template;
    this.#tell(entry, { kind: 'desired', state: task.DesiredState });
    // The manager knows less than it was told, e.g. after a restore: ours is the truth.
    const { status } = entry.machine;
    const isBehind = compareStates(status.State, task.Status.State) > 0 && compareStates(status.State, 'accepted') >= 0;
    if (isComplete && isBehind) this.#reports.report(task.ID, status, false);
  }

  #begin(task: AssignedTask, isRestored = false): void {
    const template = templateOf(this.#held, task);
    const policy = taskPolicy(template, task.DesiredState);
    const machine = newTask({ desired: task.DesiredState, status: task.Status, policy });
    const entry: Entry = {
      task,
      isRestored,
      template,
      machine,
      giveUp: undefined,
      cancelAlarm: undefined,
      look: undefined,
    };
    this.#entries.set(task.ID, entry);
    if (this.#containers !== undefined) this.#tellListed(entry, false);
    else if (this.#isOutage !== undefined) this.#tell(entry, { kind: 'engineLost', text: this.#isOutage });
    else this.#tell(entry, { kind: 'wake' });
  }

  #unassign(id: TaskId): void {
    this.#reports.forget(id);
    const entry = this.#entries.get(id);
    if (entry !== undefined && !entry.machine.isRemoved) this.#tell(entry, { kind: 'unassigned' });
  }

  #tellListed(entry: Entry, isAfterReboot: boolean): void {
    const found = this.#containers?.get(entry.task.ID);
    const known = entry.machine.container;
    const container = found === undefined ? known : containerFacts(found);
    this.#tell(entry, { kind: 'listed', container, isAfterReboot });
    // A list may be older than what a step has made since: whether the container is gone, a look decides.
    if (found === undefined && known !== undefined) this.#look(entry, known.id);
    if (this.#isManagerReached) this.#tell(entry, { kind: 'managerReached' });
  }

  #tell(entry: Entry, event: TaskEvent): void {
    if (this.#stopping.signal.aborted) return;
    const before = entry.machine;
    const { machine, effects } = advance(before, event, this.#options.clock.now());
    entry.machine = machine;
    for (const effect of effects) this.#perform(entry, effect);
    if (before.status.State !== machine.status.State)
      this.#options.log.info(
        { taskId: entry.task.ID, from: before.status.State, to: machine.status.State, reason: machine.status.Err },
        'task state',
      );
    this.#setAlarm(entry);
  }

  #perform(entry: Entry, effect: TaskEffect): void {
    switch (effect.kind) {
      case 'run':
        this.#run(entry, effect.step, effect.token);
        return;
      case 'cancel':
        entry.giveUp?.abort(new Unavailable('step-cancelled', { what: 'a step' }));
        return;
      case 'report':
        if (!entry.machine.isRemoved) this.#reports.report(entry.task.ID, entry.machine.status, entry.isRestored);
        return;
      case 'releaseNetwork':
        this.#releaseNetwork(entry.task.ID);
        return;
      case 'forget':
        this.#forget(entry);
        return;
    }
  }

  #run(entry: Entry, step: StepKind, token: number): void {
    const { log, runner } = this.#options;
    const giveUp = new AbortController();
    entry.giveUp = giveUp;
    const { task, template, machine } = entry;
    const subject: StepSubject = { task, template, container: machine.container };
    const { signal } = giveUp;
    // A container whose task the next process would not know would be stale to it: durable first.
    const isReady = step === 'create' ? this.#durability.reached(signal) : undefined;
    const work =
      isReady === undefined ? runner.run(step, subject, signal) : isReady.then(() => runner.run(step, subject, signal));
    work.then(
      (container) => this.#tell(entry, { kind: 'done', token, container }),
      (error: unknown) => {
        if (error instanceof AssertionFailed || !(error instanceof Refusal))
          log.error({ taskId: task.ID, step, reason: messageOf(error), error }, 'task step broke');
        const temporary = error instanceof Unavailable;
        this.#tell(entry, { kind: 'failed', token, text: messageOf(error), temporary });
      },
    );
  }

  #forget(entry: Entry): void {
    const { ID } = entry.task;
    entry.cancelAlarm?.();
    this.#entries.delete(ID);
    this.#containers?.delete(ID);
    this.#releaseNetwork(ID);
    const again = this.#held.tasks.get(ID);
    if (again !== undefined) this.#begin(again);
    if (this.#entries.size === 0) this.#whenEmpty?.();
  }

  #releaseNetwork(taskId: TaskId): void {
    const { log, runner } = this.#options;
    runner.releaseNetwork(taskId, this.#stopping.signal).catch((error: unknown) => {
      // Tried again when the task's container is removed, and by the network's own clean-up.
      log.warn({ taskId, reason: messageOf(error) }, 'network not released');
    });
  }

  #setAlarm(entry: Entry): void {
    entry.cancelAlarm?.();
    entry.cancelAlarm = undefined;
    const due = nextDeadline(entry.machine);
    if (due === undefined || !this.#entries.has(entry.task.ID)) return;
    const { clock } = this.#options;
    entry.cancelAlarm = clock.after(Math.max(0, due - clock.now()), () => {
      entry.cancelAlarm = undefined;
      this.#tell(entry, { kind: 'wake' });
    });
  }

  #look(entry: Entry, id: ContainerId): void {
    if (entry.look !== undefined) {
      entry.look.again = true;
      return;
    }
    const look = { again: false };
    entry.look = look;
    this.#options.runner.look(id, this.#stopping.signal).then(
      (found) => {
        entry.look = undefined;
        const known = entry.machine.container;
        // An earlier container of the task, if ever there was one, tells nothing about the one it has.
        if (known === undefined || known.id === id)
          this.#tell(entry, { kind: 'seen', container: found === undefined ? undefined : containerFacts(found) });
        if (look.again) this.#look(entry, id);
      },
      () => {
        entry.look = undefined;
        // The list that follows tells what this look should have.
        if (!this.#stopping.signal.aborted) this.#options.relist();
      },
    );
  }

  #removeStrays(): void {
    for (const [id, { Id }] of this.#containers ?? []) if (!this.#entries.has(id)) this.#removeStray(id, Id);
  }

  #removeStray(taskId: TaskId, id: ContainerId): void {
    const { log, runner } = this.#options;
    log.info({ taskId, container: id }, 'removing stale container');
    this.#containers?.delete(taskId);
    runner.removeStray(id, this.#stopping.signal).then(
      () => this.#releaseNetwork(taskId),
      // It is in the next list again.
      (error: unknown) => log.warn({ taskId, container: id, reason: messageOf(error) }, 'stale container not removed'),
    );
  }
}
