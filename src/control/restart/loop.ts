import { isTerminal, type Node, type NodeId, type Task, type TaskId } from '../../model/index.ts';
import type { Changed, Transaction, View } from '../../store/index.ts';
import type { Loop, LoopContext } from '../loop.ts';
import { isLive, isOver, isWantedAgain, observe, replaceTask } from '../tasks/index.ts';
import { type Decision, earliest, settled, Worklist } from '../worklist.ts';
import { decideRestart, isLost } from './decide.ts';

/**
 * Follows up on tasks that ended or lost their node, and starts held ones. Deadlines stand on the tasks themselves (`StartAt`,
 * `StartBy`), so a new leader goes on with the remaining time.
 */
export function restartLoop(): Loop {
  const tasks = new Worklist<TaskId>('restart');
  /** Tasks whose end others may wait for. */
  const ended = new Worklist<TaskId>('restart');
  const nodes = new Worklist<NodeId>('restart');

  const markTask = (task: Task) => {
    if (isLive(task) && (task.DesiredState === 'ready' || isTerminal(task.Status.State))) tasks.mark(task.ID);
    if (isOver(task)) ended.mark(task.ID);
  };

  const markChanged = (changed: Changed) => {
    if (changed.table === 'node' && isLost(changed.after) && becameLost(changed.before, changed.after))
      nodes.mark(changed.id as NodeId);
    if (changed.table !== 'task') return;
    if (changed.after === undefined) ended.mark(changed.id as TaskId);
    else markTask(changed.after);
    if (isWantedAgain(changed.before, changed.after)) tasks.mark(changed.after.ID);
    // A task that came to a node in the moment when the node was lost.
    if (changed.after?.NodeID !== undefined && changed.after.NodeID !== changed.before?.NodeID)
      tasks.mark(changed.after.ID);
  };

  const followUp = (view: View, id: TaskId): Decision => {
    for (const waiting of view.tasksWaitingFor(id)) if (waiting.DesiredState === 'ready') tasks.mark(waiting.ID);
    return settled;
  };

  const loseNode = (view: View, id: NodeId, context: LoopContext): Decision => {
    const node = view.get('node', id);
    if (!isLost(node)) return settled;
    const orphaned: Transaction[] = [];
    for (const task of view.tasksOfNode(id)) {
      if (node === undefined && !isTerminal(task.Status.State)) orphaned.push(orphan(task, context));
      if (isLive(task)) tasks.mark(task.ID);
      else ended.mark(task.ID);
    }
    return { transactions: orphaned };
  };

  const decide = (view: View, id: TaskId, context: LoopContext): Decision => {
    const task = view.get('task', id);
    return task === undefined ? settled : decideRestart(view, task, context);
  };

  return {
    name: 'restart',
    start(view) {
      for (const list of [tasks, ended, nodes]) list.clear();
      for (const node of view.list('node')) if (isLost(node)) nodes.mark(node.ID);
      // Once a leadership, all tasks: those that ended, are held, or whose node is gone.
      for (const task of view.list('task')) {
        if (isLive(task)) markTask(task);
        if (task.NodeID !== undefined && view.get('node', task.NodeID) === undefined) nodes.mark(task.NodeID);
      }
    },
    mark(commit) {
      commit.changes.forEach(markChanged);
    },
    act(view, context) {
      const out: Transaction[] = [];
      nodes.decide(context, out, (id) => loseNode(view, id, context));
      if (out.length > 0) return out;
      ended.decide(context, out, (id) => followUp(view, id));
      tasks.decide(context, out, (id) => decide(view, id, context));
      return out;
    },
    nextDeadline: () => earliest(tasks.nextDeadline(), ended.nextDeadline(), nodes.nextDeadline()),
  };
}

function becameLost(before: Node | undefined, after: Node | undefined): boolean {
  return (
    !isLost(before) ||
    before?.Status.State !== after?.Status.State ||
    before?.Spec.Availability !== after?.Spec.Availability
  );
}

/** Nobody will ever report of it again. */
function orphan(task: Task, context: LoopContext): Transaction {
  const status = { State: 'orphaned', Message: 'Task belonged to a node that has been deleted' } as const;
  return replaceTask(task, observe(task, status, context));
}
