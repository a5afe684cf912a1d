import type { Instant } from '../../base/index.ts';
import type { GenericResource, Node, ServiceId } from '../../model/index.ts';
import { GenericPool } from './generic-pool.ts';
import type { Request } from './request.ts';

/** How long a failed task speaks against a node, ms, as Swarm. */
export const FAILURE_MEMORY_MS = 5 * 60_000;

/** Failures of one spec on one node within that time from which on other nodes are preferred, as Swarm. */
export const FAILURES_TO_AVOID = 5;

/** What a task holds of its node, so that it can be given back. */
export interface Holding {
  readonly request: Request;
  /** Wanted to run: counts for the spread. One that is stopping only holds its resources. */
  readonly active: boolean;
  readonly generic: readonly GenericResource[];
}

/** A node as the scheduler sees it: totals less what its tasks hold, kept up to date task by task. Hot path: bench `control`. */
export class Candidate {
  node: Node;
  freeNanoCpus = 0;
  freeMemoryBytes = 0;
  activeTasks = 0;
  generic: GenericPool;
  readonly #totalNanoCpus: number;
  readonly #totalMemoryBytes: number;
  readonly #byService = new Map<ServiceId, number>();
  readonly #hostPorts = new Map<string, number>();
  readonly #failures = new Map<string, Instant[]>();

  constructor(node: Node) {
    this.node = node;
    const resources = node.Description?.Resources;
    this.#totalNanoCpus = Number(resources?.NanoCPUs ?? 0);
    this.#totalMemoryBytes = Number(resources?.MemoryBytes ?? 0);
    this.freeNanoCpus = this.#totalNanoCpus;
    this.freeMemoryBytes = this.#totalMemoryBytes;
    this.generic = new GenericPool(resources?.GenericResources ?? []);
  }

  get isReady(): boolean {
    return this.node.Status.State === 'ready' && (this.node.Spec.Availability ?? 'active') === 'active';
  }

  activeOf(serviceId: ServiceId): number {
    return this.#byService.get(serviceId) ?? 0;
  }

  portTaken(port: string): boolean {
    return (this.#hostPorts.get(port) ?? 0) > 0;
  }

  take(holding: Holding): void {
    this.#count(holding, 1);
    this.generic.take(holding.generic);
  }

  give(holding: Holding): void {
    this.#count(holding, -1);
    this.generic.give(holding.generic);
  }

  /** Recent failures of a service's spec here. */
  failuresOf(spec: string, now: Instant): number {
    const times = this.#failures.get(spec);
    if (times === undefined) return 0;
    const recent = times.filter((at) => at > now - FAILURE_MEMORY_MS);
    if (recent.length === 0) this.#failures.delete(spec);
    else if (recent.length < times.length) this.#failures.set(spec, recent);
    return recent.length;
  }

  noteFailure(spec: string, at: Instant): void {
    const times = this.#failures.get(spec) ?? [];
    this.#failures.set(spec, [...times.slice(1 - FAILURES_TO_AVOID * 2), at]);
  }

  /** Takes over what speaks against the node from its description before. */
  inherit(before: Candidate): void {
    for (const [spec, times] of before.#failures) this.#failures.set(spec, times);
  }

  #count({ request, active }: Holding, sign: 1 | -1): void {
    this.freeNanoCpus -= sign * request.nanoCpus;
    this.freeMemoryBytes -= sign * request.memoryBytes;
    for (const port of request.hostPorts) add(this.#hostPorts, port, sign);
    if (!active) return;
    this.activeTasks += sign;
    add(this.#byService, request.serviceId, sign);
  }
}

function add<K>(counts: Map<K, number>, key: K, by: number): void {
  const count = (counts.get(key) ?? 0) + by;
  if (count === 0) counts.delete(key);
  else counts.set(key, count);
}
