import { Unavailable } from '../../base/index.ts';
import type { ContainerEvent } from '../port/container.ts';

type Item = 'listening' | ContainerEvent;

/** Events a watcher has not read yet; one that is further behind is cut off and lists again. */
const MAX_QUEUED_EVENTS = 10_000;

/** One watcher's queue: filled by the engine, read by `for await`. */
export class EventQueue implements AsyncIterable<Item> {
  #items: Item[] = ['listening'];
  #failure: Unavailable | undefined;
  #isOver = false;
  #wake: (() => void) | undefined;

  push(event: ContainerEvent): void {
    if (this.#items.length >= MAX_QUEUED_EVENTS) this.fail();
    else this.#items.push(event);
    this.#wake?.();
  }

  /** The engine went away: what was queued is lost with it. */
  fail(): void {
    this.#failure = new Unavailable('simulated-outage');
    this.#wake?.();
  }

  end(): void {
    this.#isOver = true;
    this.#wake?.();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Item> {
    while (!this.#isOver) {
      if (this.#failure !== undefined) throw this.#failure;
      const item = this.#items.shift();
      if (item !== undefined) {
        yield item;
        continue;
      }
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}
