/** Keeps a repeated message from filling the log: one a period for each kind, with the number that was held back. Pure. */

/** Rate limiter for repeated log messages: admits one of each kind in a period and counts the others. */
export class RateLimiter {
  readonly #periodMs: number;
  readonly #kinds = new Map<string, { nextMs: number; heldBack: number }>();

  /** @param periodMs - at most one of a kind within it */
  constructor(periodMs: number) {
    this.#periodMs = periodMs;
  }

  /**
   * Decides whether a line is logged.
   *
   * @param kind - from a small fixed set; each is remembered indefinitely
   * @returns number of lines of the kind that were suppressed since the last one logged; undefined when this one is
   *   suppressed too
   */
  admit(kind: string, nowMs: number): number | undefined {
    const entry = this.#kinds.get(kind) ?? { nextMs: Number.NEGATIVE_INFINITY, heldBack: 0 };
    this.#kinds.set(kind, entry);
    if (nowMs < entry.nextMs) {
      entry.heldBack++;
      return undefined;
    }
    const { heldBack } = entry;
    entry.heldBack = 0;
    entry.nextMs = nowMs + this.#periodMs;
    return heldBack;
  }
}
