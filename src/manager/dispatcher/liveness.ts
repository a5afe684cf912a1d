import type { Cancel, Clock, Instant } from '../../base/index.ts';
import type { NodeId } from '../../model/index.ts';

/** Heartbeats that may be missed: a node is down after three periods without word of it, as in Swarm. */
const PERIODS = 3;

/** Shortest sleep between two looks, ms: store time may run slower than the clock while it slews. */
const SHORTEST_SLEEP_MS = 10;

export interface LivenessOptions {
  readonly clock: Clock;
  readonly storeNow: () => Instant;
  /** The cluster's heartbeat period now. */
  readonly periodMs: () => number;
  readonly onLost: (nodeId: NodeId) => void;
}

/**
 * When nodes were last heard of, in store time. The map is in order of hearing and all have the same period, so that whoever is lost
 * stands in front: a look costs what it finds. (A period that is made shorter holds for a node from its next heartbeat on.)
 */
export class Liveness {
  readonly #options: LivenessOptions;
  readonly #deadlines = new Map<NodeId, Instant>();
  #alarm: Cancel | undefined;

  constructor(options: LivenessOptions) {
    this.#options = options;
  }

  /** The node was heard of, or gets its first chance to be. */
  touch(nodeId: NodeId): void {
    const { storeNow, periodMs } = this.#options;
    this.#deadlines.delete(nodeId);
    this.#deadlines.set(nodeId, storeNow() + PERIODS * periodMs());
    if (this.#alarm === undefined) this.#sleep();
  }

  forget(nodeId: NodeId): void {
    this.#deadlines.delete(nodeId);
  }

  stop(): void {
    this.#deadlines.clear();
    this.#alarm?.();
    this.#alarm = undefined;
  }

  #look(): void {
    this.#alarm = undefined;
    const now = this.#options.storeNow();
    for (const [nodeId, deadline] of this.#deadlines) {
      if (deadline > now) break;
      this.#deadlines.delete(nodeId);
      this.#options.onLost(nodeId);
    }
    this.#sleep();
  }

  #sleep(): void {
    for (const deadline of this.#deadlines.values()) {
      const sleepMs = Math.max(SHORTEST_SLEEP_MS, deadline - this.#options.storeNow());
      this.#alarm = this.#options.clock.after(sleepMs, () => this.#look());
      return;
    }
  }
}
