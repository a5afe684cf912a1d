import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type ContainerId, compareStates, type DesiredState, isTerminal, type TaskStatus } from '../model/index.ts';
import type { TaskEvent, TaskMachine } from './task-events.ts';
import { type ContainerFacts, createdFacts } from './task-facts.ts';
import { advance, newTask, nextDeadline } from './task-machine.ts';

/** What may happen next in the world around a machine. */
type Act =
  | { readonly kind: 'desire'; readonly state: DesiredState }
  | { readonly kind: 'unassign' | 'list' | 'look' | 'outage' | 'manager' }
  | { readonly kind: 'finish'; readonly outcome: 'done' | 'temporary' | 'final' | 'doneButSaysFailed' }
  | { readonly kind: 'exit'; readonly code: number }
  | { readonly kind: 'wait'; readonly ms: number };

const act: fc.Arbitrary<Act> = fc.oneof(
  fc.record({
    kind: fc.constant('desire' as const),
    state: fc.constantFrom<DesiredState>('ready', 'running', 'complete', 'shutdown', 'remove'),
  }),
  fc.record({
    kind: fc.constantFrom('unassign' as const, 'list' as const, 'look' as const, 'outage' as const, 'manager' as const),
  }),
  fc.record({
    kind: fc.constant('finish' as const),
    outcome: fc.constantFrom('done' as const, 'temporary' as const, 'final' as const, 'doneButSaysFailed' as const),
  }),
  fc.record({ kind: fc.constant('exit' as const), code: fc.constantFrom(0, 1, 137) }),
  fc.record({ kind: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 40_000 }) }),
);

/** An engine with at most one container for the task, driven by the machine's steps. */
class World {
  machine: TaskMachine;
  now = 1000;
  container: ContainerFacts | undefined;
  starts = 0;
  isForgotten = false;

  constructor(desired: DesiredState) {
    const status: TaskStatus = { Timestamp: '1970-01-01T00:00:00Z', State: 'assigned', Message: 'm' };
    this.machine = newTask({ desired, status, policy: { restartsAlone: true } });
  }

  tell(event: TaskEvent): void {
    if (this.isForgotten) return;
    const before = this.machine.status;
    const { machine, effects } = advance(this.machine, event, this.now);
    this.machine = machine;
    let last = before;
    for (const effect of effects) {
      if (effect.kind === 'forget') this.isForgotten = true;
      if (effect.kind !== 'report') continue;
      expect(compareStates(effect.status.State, last.State)).toBeGreaterThanOrEqual(0);
      expect(effect.status.Message).not.toBe('');
      last = effect.status;
    }
    expect(last).toEqual(machine.status);
    if (effects.some((effect) => effect.kind === 'run' && effect.step === 'start'))
      expect(isTerminal(machine.status.State)).toBe(false);
  }

  finish(outcome: 'done' | 'temporary' | 'final' | 'doneButSaysFailed'): void {
    const { step } = this.machine;
    if (step === undefined) return;
    const { token } = step;
    if (outcome === 'done' || outcome === 'doneButSaysFailed') this.perform(step.kind);
    if (outcome === 'done') this.tell({ kind: 'done', token, container: this.container });
    else this.tell({ kind: 'failed', token, text: 'no', temporary: outcome !== 'final' });
    // The engine's own events tell what a failed call did all the same.
    if (outcome === 'doneButSaysFailed') this.tell({ kind: 'seen', container: this.container });
  }

  perform(step: string): void {
    if (step === 'create') {
      this.container ??= createdFacts(`c${this.starts}` as ContainerId);
    } else if (step === 'start' && this.container !== undefined && this.container.phase !== 'running') {
      this.starts += 1;
      this.container = { ...this.container, phase: 'running', pid: 1, startedAt: new Date(this.now).toISOString() };
    } else if (step === 'stop') this.exit(143);
    else if (step === 'remove') this.container = undefined;
  }

  exit(code: number): void {
    if (this.container?.phase === 'running')
      this.container = { ...this.container, phase: 'ended', pid: 0, exitCode: code };
  }

  act(act: Act): void {
    if (act.kind === 'desire') this.tell({ kind: 'desired', state: act.state });
    else if (act.kind === 'unassign') this.tell({ kind: 'unassigned' });
    else if (act.kind === 'list') this.tell({ kind: 'listed', container: this.container, isAfterReboot: false });
    else if (act.kind === 'look') this.tell({ kind: 'seen', container: this.container });
    else if (act.kind === 'outage') this.tell({ kind: 'engineLost', text: 'away' });
    else if (act.kind === 'manager') this.tell({ kind: 'managerReached' });
    else if (act.kind === 'finish') this.finish(act.outcome);
    else if (act.kind === 'exit') this.exit(act.code);
    else if (act.kind === 'wait') this.wait(act.ms);
  }

  wait(ms: number): void {
    this.now += ms;
    this.tell({ kind: 'wake' });
  }

  /** The engine works again and nothing else happens. */
  settle(): void {
    this.tell({ kind: 'listed', container: this.container, isAfterReboot: false });
    for (let round = 0; round < 30 && !this.isForgotten; round++) {
      this.tell({ kind: 'seen', container: this.container });
      if (this.machine.step !== undefined) this.finish('done');
      else if (nextDeadline(this.machine) !== undefined) this.wait(60_000);
      else return;
    }
  }
}

test('whatever happens: never backwards, started at most once, and in the end as desired', () => {
  const desired = fc.constantFrom<DesiredState>('ready', 'running', 'complete');
  fc.assert(
    fc.property(desired, fc.array(act, { maxLength: 40 }), (first, acts) => {
      const world = new World(first);
      for (const one of acts) world.act(one);
      world.settle();
      expect(world.starts).toBeLessThanOrEqual(1);
      const { machine } = world;
      if (machine.isRemoved) {
        expect([world.isForgotten, world.container]).toEqual([true, undefined]);
        return;
      }
      expect(machine.step).toBeUndefined();
      const { State } = machine.status;
      if (compareStates(machine.desired, 'shutdown') >= 0) expect(isTerminal(State)).toBe(true);
      else if (machine.desired === 'ready') expect(State === 'ready' || isTerminal(State)).toBe(true);
      else expect(State === 'running' || isTerminal(State)).toBe(true);
      expect(world.container?.phase === 'running').toBe(State === 'running');
    }),
    { numRuns: 3000 },
  );
});
