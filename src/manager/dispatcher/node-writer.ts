import { type Clock, messageOf, Refusal, Unavailable } from '../../base/index.ts';
import type { Node, NodeId } from '../../model/index.ts';
import type { View } from '../../store/index.ts';
import type { Proposer } from '../proposer.ts';
import type { ManagerLog } from '../turns.ts';

/** Rest, ms, after a write that was refused (disk full, no leader). */
const REFUSED_REST_MS = 1_000;

export interface NodeWriterOptions {
  readonly view: View;
  readonly proposer: Pick<Proposer, 'submit'>;
  readonly clock: Clock;
  readonly log: ManagerLog;
  /** The node as it should stand in the store; `undefined` when it does. */
  readonly wanted: (node: Node) => Node | undefined;
}

/** Brings node objects to what the dispatcher knows of them: one write at a time a node, and none where nothing changes. */
export class NodeWriter {
  readonly #options: NodeWriterOptions;
  /** Nodes that are being written; true when one is to be looked at again. */
  readonly #writing = new Map<NodeId, boolean>();
  #isStopped = false;

  constructor(options: NodeWriterOptions) {
    this.#options = options;
  }

  start(): void {
    this.#isStopped = false;
  }

  stop(): void {
    this.#isStopped = true;
  }

  /** Something about the node is different: writes it, unless the store has it so. */
  sync(nodeId: NodeId): void {
    if (this.#writing.has(nodeId)) {
      this.#writing.set(nodeId, true);
      return;
    }
    this.#writing.set(nodeId, true);
    this.#write(nodeId);
  }

  async #write(nodeId: NodeId): Promise<void> {
    while (this.#writing.get(nodeId) === true && !this.#isStopped) {
      this.#writing.set(nodeId, false);
      const isDone = await this.#attempt(nodeId);
      if (!isDone) this.#writing.set(nodeId, true);
    }
    // In the same step as the last look, so that no news falls between.
    this.#writing.delete(nodeId);
  }

  /** False when somebody else wrote the node meanwhile, or nobody could. */
  async #attempt(nodeId: NodeId): Promise<boolean> {
    const { view, proposer, clock, log, wanted } = this.#options;
    const node = view.get('node', nodeId);
    const next = node && wanted(node);
    if (node === undefined || next === undefined) return true;
    try {
      const revision = { kind: 'revision', table: 'node', id: nodeId, revision: node.Internal.Revision } as const;
      const change = { kind: 'put', table: 'node', object: next } as const;
      return (await proposer.submit({ preconditions: [revision], changes: [change] }, 'status')).applied;
    } catch (error) {
      if (error instanceof Refusal && !(error instanceof Unavailable)) {
        // It will never fit; what the node tells next may.
        log.error({ nodeId, error: messageOf(error) }, 'news of a node dropped');
        return true;
      }
      log.warn({ nodeId, error: messageOf(error) }, 'node not written');
      await new Promise<void>((resolve) => {
        clock.after(REFUSED_REST_MS, resolve);
      });
      return false;
    }
  }
}
