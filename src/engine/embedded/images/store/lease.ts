import type { Digest } from '../digest.ts';

/** How many leases hold each digest, of a blob or of a layer. */
export class Pins {
  readonly #counts = new Map<Digest, number>();

  has(digest: Digest): boolean {
    return this.#counts.has(digest);
  }

  add(digest: Digest): void {
    this.#counts.set(digest, (this.#counts.get(digest) ?? 0) + 1);
  }

  remove(digest: Digest): void {
    const count = (this.#counts.get(digest) ?? 0) - 1;
    if (count > 0) this.#counts.set(digest, count);
    else this.#counts.delete(digest);
  }
}

/** What an operation on its way needs and no image names yet. Pin first, then look: what is found after that stays. */
export class Lease {
  readonly #pins: Pins;
  readonly #held = new Set<Digest>();

  constructor(pins: Pins) {
    this.#pins = pins;
  }

  pin(digest: Digest): void {
    if (this.#held.has(digest)) return;
    this.#held.add(digest);
    this.#pins.add(digest);
  }

  release(): void {
    for (const digest of this.#held) this.#pins.remove(digest);
    this.#held.clear();
  }
}
