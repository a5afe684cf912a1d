import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compareStates, type DesiredState, isTerminal, type TaskId } from '../model/index.ts';
import { AgentWorld, complete, increment, task } from './agent-world.ts';

/** What may befall a node. */
type Act =
  | { readonly kind: 'add' | 'remove' | 'exit' | 'foreignRemoval'; readonly which: number }
  | { readonly kind: 'desire'; readonly which: number; readonly state: DesiredState }
  | { readonly kind: 'pass'; readonly ms: number }
  | {
      readonly kind:
        | 'crash'
        | 'reboot'
        | 'engineDown'
        | 'engineHangs'
        | 'engineUp'
        | 'managerDown'
        | 'managerUp'
        | 'repeat'
        | 'late';
    };

const which = fc.integer({ min: 0, max: 3 });
const act: fc.Arbitrary<Act> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('add' as const), which }) },
  fc.record({ kind: fc.constantFrom('remove' as const, 'exit' as const, 'foreignRemoval' as const), which }),
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('desire' as const),
      which,
      state: fc.constantFrom<DesiredState>('running', 'shutdown', 'remove'),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('pass' as const),
      ms: fc.oneof(fc.integer({ min: 0, max: 150 }), fc.integer({ min: 200, max: 20_000 })),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constantFrom(
        'crash' as const,
        'reboot' as const,
        'engineDown' as const,
        'engineHangs' as const,
        'engineUp' as const,
        'managerDown' as const,
        'managerUp' as const,
        'repeat' as const,
        'late' as const,
      ),
    }),
  },
);

/** The cluster's side: what is assigned, and the set that says so. */
class Story {
  readonly world = new AgentWorld({ behave: () => ({ stopMs: 30 }) });
  readonly desired = new Map<string, DesiredState>();
  #index = 1;
  #previous = complete(1, []);

  async act(act: Act): Promise<void> {
    const { world, desired } = this;
    const id = 'which' in act ? `t${act.which}` : '';
    // A removed task never comes back: its successor has an id of its own.
    const current = [...desired.keys()].find((one) => one.startsWith(`${id}-`)) ?? '';
    if (act.kind === 'pass') await world.pass(act.ms);
    else if (act.kind === 'add' && current === '') this.#assign(`${id}-${this.#index}`, 'running');
    else if (act.kind === 'desire' && desired.has(current)) this.#assign(current, act.state);
    else if (act.kind === 'remove' && desired.has(current)) this.#unassign(current);
    else if (act.kind === 'exit') world.engine.container(`web.1.${current}`)?.end(4);
    else if (act.kind === 'foreignRemoval') this.#removeBehindItsBack(current);
    else if (act.kind === 'crash') await world.restart();
    else if (act.kind === 'reboot') await world.reboot();
    else if (act.kind === 'engineDown') world.engine.setAvailability('down');
    else if (act.kind === 'engineHangs') world.engine.setAvailability('hangs');
    else if (act.kind === 'engineUp') world.engine.setAvailability('up');
    else if (act.kind === 'managerDown') world.manager.goDown();
    else if (act.kind === 'managerUp') world.manager.isUp = true;
    else if (act.kind === 'repeat') world.manager.assign(this.#whole());
    else if (act.kind === 'late') world.manager.assign(this.#previous);
    // A session opens with the whole truth whatever was sent last.
    world.manager.assignments = this.#whole();
  }

  #assign(id: string, state: DesiredState): void {
    const now = this.desired.get(id);
    if (now !== undefined && compareStates(state, now) <= 0) return;
    this.#step();
    this.desired.set(id, state);
    this.world.manager.assign(
      increment(this.#index - 1, this.#index, { tasks: [task(id, state)], templates: this.#whole().templates }),
    );
  }

  #unassign(id: string): void {
    this.#step();
    this.desired.delete(id);
    this.world.manager.assign(increment(this.#index - 1, this.#index, { removedTasks: [id as TaskId] }));
  }

  #step(): void {
    this.#previous = this.#whole();
    this.#index += 1;
  }

  #whole() {
    return complete(
      this.#index,
      [...this.desired].map(([id, state]) => task(id, state)),
    );
  }

  #removeBehindItsBack(id: string): void {
    const container = this.world.engine.container(`web.1.${id}`);
    if (container !== undefined)
      this.world.engine.removeContainer(container.id, new AbortController().signal).catch(() => 'the engine is away');
  }
}

test('whatever befalls a node: no state goes back, no container is left, and in the end all is as assigned', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(act, { minLength: 4, maxLength: 30 }), async (acts) => {
      const story = new Story();
      const { world, desired } = story;
      await world.start();
      for (const one of acts) await story.act(one);
      world.engine.setAvailability('up');
      world.manager.isUp = true;
      await world.pass(200_000);
      const statuses = world.agent.statuses();
      expect([...statuses.keys()].sort()).toEqual([...desired.keys()].sort());
      for (const [id, state] of desired) {
        const status = statuses.get(id as TaskId);
        expect(world.manager.stateOf(id)).toBe(status?.State);
        if (compareStates(state, 'shutdown') >= 0) expect(status !== undefined && isTerminal(status.State)).toBe(true);
        else expect(status?.State === 'running' || (status !== undefined && isTerminal(status.State))).toBe(true);
        expect(world.engine.container(`web.1.${id}`)?.isRunning ?? false).toBe(status?.State === 'running');
      }
      for (const { name } of world.engine.containers()) expect(desired.has(name.slice('web.1.'.length))).toBe(true);
      for (const id of desired.keys()) {
        const ends = world.manager.statesOf(id).filter(isTerminal);
        expect(new Set(ends).size).toBeLessThanOrEqual(1);
      }
      await world.crash();
    }),
    { numRuns: 150 },
  );
});
