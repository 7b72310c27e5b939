/** The time for which reports are held, from the first of them to the last; pure. */

/** The failures behind the first held report began earlier; the hold counts from them, but not from more than this before the report. */
const MAX_LEAD_MS = 500;
/** Longest time between two calls of {@link Hold.advance}; a longer one is a stall of this process. */
const MAX_PULSE_MS = 1_000;

/** One hold at a time. Times are milliseconds on the scheduler's clock. */
export class Hold {
  /** Undefined while nothing is held. */
  #sinceMs: number | undefined;
  #advancedMs = Number.NEGATIVE_INFINITY;
  #isExpired = false;

  /** True while reports are held, or were until the hold expired. */
  get isUnderWay(): boolean {
    return this.#sinceMs !== undefined;
  }

  /** True from the moment at which it took too long until it ends: nothing more is held. */
  get isExpired(): boolean {
    return this.#isExpired;
  }

  /** Begins, unless it is under way. @param failedMs - the first failure */
  begin(failedMs: number, nowMs: number): void {
    if (this.#sinceMs !== undefined) return;
    this.#sinceMs = Math.max(failedMs, nowMs - MAX_LEAD_MS);
    this.#advancedMs = nowMs;
  }

  /** Lets time pass. @returns true when the hold expires now */
  advance(nowMs: number, holdMs: number): boolean {
    const stalledMs = nowMs - this.#advancedMs - MAX_PULSE_MS;
    this.#advancedMs = nowMs;
    if (this.#sinceMs === undefined) return false;
    // It is as much longer as this process, or its virtual machine, was stopped: nothing was checked meanwhile.
    if (stalledMs > 0) this.#sinceMs += stalledMs;
    if (this.#isExpired || nowMs < this.#sinceMs + holdMs) return false;
    this.#isExpired = true;
    return true;
  }

  /** This host's network works again: the hold counts from the oldest report that is still held. @param heldMs - its time */
  restart(heldMs: number): void {
    if (this.#sinceMs !== undefined) this.#sinceMs = Math.max(this.#sinceMs, heldMs);
  }

  /** Ends: nothing is held any more. */
  end(): void {
    this.#sinceMs = undefined;
    this.#isExpired = false;
  }
}
