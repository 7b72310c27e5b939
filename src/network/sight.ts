/** The edges between blind and sighted, which is what this host is while its network works; pure. */

/** Signs for and against blindness at one moment. */
export interface Signs {
  /** A mass failure, or no way in the routing table, and no reference answers. */
  readonly isBad: boolean;
  /** References answer. */
  readonly answers: boolean;
  /** There are no healthchecks, and nothing is left to doubt. */
  readonly isIdle: boolean;
  /** Start of the newest check that was answered. */
  readonly answeredStartMs: number;
  /** Time of its beginning, if something speaks for blindness. */
  readonly firstMs: number;
}

/** Keeps whether this host is blind. Times are milliseconds on the scheduler's clock. */
export class Sight {
  #blindMs: number | undefined;
  /** Last time at which something spoke for blindness. */
  #badMs = Number.NEGATIVE_INFINITY;
  #sightedMs = Number.NEGATIVE_INFINITY;

  /** True while this host is probably cut off. */
  get isBlind(): boolean {
    return this.#blindMs !== undefined;
  }

  /** Results of checks that began before this time are not believed: this host was blind. */
  get sightedMs(): number {
    return this.#sightedMs;
  }

  /** Applies the signs of this moment. @returns the edge that they are, if any; with how long this host was blind */
  update(
    { isBad, answers, isIdle, answeredStartMs, firstMs }: Signs,
    nowMs: number,
  ): "blinded" | number | undefined {
    if (isBad) this.#badMs = nowMs;
    if (this.#blindMs === undefined) {
      if (!isBad) return undefined;
      this.#blindMs = firstMs;
      return "blinded";
    }
    // A route is back before packets arrive; and when all have been reported unhealthy, nothing fails any more. An answer proves sight.
    const isProved = answers || isIdle || answeredStartMs > this.#badMs;
    if (isBad || !isProved) return undefined;
    const forMs = nowMs - this.#blindMs;
    this.#blindMs = undefined;
    if (!answers) this.#sightedMs = nowMs;
    return forMs;
  }
}
