import type { Cancel } from '../../../base/index.ts';
import type { Container } from '../containers/container.ts';
import type { EngineContext } from '../context.ts';
import type { ExecTable } from '../exec/exec-table.ts';
import { parseTimeNs, timestampOf } from '../spec/time.ts';
import { afterProbe, firstHealth, type HealthPlan, healthPlan, nextDelay, type ProbeResult } from './health.ts';

/** Output of a check that is kept, as in Docker. */
const MAX_OUTPUT_BYTES = 4096;

/** Checks the health of one container while it runs: a process in it every so often, one at a time. 16 ms CPU a check. */
export class HealthProber {
  readonly #context: EngineContext;
  readonly #execs: ExecTable;
  readonly #container: Container;
  readonly #plan: HealthPlan;
  readonly #startedAtMs: number;
  #cancel: Cancel = () => undefined;
  #hasStopped = false;

  constructor(context: EngineContext, execs: ExecTable, container: Container, plan: HealthPlan, startedAt: string) {
    this.#context = context;
    this.#execs = execs;
    this.#container = container;
    this.#plan = plan;
    this.#startedAtMs = Number((parseTimeNs(startedAt) ?? 0n) / 1_000_000n);
    container.health = firstHealth;
    this.#later();
  }

  stop(): void {
    this.#hasStopped = true;
    this.#cancel();
  }

  #isStartPeriod(): boolean {
    return this.#context.clock.now() < this.#startedAtMs + this.#plan.startPeriodMs;
  }

  #later(): void {
    const delay = nextDelay(this.#container.health ?? firstHealth, this.#plan, this.#isStartPeriod());
    this.#cancel = this.#context.clock.after(delay, () => {
      this.#check().catch((cause: unknown) =>
        this.#context.log.warn({ container: this.#container.record.id, cause }, 'health check'),
      );
    });
  }

  async #check(): Promise<void> {
    const isStartPeriod = this.#isStartPeriod();
    const result = await this.#probe();
    if (this.#hasStopped || !this.#container.isRunning) return;
    const before = this.#container.health ?? firstHealth;
    const after = afterProbe(before, result, this.#plan, isStartPeriod);
    this.#container.health = after;
    if (after.Status !== before.Status)
      this.#context.events.emit(this.#container.record, `health_status: ${after.Status}`);
    this.#later();
  }

  async #probe(): Promise<ProbeResult> {
    const { clock } = this.#context;
    const Start = timestampOf(clock.now());
    const done = (ExitCode: number, Output: string): ProbeResult => ({
      Start,
      End: timestampOf(clock.now()),
      ExitCode,
      Output,
    });
    const late = new AbortController();
    const cancel = clock.after(this.#plan.timeoutMs, () => late.abort());
    try {
      const create = { Cmd: this.#plan.command, AttachStdout: true, AttachStderr: true };
      const stream = await this.#execs.start(this.#execs.create(this.#container, create), late.signal);
      late.signal.addEventListener('abort', () => stream.close());
      const output = await head(stream.output);
      const code = await stream.exitCode;
      return late.signal.aborted
        ? done(-1, `Health check exceeded timeout (${this.#plan.timeoutMs} ms)`)
        : done(code, output);
    } catch (cause) {
      return done(-1, cause instanceof Error ? cause.message : String(cause));
    } finally {
      cancel();
    }
  }
}

/** The beginning of an output; all of it is read. */
async function head(output: AsyncIterable<{ readonly bytes: Uint8Array }>): Promise<string> {
  let kept = Buffer.alloc(0);
  for await (const { bytes } of output) {
    if (kept.length < MAX_OUTPUT_BYTES) kept = Buffer.concat([kept, bytes]).subarray(0, MAX_OUTPUT_BYTES);
  }
  return kept.toString();
}

/** The probers of all containers that run and have a check. */
export class HealthMonitor {
  readonly #context: EngineContext;
  readonly #execs: ExecTable;
  readonly #probers = new Map<string, HealthProber>();

  constructor(context: EngineContext, execs: ExecTable) {
    this.#context = context;
    this.#execs = execs;
  }

  /** Begins with those that run already and follows the events from then on. */
  open(): void {
    for (const container of this.#context.containers.all()) this.#begin(container);
    this.#context.events.subscribe(({ Action, id }) => {
      const container = this.#context.containers.get(id);
      if (Action === 'start' && container !== undefined) this.#begin(container);
      if (Action === 'die' || Action === 'destroy') this.#end(id);
    });
  }

  close(): void {
    for (const id of [...this.#probers.keys()]) this.#end(id);
  }

  #begin(container: Container): void {
    const { record } = container;
    const plan = healthPlan(record.create, record.image.config);
    if (plan === undefined || record.state.kind !== 'running') return;
    this.#end(record.id);
    this.#probers.set(record.id, new HealthProber(this.#context, this.#execs, container, plan, record.state.startedAt));
  }

  #end(id: string): void {
    this.#probers.get(id)?.stop();
    this.#probers.delete(id);
  }
}
