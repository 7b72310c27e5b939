/** A histogram as Prometheus has them: counts of values by upper bounds, and their sum. Pure; observing allocates nothing. */

/** Counts of values by upper bounds, and their sum, as a Prometheus histogram has them. Observing a value allocates nothing. */
export class Histogram {
  /** Number of values in each bucket, not cumulated; the last bucket is for values above all bounds. */
  readonly counts: number[];
  #sum = 0;

  /** @param bounds - upper bounds, ascending, in the unit of the values */
  constructor(readonly bounds: readonly number[]) {
    this.counts = new Array<number>(bounds.length + 1).fill(0);
  }

  /** The sum of all values. */
  get sum(): number {
    return this.#sum;
  }

  /** Adds a value. The search is linear: most values lie in the first buckets. */
  observe(value: number): void {
    const { bounds, counts } = this;
    let at = 0;
    // NaN belongs to the last bucket.
    while (at < bounds.length && !(value <= (bounds[at] ?? 0))) at++;
    counts[at] = (counts[at] ?? 0) + 1;
    this.#sum += value;
  }
}
