import type { Cancel } from '../../base/index.ts';
import { type NodeId, type Task, type TaskId, type TaskState, taskStateOrder, timestamp } from '../../model/index.ts';
import type { Commit } from '../../store/index.ts';
import type { World } from './world.ts';

/** How containers of an image behave. */
export interface Behaviour {
  readonly prepareMs?: number;
  /** From the order to start to running. */
  readonly startMs?: number;
  /** From the order to stop to the end. */
  readonly stopMs?: number;
  /** It can't be had: the task is rejected while it is prepared. */
  readonly missing?: boolean;
  /** Ends by itself after this time of running, or instead of it when 0. */
  readonly endsAfterMs?: number;
  readonly exitCode?: number;
}

/** Agents of all nodes: they do what the store assigns, in the time that the image's behaviour says, and report at once. */
export class FakeAgents {
  readonly #world: World;
  readonly #behaviours = new Map<string, Behaviour>();
  readonly #next = new Map<TaskId, { readonly state: TaskState; readonly cancel: Cancel }>();
  readonly #silent = new Set<NodeId>();

  constructor(world: World) {
    this.#world = world;
  }

  behave(image: string, behaviour: Behaviour): void {
    this.#behaviours.set(image, behaviour);
  }

  /** The node's power is off: it reports nothing and does nothing until `powerOn`. */
  powerOff(id: NodeId): void {
    this.#silent.add(id);
  }

  powerOn(id: NodeId): void {
    this.#silent.delete(id);
    for (const task of [...this.#world.view.tasksOfNode(id)]) this.#plan(task);
  }

  observe(commit: Commit): void {
    for (const changed of commit.changes) {
      if (changed.table !== 'task') continue;
      if (changed.after === undefined) this.#forget(changed.id as TaskId);
      else this.#plan(changed.after);
    }
  }

  /** A container ends by itself. */
  end(task: Task, exitCode: number): void {
    this.#report(task.ID, exitCode === 0 ? 'complete' : 'failed');
  }

  #forget(id: TaskId): void {
    this.#next.get(id)?.cancel();
    this.#next.delete(id);
  }

  #plan(task: Task): void {
    const isSilent = task.NodeID === undefined || this.#silent.has(task.NodeID);
    const step = isSilent ? undefined : this.#stepOf(task);
    if (step !== undefined && this.#next.get(task.ID)?.state === step.state) return;
    this.#forget(task.ID);
    if (step === undefined) return;
    const cancel = this.#world.clock.after(step.afterMs, () => {
      this.#next.delete(task.ID);
      this.#report(task.ID, step.state);
    });
    this.#next.set(task.ID, { state: step.state, cancel });
  }

  #stepOf(task: Task): { readonly state: TaskState; readonly afterMs: number } | undefined {
    const { State } = task.Status;
    if (taskStateOrder[State] < taskStateOrder.assigned || taskStateOrder[State] > taskStateOrder.running)
      return undefined;
    const image = this.#world.view.template(task.ServiceID, task.Internal.SpecVersion)?.Spec.ContainerSpec?.Image ?? '';
    const behaviour = this.#behaviours.get(image) ?? {};
    if (task.DesiredState === 'shutdown' || task.DesiredState === 'remove')
      return { state: 'shutdown', afterMs: State === 'running' ? (behaviour.stopMs ?? 1000) : 0 };
    const ending: TaskState = (behaviour.exitCode ?? 0) === 0 ? 'complete' : 'failed';
    switch (State) {
      case 'assigned':
        return { state: behaviour.missing === true ? 'rejected' : 'ready', afterMs: behaviour.prepareMs ?? 500 };
      case 'ready':
        return task.DesiredState === 'ready' ? undefined : { state: 'starting', afterMs: 0 };
      case 'starting':
        return { state: behaviour.endsAfterMs === 0 ? ending : 'running', afterMs: behaviour.startMs ?? 500 };
      case 'running':
        return behaviour.endsAfterMs === undefined ? undefined : { state: ending, afterMs: behaviour.endsAfterMs };
      default:
        return undefined;
    }
  }

  #report(id: TaskId, state: TaskState): void {
    const task = this.#world.view.get('task', id);
    if (task === undefined || taskStateOrder[state] <= taskStateOrder[task.Status.State]) return;
    const now = this.#world.clock.now();
    const object: Task = {
      ...task,
      Status: { Timestamp: timestamp(now), State: state, Message: state },
      Internal: { ...task.Internal, AppliedAt: now },
    };
    this.#world.apply([{ preconditions: [], changes: [{ kind: 'put', table: 'task', object }] }]);
  }
}
