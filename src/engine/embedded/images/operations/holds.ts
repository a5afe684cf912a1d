import type { ContainerId } from '../../../../model/index.ts';
import type { Digest } from '../digest.ts';

/** Which containers stand on which images. In memory: the engine says it again after each start. */
export class Holds {
  readonly #images = new Map<ContainerId, Digest>();
  readonly #isRunning: (container: ContainerId) => boolean;

  constructor(isRunning: (container: ContainerId) => boolean) {
    this.#isRunning = isRunning;
  }

  hold(image: Digest, container: ContainerId): void {
    this.#images.set(container, image);
  }

  release(container: ContainerId): Digest | undefined {
    const image = this.#images.get(container);
    this.#images.delete(container);
    return image;
  }

  isHeld(image: Digest): boolean {
    return this.any(image) !== undefined;
  }

  /** A container of the image, whatever its state. */
  any(image: Digest): ContainerId | undefined {
    return this.#find(image, () => true);
  }

  running(image: Digest): ContainerId | undefined {
    return this.#find(image, (container) => this.#isRunning(container));
  }

  stopped(image: Digest): ContainerId | undefined {
    return this.#find(image, (container) => !this.#isRunning(container));
  }

  #find(image: Digest, matches: (container: ContainerId) => boolean): ContainerId | undefined {
    for (const [container, each] of this.#images) if (each === image && matches(container)) return container;
    return undefined;
  }
}
