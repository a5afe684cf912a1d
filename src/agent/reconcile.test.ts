import { describe, expect, test } from 'vitest';
import type { TaskId } from '../model/index.ts';
import { complete, fence, increment, task, template } from './agent-world.ts';
import { compareFences, type Held, nothingHeld, reconcile, withoutIdleTemplates } from './reconcile.ts';

function held(index: number, ids: readonly string[]): Held {
  const decided = reconcile(
    nothingHeld,
    complete(
      index,
      ids.map((id) => task(id)),
    ),
  );
  if (decided.kind !== 'apply') throw new Error(decided.kind);
  return decided.held;
}

describe('fences', () => {
  test('epoch comes before term, term before index', () => {
    const ordered = [fence(9), fence(1, { term: 2 }), fence(2, { term: 2 }), fence(0, { epoch: 2, term: 0 })];
    for (const [at, later] of ordered.entries())
      for (const earlier of ordered.slice(0, at)) expect(compareFences(earlier, later)).toBeLessThan(0);
    expect(compareFences(fence(3), fence(3))).toBe(0);
  });
});

describe('assignments', () => {
  test('a complete set replaces all and names what is gone', () => {
    const decided = reconcile(held(1, ['a', 'b']), complete(2, [task('b'), task('c')]));
    expect(decided).toMatchObject({ kind: 'apply', removed: ['a'] });
    expect(decided.kind === 'apply' && [...decided.held.tasks.keys()]).toEqual(['b', 'c']);
  });

  test('an increment changes what it names and builds on its predecessor alone', () => {
    const change = { tasks: [task('c')], removedTasks: ['a' as TaskId] };
    const decided = reconcile(held(1, ['a', 'b']), increment(1, 2, change));
    expect(decided.kind === 'apply' && [...decided.held.tasks.keys()]).toEqual(['b', 'c']);
    expect(reconcile(held(1, ['a']), increment(3, 4, change))).toEqual({ kind: 'needComplete' });
    expect(reconcile(nothingHeld, increment(0, 1, change))).toEqual({ kind: 'needComplete' });
  });

  test('what was obeyed is not obeyed again; what is older is refused, of either kind', () => {
    expect(reconcile(held(5, ['a']), increment(4, 5, {}))).toEqual({ kind: 'duplicate' });
    expect(reconcile(held(5, ['a']), increment(3, 4, {}))).toEqual({ kind: 'stale' });
    expect(reconcile(held(5, ['a']), complete(4, []))).toEqual({ kind: 'stale' });
    expect(reconcile(held(5, ['a']), { ...complete(99, []), fence: fence(99, { epoch: 0 }) })).toEqual({
      kind: 'stale',
    });
  });

  test('a change that comes in parts is obeyed part by part; the last one raises the fence', () => {
    const first = reconcile(held(1, ['a']), increment(1, 1, { tasks: [task('b')] }));
    if (first.kind !== 'apply') throw new Error(first.kind);
    expect(compareFences(first.held.fence ?? fence(0), fence(1))).toBe(0);
    const last = reconcile(first.held, increment(1, 2, { tasks: [task('c')] }));
    expect(last.kind === 'apply' && [...last.held.tasks.keys()]).toEqual(['a', 'b', 'c']);
    expect(last.kind === 'apply' && last.held.fence).toEqual(fence(2));
    // A part on a place that the agent is not at fits as little as any other increment.
    expect(reconcile(held(1, ['a']), increment(2, 2, {}))).toEqual({ kind: 'needComplete' });
  });

  test('an increment that names an unknown template can not be obeyed', () => {
    const change = { tasks: [{ ...task('x'), SpecVersion: 7 }] };
    expect(reconcile(held(1, ['a']), increment(1, 2, change))).toEqual({ kind: 'needComplete' });
    const whole = { ...change, templates: [{ ...template(), SpecVersion: 7 }] };
    expect(reconcile(held(1, ['a']), increment(1, 2, whole)).kind).toBe('apply');
  });

  test('templates stay within a session, idle ones end with it', () => {
    const decided = reconcile(held(1, ['a']), increment(1, 2, { removedTasks: ['a' as TaskId] }));
    if (decided.kind !== 'apply') throw new Error(decided.kind);
    expect(decided.held.templates.size).toBe(1);
    expect(withoutIdleTemplates(decided.held).templates.size).toBe(0);
  });
});
