/** Healthchecks that were reported unhealthy less than one of their intervals ago; pure. They still count for a mass failure. */

/** Their number. Times are milliseconds on any one clock. */
export class RecentFalls {
  #endsMs: number[] = [];
  /** The earliest of them. */
  #nextMs = Number.POSITIVE_INFINITY;

  /** Number of falls that {@link expire} has left. */
  get count(): number {
    return this.#endsMs.length;
  }

  /** Adds one. @param endMs - the end of its interval; in any order */
  add(endMs: number): void {
    this.#endsMs.push(endMs);
    this.#nextMs = Math.min(this.#nextMs, endMs);
  }

  /** Forgets those whose interval is over. */
  expire(nowMs: number): void {
    if (nowMs < this.#nextMs) return;
    this.#endsMs = this.#endsMs.filter((endMs) => endMs > nowMs);
    this.#nextMs = this.#endsMs.reduce((first, endMs) => Math.min(first, endMs), Number.POSITIVE_INFINITY);
  }
}
