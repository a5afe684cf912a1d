import { isTerminal, type NodeId, type Task } from '../../model/index.ts';
import type { Transaction } from '../../store/index.ts';
import type { Loop } from '../loop.ts';
import { placementChanged } from '../tasks/index.ts';
import { settled, Worklist } from '../worklist.ts';
import { decideEnforcement } from './decide.ts';

/** Looks at the tasks of nodes that changed, and of all nodes once a leadership. */
export function enforceLoop(): Loop {
  const nodes = new Worklist<NodeId>('enforce');
  /** A rejection that was not committed. */
  const markUnrejected = (before: Task | undefined, after: Task | undefined) => {
    if (before?.Status.State === 'rejected' && after?.NodeID !== undefined && !isTerminal(after.Status.State))
      nodes.mark(after.NodeID);
  };

  return {
    name: 'enforce',
    start(view) {
      nodes.clear();
      for (const node of view.list('node')) nodes.mark(node.ID);
    },
    mark(commit) {
      for (const changed of commit.changes) {
        if (changed.table === 'task') markUnrejected(changed.before, changed.after);
        if (changed.table === 'node' && placementChanged(changed.before, changed.after))
          nodes.mark(changed.id as NodeId);
      }
    },
    act(view, context) {
      const out: Transaction[] = [];
      nodes.decide(context, out, (id) => {
        const node = view.get('node', id);
        return node === undefined ? settled : { transactions: decideEnforcement(view, node, context) };
      });
      return out;
    },
    nextDeadline: () => nodes.nextDeadline(),
  };
}
