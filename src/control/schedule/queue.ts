import type { Instant } from '../../base/index.ts';
import { type Candidate, FAILURES_TO_AVOID } from './candidate.ts';
import { hasRoom } from './filters.ts';
import type { Request } from './request.ts';

interface Ranked {
  readonly candidate: Candidate;
  readonly failures: number;
  ofService: number;
}

/**
 * Nodes for one service, best first, in Swarm's order: few recent failures of this spec, few tasks of the service, few tasks.
 * A binary heap over scratch records; one placement costs log(nodes). Hot path: bench `control`.
 */
export class NodeQueue {
  readonly #request: Request;
  readonly #heap: Ranked[];
  #tasks = 0;

  constructor(candidates: readonly Candidate[], request: Request, spec: string, now: Instant) {
    this.#request = request;
    this.#heap = candidates.map((candidate) => {
      const ofService = candidate.activeOf(request.serviceId);
      this.#tasks += ofService;
      return { candidate, failures: candidate.failuresOf(spec, now), ofService };
    });
    for (let at = (this.#heap.length >> 1) - 1; at >= 0; at--) this.#sink(at);
  }

  /** Tasks of the service on these nodes. */
  get tasks(): number {
    return this.#tasks;
  }

  /** The best node that has room; nodes without are dropped on the way. The caller takes from it, then calls `placed`. */
  best(): Candidate | undefined {
    for (let top = this.#heap[0]; top !== undefined; top = this.#heap[0]) {
      if (hasRoom(top.candidate, this.#request)) return top.candidate;
      this.#drop();
    }
    return undefined;
  }

  /** The best node got a task. */
  placed(): void {
    const top = this.#heap[0];
    if (top === undefined) return;
    top.ofService++;
    this.#tasks++;
    this.#sink(0);
  }

  #drop(): void {
    const last = this.#heap.pop();
    if (last === undefined || this.#heap.length === 0) return;
    this.#heap[0] = last;
    this.#sink(0);
  }

  #sink(from: number): void {
    const heap = this.#heap;
    const moving = heap[from];
    if (moving === undefined) return;
    let at = from;
    for (;;) {
      let child = 2 * at + 1;
      let least = heap[child];
      if (least === undefined) break;
      const right = heap[child + 1];
      if (right !== undefined && isBetter(right, least)) {
        least = right;
        child++;
      }
      if (!isBetter(least, moving)) break;
      heap[at] = least;
      at = child;
    }
    heap[at] = moving;
  }
}

function isBetter(a: Ranked, b: Ranked): boolean {
  if ((a.failures >= FAILURES_TO_AVOID || b.failures >= FAILURES_TO_AVOID) && a.failures !== b.failures)
    return a.failures < b.failures;
  if (a.ofService !== b.ofService) return a.ofService < b.ofService;
  return a.candidate.activeTasks < b.candidate.activeTasks;
}
