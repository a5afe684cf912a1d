import type { Instant } from '../../base/index.ts';
import { isTerminal, type Node, type NodeId, type Task, type TaskId } from '../../model/index.ts';
import type { View } from '../../store/index.ts';
import { isAssigned, isLive, placementChanged } from '../tasks/index.ts';
import { Candidate, FAILURE_MEMORY_MS, type Holding } from './candidate.ts';
import { isEligible } from './filters.ts';
import { type Request, requestOf } from './request.ts';

interface Entry {
  readonly nodeId: NodeId;
  readonly holding: Holding;
}

/** What became free or new since the last look, and so who may be placed now. */
export interface News {
  /** A node appeared or changed: anything may fit. */
  nodes: boolean;
  /** Tasks gave something back: what waits for room may fit. */
  room: boolean;
}

/**
 * The scheduler's account of nodes and of what each task holds there. Kept task by task: reading a task again replaces its entry,
 * so it may be read as often as one likes.
 */
export class Books {
  readonly #candidates = new Map<NodeId, Candidate>();
  readonly #entries = new Map<TaskId, Entry>();
  readonly #ofNode = new Map<NodeId, Set<TaskId>>();
  readonly #eligible = new WeakMap<Request, { readonly epoch: number; readonly candidates: readonly Candidate[] }>();
  /** Moves with every change of a node that may change who is eligible. */
  #epoch = 0;

  clear(): void {
    this.#candidates.clear();
    this.#entries.clear();
    this.#ofNode.clear();
    this.#epoch++;
  }

  candidate(id: NodeId): Candidate | undefined {
    return this.#candidates.get(id);
  }

  candidates(): Iterable<Candidate> {
    return this.#candidates.values();
  }

  /** Nodes that may take such tasks as far as their tasks allow. All nodes are walked once a request and change of nodes. */
  eligible(request: Request): readonly Candidate[] {
    const known = this.#eligible.get(request);
    if (known?.epoch === this.#epoch) return known.candidates;
    const candidates = [...this.#candidates.values()].filter((candidate) => isEligible(candidate, request));
    this.#eligible.set(request, { epoch: this.#epoch, candidates });
    return candidates;
  }

  readNode(node: Node | undefined, id: NodeId, news: News): void {
    const before = this.#candidates.get(id);
    if (node !== undefined && before !== undefined && !placementChanged(before.node, node)) {
      before.node = node;
      return;
    }
    if (node === undefined && before === undefined) return;
    this.#epoch++;
    news.nodes = true;
    if (node === undefined) {
      this.#candidates.delete(id);
      return;
    }
    const candidate = new Candidate(node);
    if (before !== undefined) candidate.inherit(before);
    for (const taskId of this.#ofNode.get(id) ?? []) {
      const entry = this.#entries.get(taskId);
      if (entry !== undefined) candidate.take(entry.holding);
    }
    this.#candidates.set(id, candidate);
  }

  readTask(view: View, task: Task | undefined, id: TaskId, now: Instant, news: News): void {
    const before = this.#entries.get(id);
    if (before !== undefined) {
      this.#candidates.get(before.nodeId)?.give(before.holding);
      this.#entries.delete(id);
      this.#ofNode.get(before.nodeId)?.delete(id);
    }
    const holding = task === undefined ? undefined : holdingOf(view, task);
    if (task?.NodeID !== undefined && holding !== undefined) this.enter(task.ID, task.NodeID, holding);
    if (before === undefined) return;
    if (holding === undefined || before.holding.active !== holding.active) news.room = true;
    if (task !== undefined && holding === undefined) this.noteFailure(task, now);
  }

  enter(id: TaskId, nodeId: NodeId, holding: Holding): void {
    this.#entries.set(id, { nodeId, holding });
    const tasks = this.#ofNode.get(nodeId) ?? new Set();
    tasks.add(id);
    this.#ofNode.set(nodeId, tasks);
    this.#candidates.get(nodeId)?.take(holding);
  }

  /** A task that failed speaks against its node for a while; not where it had no choice. */
  noteFailure(task: Task, now: Instant): void {
    if (task.Status.State !== 'failed' && task.Status.State !== 'rejected') return;
    if (task.NodeID === undefined || task.Slot === 0 || task.Internal.AppliedAt <= now - FAILURE_MEMORY_MS) return;
    this.#candidates.get(task.NodeID)?.noteFailure(specKey(task), task.Internal.AppliedAt);
  }
}

/** Tasks of one service and spec version: placed as one group, and failing for the same reasons. */
export function specKey(task: Task): string {
  return `${task.ServiceID}.${task.Internal.SpecVersion}`;
}

/** What the task holds of the node it is on; `undefined` when it is on none or has ended. */
function holdingOf(view: View, task: Task): Holding | undefined {
  if (task.NodeID === undefined || !isAssigned(task) || isTerminal(task.Status.State)) return undefined;
  const template = view.template(task.ServiceID, task.Internal.SpecVersion);
  if (template === undefined) return undefined;
  return {
    request: requestOf(template),
    active: isLive(task) || task.DesiredState === 'complete',
    generic: task.GenericResources ?? [],
  };
}
