import type { Instant } from '../base/index.ts';

interface Alarm<K> {
  readonly key: K;
  readonly at: Instant;
}

/** Deadlines in store time, at most one a key: a binary heap whose replaced entries are skipped when they surface. */
export class Deadlines<K> {
  #heap: Alarm<K>[] = [];
  readonly #current = new Map<K, Alarm<K>>();

  /** Sets or replaces the deadline of `key`. O(log n). */
  set(key: K, at: Instant): void {
    if (this.#current.get(key)?.at === at) return;
    const alarm = { key, at };
    this.#current.set(key, alarm);
    this.#push(alarm);
  }

  delete(key: K): void {
    this.#current.delete(key);
  }

  clear(): void {
    this.#heap = [];
    this.#current.clear();
  }

  /** The earliest deadline set. */
  next(): Instant | undefined {
    for (let top = this.#heap[0]; top !== undefined; top = this.#heap[0]) {
      if (this.#current.get(top.key) === top) return top.at;
      this.#pop();
    }
    return undefined;
  }

  /** Takes out the keys that are due, earliest first. */
  takeDue(now: Instant): readonly K[] {
    const due: K[] = [];
    for (let next = this.next(); next !== undefined && next <= now; next = this.next()) {
      const alarm = this.#pop();
      if (alarm === undefined) break;
      this.#current.delete(alarm.key);
      due.push(alarm.key);
    }
    return due;
  }

  #push(alarm: Alarm<K>): void {
    const heap = this.#heap;
    let at = heap.length;
    heap.push(alarm);
    while (at > 0) {
      const up = (at - 1) >> 1;
      const parent = heap[up];
      if (parent === undefined || parent.at <= alarm.at) break;
      heap[at] = parent;
      at = up;
    }
    heap[at] = alarm;
  }

  #pop(): Alarm<K> | undefined {
    const heap = this.#heap;
    const top = heap[0];
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return top;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      const left = heap[child];
      if (left === undefined) break;
      const right = heap[child + 1];
      let least = left;
      if (right !== undefined && right.at < left.at) {
        least = right;
        child++;
      }
      if (least.at >= last.at) break;
      heap[at] = least;
      at = child;
    }
    heap[at] = last;
    return top;
  }
}
