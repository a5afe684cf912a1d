/** Takes bytes in asked-for amounts from a source that comes in pieces of any size. Holds no more than one amount asked for. */
export class ByteReader {
  readonly #source: AsyncIterator<Buffer>;
  #held: Buffer = Buffer.alloc(0);
  #ended = false;

  constructor(source: AsyncIterable<Buffer>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  /** Exactly `length` bytes, or all that are left if the source ends before. */
  async take(length: number): Promise<Buffer> {
    if (this.#held.length < length) await this.#gather(length);
    return this.#cut(length);
  }

  /** One to `length` bytes as they come, without copying; none at the end of the source. */
  async some(length: number): Promise<Buffer> {
    if (this.#held.length === 0) await this.#gather(1);
    return this.#cut(length);
  }

  /** Reads to the end and throws away; whoever counts or hashes upstream needs to see it all. */
  async drain(): Promise<void> {
    this.#held = Buffer.alloc(0);
    while (!this.#ended) this.#ended = (await this.#source.next()).done === true;
  }

  /** Tells the source that no more is wanted. */
  async close(): Promise<void> {
    await this.#source.return?.();
  }

  #cut(length: number): Buffer {
    const part = this.#held.subarray(0, length);
    this.#held = this.#held.subarray(part.length);
    return part;
  }

  async #gather(length: number): Promise<void> {
    const parts = this.#held.length === 0 ? [] : [this.#held];
    let size = this.#held.length;
    while (size < length && !this.#ended) {
      const next = await this.#source.next();
      if (next.done === true) {
        this.#ended = true;
      } else if (next.value.length > 0) {
        parts.push(next.value);
        size += next.value.length;
      }
    }
    this.#held = parts.length === 1 ? (parts[0] ?? this.#held) : Buffer.concat(parts);
  }
}
