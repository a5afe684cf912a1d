import type { Changed, Commit, Transaction, View } from '../store/index.ts';
import type { Loop, LoopContext } from './loop.ts';
import { Overlay } from './overlay.ts';
import { earliest } from './worklist.ts';

/**
 * Several loops as one: in each act, every loop decides on the view that those before it leave, and all of it goes into one log
 * entry. So a new service's tasks are created, allocated and placed with one sync of the disk, not with three.
 * The loops stay apart: a loop sees of the others only changes, as from a commit. Changes that turn out not to be applied are
 * taken back with a change from what was expected to what is, before the next act.
 */
export function pipeline(name: string, loops: readonly Loop[]): Loop {
  /** What the loops were told and no commit has told since. */
  const expected = new Map<string, Changed>();

  const tell = (from: number, commit: Commit) => {
    for (let at = from; at < loops.length; at++) loops[at]?.mark(commit);
  };

  const takeBack = (view: View) => {
    if (expected.size === 0) return;
    const changes = [...expected.values()].map(({ table, id, before, after }) => {
      const actual = view.get(table, id);
      const told = after ?? before;
      // Both objects are of this table.
      return {
        table,
        id,
        ...(told === undefined ? {} : { before: told }),
        ...(actual === undefined ? {} : { after: actual }),
      } as Changed;
    });
    expected.clear();
    tell(0, { index: view.index, storeTime: view.storeTime, changes });
  };

  const runLoop = (at: number, loop: Loop, overlay: Overlay, context: LoopContext) => {
    const told: Changed[] = [];
    for (const transaction of loop.act(overlay, context)) {
      const changes = overlay.add(transaction);
      for (const changed of changes ?? unchanged(transaction, overlay)) {
        expected.set(changed.id, changed);
        if (changes !== undefined) told.push(changed);
      }
    }
    if (told.length > 0) tell(at, { index: overlay.index, storeTime: context.now, changes: told });
  };

  return {
    name,
    start(view) {
      expected.clear();
      for (const loop of loops) loop.start(view);
    },
    mark(commit) {
      for (const changed of commit.changes) {
        const told = expected.get(changed.id);
        if (told !== undefined && isAsExpected(told, changed)) expected.delete(changed.id);
      }
      tell(0, commit);
    },
    act(view, context) {
      takeBack(view);
      const overlay = new Overlay(view);
      loops.forEach((loop, at) => {
        runLoop(at, loop, overlay, context);
      });
      return overlay.transactions();
    },
    // What no commit told of was not applied, and has to be decided anew at once.
    nextDeadline: () =>
      expected.size > 0 ? Number.NEGATIVE_INFINITY : earliest(...loops.map((loop) => loop.nextDeadline())),
  };
}

/**
 * Whether a commit left an object as the loops were told, in what they decide on. Another writer's change that came first shows
 * here, since what was decided then did not come about; one that came after does no harm.
 */
function isAsExpected(told: Changed, is: Changed): boolean {
  if (told.after === undefined || is.after === undefined) return told.after === is.after;
  if (told.table === 'task' && is.table === 'task') {
    const [a, b] = [told.after, is.after];
    return a?.DesiredState === b?.DesiredState && a?.NodeID === b?.NodeID && a?.Status.State === b?.Status.State;
  }
  if (told.table === 'service' && is.table === 'service') {
    const [a, b] = [told.after, is.after];
    const failures = [a, b].map((service) => service?.Internal.Rollout?.Failed.length);
    return a?.UpdateStatus?.State === b?.UpdateStatus?.State && failures[0] === failures[1];
  }
  return true;
}

/** The objects of a transaction that is put off: they are looked at again in the next act. */
function unchanged(transaction: Transaction, view: View): readonly Changed[] {
  return transaction.changes.flatMap((change) => {
    if (change.kind === 'remove' || !('ID' in change.object)) return [];
    const id = change.object.ID;
    const before = view.get(change.table, id);
    return before === undefined ? [] : [{ table: change.table, id, after: before } as Changed];
  });
}
