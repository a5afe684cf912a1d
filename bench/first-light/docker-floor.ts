import type { Floor } from './api-cases.ts';
import { Client } from './client.ts';
import { inParallel } from './pool.ts';
import { command, image, stopSignal } from './workload.ts';

/** What the engine does best at once: creating and starting, and stopping and deleting. See docs/benchmarks.md. */
const BEST_CREATES = 4;
const BEST_REMOVALS = 8;
/** As the tasks' grace period. */
const GRACE_S = 10;

interface Parallelism {
  readonly creates: number;
  readonly removals: number;
}

/** The workload's containers, made directly through the Engine API, without anything that decides, watches or remembers. */
export class DockerFloor implements Floor {
  readonly #client: Client;
  readonly #parallelism: Parallelism;
  #ids: readonly string[] = [];

  constructor(socket: string, parallelism: Parallelism = { creates: BEST_CREATES, removals: BEST_REMOVALS }) {
    this.#client = new Client(socket);
    this.#parallelism = parallelism;
  }

  async create(count: number): Promise<void> {
    const body = { Image: image, Entrypoint: command, StopSignal: stopSignal, HostConfig: {} };
    this.#ids = await inParallel(Array.from({ length: count }), this.#parallelism.creates, async () => {
      const { Id } = await this.#client.call<{ readonly Id: string }>('POST', '/containers/create', body);
      await this.#client.call('POST', `/containers/${Id}/start`);
      return Id;
    });
  }

  async remove(): Promise<void> {
    const ids = this.#ids;
    this.#ids = [];
    await inParallel(ids, this.#parallelism.removals, async (id) => {
      await this.#client.call('POST', `/containers/${id}/stop?t=${GRACE_S}`);
      await this.#client.call('DELETE', `/containers/${id}?force=1&v=1`);
    });
  }

  close(): void {
    this.#client.close();
  }
}
