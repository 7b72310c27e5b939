/** The newest stretch of time in which the network was known to work, because references answered again and again; pure. */

/** Between two answers with no longer a gap the network is taken to have worked; milliseconds. */
const MAX_GAP_MS = 500;

/** The newest stretch. Times are milliseconds on any one clock. */
export class SightedStretch {
  #fromMs = Number.POSITIVE_INFINITY;
  #toMs = Number.NEGATIVE_INFINITY;
  #lostMs = Number.NEGATIVE_INFINITY;

  /**
   * Adds an answer.
   *
   * @param askedMs - when the reference was asked
   * @param backendMs - start of the newest check of a backend that was answered: a stretch may begin there
   */
  add(askedMs: number, backendMs: number): void {
    if (askedMs <= this.#toMs || askedMs <= this.#lostMs) return;
    if (askedMs - this.#toMs > MAX_GAP_MS) {
      const reachesBack =
        backendMs > this.#lostMs && backendMs <= askedMs && askedMs - backendMs <= MAX_GAP_MS;
      this.#fromMs = reachesBack ? backendMs : askedMs;
    }
    this.#toMs = askedMs;
  }

  /** Ends the stretch, because the network was lost: the next one does not reach back beyond that. */
  end(nowMs: number): void {
    this.#fromMs = Number.POSITIVE_INFINITY;
    this.#toMs = Number.NEGATIVE_INFINITY;
    this.#lostMs = nowMs;
  }

  /** Returns true for a time within the stretch. */
  covers(ms: number): boolean {
    return this.#fromMs <= ms && ms <= this.#toMs;
  }

  /** Returns true for a time that a later answer may bring within the stretch; it does not grow at its beginning. */
  mayCover(ms: number): boolean {
    return ms > this.#toMs;
  }

  /** Returns true when the last answer is recent. */
  isFresh(nowMs: number): boolean {
    return nowMs - this.#toMs <= MAX_GAP_MS;
  }
}
