import type { Instant } from '../../base/index.ts';
import type { Candidate } from './candidate.ts';
import { NodeQueue } from './queue.ts';
import type { Request } from './request.ts';

/** Chooses nodes one by one; `undefined` when none has room. */
export interface Chooser {
  readonly tasks: number;
  best(): Candidate | undefined;
  placed(): void;
}

/** A chooser over these nodes that follows the request's spread preferences, outermost first, then Swarm's order of nodes. */
export function chooserOf(candidates: readonly Candidate[], request: Request, spec: string, now: Instant): Chooser {
  return build(candidates, request, spec, now, 0);
}

function build(candidates: readonly Candidate[], request: Request, spec: string, now: Instant, level: number): Chooser {
  const preference = request.spread[level];
  if (preference === undefined) return new NodeQueue(candidates, request, spec, now);
  const branches = new Map<string, Candidate[]>();
  for (const candidate of candidates) {
    const { node } = candidate;
    const labels = preference.owner === 'node' ? node.Spec.Labels : node.Description?.Engine?.Labels;
    const value = labels?.[preference.label] ?? '';
    const branch = branches.get(value);
    if (branch === undefined) branches.set(value, [candidate]);
    else branch.push(candidate);
  }
  return new Branches([...branches.values()].map((branch) => build(branch, request, spec, now, level + 1)));
}

/** Fills the branch with the fewest tasks of the service first; one without room is left out from then on. */
class Branches implements Chooser {
  #branches: Chooser[];
  #chosen: Chooser | undefined;
  #tasks: number;

  constructor(branches: Chooser[]) {
    this.#branches = branches;
    this.#tasks = branches.reduce((sum, branch) => sum + branch.tasks, 0);
  }

  get tasks(): number {
    return this.#tasks;
  }

  best(): Candidate | undefined {
    for (;;) {
      const branch = this.#fewest();
      const candidate = branch?.best();
      if (branch === undefined || candidate !== undefined) {
        this.#chosen = branch;
        return candidate;
      }
      this.#branches = this.#branches.filter((other) => other !== branch);
    }
  }

  placed(): void {
    this.#chosen?.placed();
    this.#tasks++;
  }

  #fewest(): Chooser | undefined {
    let fewest: Chooser | undefined;
    for (const branch of this.#branches) if (fewest === undefined || branch.tasks < fewest.tasks) fewest = branch;
    return fewest;
  }
}
