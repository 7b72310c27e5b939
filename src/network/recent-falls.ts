/** Healthchecks that were reported unhealthy less than one of their intervals ago; pure. They still count for a mass failure. */

/** Their number. Times are milliseconds on any one clock. */
export class RecentFalls {
  /** Binary heap, earliest end first: the one at `index` is not later than those at `2 * index + 1` and `2 * index + 2`. */
  readonly #endsMs: number[] = [];

  /** Number of falls that {@link expire} has left. */
  get count(): number {
    return this.#endsMs.length;
  }

  /** Adds one. @param endMs - the end of its interval; in any order */
  add(endMs: number): void {
    let index = this.#endsMs.length;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      const parentMs = this.#at(parent);
      if (parentMs <= endMs) break;
      this.#endsMs[index] = parentMs;
      index = parent;
    }
    this.#endsMs[index] = endMs;
  }

  /** Forgets those whose interval is over. */
  expire(nowMs: number): void {
    while (this.#at(0) <= nowMs) this.#removeFirst();
  }

  #removeFirst(): void {
    const lastMs = this.#endsMs.pop() ?? 0;
    const { length } = this.#endsMs;
    if (length === 0) return;
    let index = 0;
    for (;;) {
      const left = 2 * index + 1;
      const child = this.#at(left + 1) < this.#at(left) ? left + 1 : left;
      if (this.#at(child) >= lastMs) break;
      this.#endsMs[index] = this.#at(child);
      index = child;
    }
    this.#endsMs[index] = lastMs;
  }

  /** Infinite past the end. */
  #at(index: number): number {
    return this.#endsMs[index] ?? Number.POSITIVE_INFINITY;
  }
}
