import type { Cancel, Clock } from '../../base/index.ts';
import type { ContainerId } from '../../model/index.ts';
import type {
  ContainerCreate,
  ContainerEvent,
  ContainerInspect,
  ContainerLogRecord,
  ContainerState,
} from '../port/container.ts';

/** How a container behaves once it runs; times in ms after its start. */
export interface ContainerBehaviour {
  readonly createError?: string;
  readonly startError?: string;
  readonly exitAfterMs?: number;
  /** Code of the exit after `exitAfterMs`; 0 by default. */
  readonly exitCode?: number;
  /** Runs on until SIGKILL. */
  readonly ignoresStopSignal?: boolean;
  /** From the stop signal to its end; 10 by default. */
  readonly stopMs?: number;
  /** Code after the stop signal; 143 by default, as of a process without a handler. */
  readonly stopExitCode?: number;
  readonly healthyAfterMs?: number;
  readonly unhealthyAfterMs?: number;
  /** Lines it writes to stdout at its start. */
  readonly output?: readonly string[];
}

/** What Go prints for a time that was never set. */
const ZERO_TIME = '0001-01-01T00:00:00Z';
const SIGKILL_EXIT_CODE = 137;
const DEFAULT_STOP_MS = 10;
const DEFAULT_STOP_EXIT_CODE = 143;

type Emit = (kind: ContainerEvent['kind'], container: SimulatedContainer) => void;

/** One container: its state as inspect shows it, moved by time and by the engine's calls. */
export class SimulatedContainer {
  readonly id: ContainerId;
  readonly name: string;
  readonly create: ContainerCreate;
  readonly behaviour: ContainerBehaviour;
  readonly log: ContainerLogRecord[] = [];
  readonly #clock: Clock;
  readonly #emit: Emit;
  readonly #createdAt: string;
  #state: ContainerState;
  #alarms: Cancel[] = [];
  #endListeners: (() => void)[] = [];

  constructor(
    identity: { readonly id: ContainerId; readonly name: string; readonly create: ContainerCreate },
    behaviour: ContainerBehaviour,
    clock: Clock,
    emit: Emit,
  ) {
    this.id = identity.id;
    this.name = identity.name;
    this.create = identity.create;
    this.behaviour = behaviour;
    this.#clock = clock;
    this.#emit = emit;
    this.#createdAt = this.#stamp();
    this.#state = {
      Status: 'created',
      Running: false,
      Paused: false,
      OOMKilled: false,
      Dead: false,
      Pid: 0,
      ExitCode: 0,
      Error: '',
      StartedAt: ZERO_TIME,
      FinishedAt: ZERO_TIME,
    };
  }

  get isRunning(): boolean {
    return this.#state.Running;
  }

  inspect(): ContainerInspect {
    return {
      Id: this.id,
      Name: `/${this.name}`,
      Created: this.#createdAt,
      Image: this.create.Image,
      State: this.#state,
      Config: { Labels: this.create.Labels ?? {}, Image: this.create.Image, Tty: this.create.Tty ?? false },
    };
  }

  start(pid: number): void {
    if (this.#state.Running) return;
    const { behaviour } = this;
    const hasHealth = behaviour.healthyAfterMs !== undefined || behaviour.unhealthyAfterMs !== undefined;
    this.#state = {
      ...this.#state,
      Status: 'running',
      Running: true,
      Pid: pid,
      ExitCode: 0,
      Error: '',
      StartedAt: this.#stamp(),
      FinishedAt: ZERO_TIME,
      ...(hasHealth ? { Health: { Status: 'starting' } as const } : {}),
    };
    for (const line of behaviour.output ?? [])
      this.log.push({ stream: 'stdout', at: this.#stamp(), bytes: new TextEncoder().encode(`${line}\n`) });
    this.#emit('started', this);
    this.#later(behaviour.exitAfterMs, () => this.end(behaviour.exitCode ?? 0));
    this.#later(behaviour.healthyAfterMs, () => this.setHealth('healthy'));
    this.#later(behaviour.unhealthyAfterMs, () => this.setHealth('unhealthy'));
  }

  /** Sends the stop signal, and SIGKILL after the grace; `whenEnded` is called at its end, at once if it does not run. */
  stop(graceMs: number, whenEnded: () => void): void {
    if (!this.#state.Running) {
      whenEnded();
      return;
    }
    this.#endListeners.push(whenEnded);
    const { ignoresStopSignal, stopMs = DEFAULT_STOP_MS, stopExitCode = DEFAULT_STOP_EXIT_CODE } = this.behaviour;
    if (ignoresStopSignal !== true && stopMs <= graceMs) this.#later(stopMs, () => this.end(stopExitCode));
    else this.#later(graceMs, () => this.end(SIGKILL_EXIT_CODE));
  }

  end(exitCode: number, facts: { readonly oomKilled?: boolean; readonly error?: string } = {}): void {
    if (!this.#state.Running) return;
    for (const cancel of this.#alarms.splice(0)) cancel();
    this.#state = {
      ...this.#state,
      Status: 'exited',
      Running: false,
      Pid: 0,
      ExitCode: exitCode,
      OOMKilled: facts.oomKilled ?? false,
      Error: facts.error ?? '',
      FinishedAt: this.#stamp(),
    };
    this.#emit('died', this);
    for (const listener of this.#endListeners.splice(0)) listener();
  }

  setHealth(status: 'starting' | 'healthy' | 'unhealthy'): void {
    if (!this.#state.Running) return;
    this.#state = { ...this.#state, Health: { Status: status } };
    this.#emit('healthChanged', this);
  }

  #later(delayMs: number | undefined, wake: () => void): void {
    if (delayMs !== undefined) this.#alarms.push(this.#clock.after(delayMs, wake));
  }

  #stamp(): string {
    return new Date(this.#clock.now()).toISOString();
  }
}
