/** The only source of chance. The daemon passes the system's, tests and the simulator a seeded one. */
export interface Random {
  /** An integer in 0 … `below` - 1; `below` is at most 2^32. */
  below(below: number): number;
  /** `length` random bytes. */
  bytes(length: number): Uint8Array;
}

/** A repeatable sequence for tests and the simulator (splitmix32, Steele et al. 2014). Not for keys. */
export class SeededRandom implements Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  below(below: number): number {
    return Math.floor((this.#next() / 2 ** 32) * below);
  }

  bytes(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => this.#next() >>> 24);
  }

  #next(): number {
    this.#state = (this.#state + 0x9e3779b9) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 16), 0x21f0aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
    return (mixed ^ (mixed >>> 15)) >>> 0;
  }
}
