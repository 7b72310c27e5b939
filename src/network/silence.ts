/** The time since a packet of any backend last arrived, and the checks that began in it; pure, and on the hot path. */

/** Checks without a sign, and the time without one, from which silence counts. */
const MIN_SILENT = 16;
const MIN_SILENCE_MS = 100;

/** Follows starts, arrivals and failures. Times are milliseconds on any one clock. */
export class Silence {
  /** Checks that had begun at the last arrival. */
  #countAtArrival = 0;
  /** Start of the newest check that was answered. */
  #answeredStartMs = Number.NEGATIVE_INFINITY;
  /** Start of the first check after the last arrival. */
  #unansweredMs = Number.POSITIVE_INFINITY;
  /** First failure after the last arrival. */
  #failedMs: number | undefined;

  /** Start of the newest check that was answered. */
  get answeredStartMs(): number {
    return this.#answeredStartMs;
  }

  /** Time of the first failure since the last arrival; undefined if there was none. */
  get failedMs(): number | undefined {
    return this.#failedMs;
  }

  /** Notes that a check began. @param count - checks that have begun so far */
  began(count: number, nowMs: number): void {
    if (count - this.#countAtArrival === 1) this.#unansweredMs = Math.min(this.#unansweredMs, nowMs);
  }

  /** Notes an arrival. @param startedMs - start of the check that it belongs to */
  arrived(count: number, startedMs: number): void {
    this.#unansweredMs = Number.POSITIVE_INFINITY;
    this.#countAtArrival = count;
    this.#answeredStartMs = Math.max(this.#answeredStartMs, startedMs);
    this.#failedMs = undefined;
  }

  /** Notes a failure without an arrival, or that the routing table has no way. */
  failed(nowMs: number): void {
    this.#failedMs ??= nowMs;
  }

  /** Returns the number of checks without a sign; 0 while they are too few or too young to be a silence. */
  unanswered(count: number, nowMs: number): number {
    const asked = count - this.#countAtArrival;
    return asked >= MIN_SILENT && nowMs - this.#unansweredMs >= MIN_SILENCE_MS ? asked : 0;
  }
}
