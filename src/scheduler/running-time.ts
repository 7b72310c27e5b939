/**
 * Running time: a clock that stops while this process does not run. Timeouts are measured on it, so a stalled event loop,
 * a SIGSTOP or a starved CPU extends them instead of making them fire: a backend gets its whole timeout before it is called
 * late. Sans-I/O: the caller passes the real time.
 */

/** Lateness of a tick up to which the process counts as busy, not as stalled. */
const TOLERANCE_MS = 20;

/** Clock that leaves out the stalls of this process. */
export class RunningTime {
  #lastMs: number;
  #plannedMs: number;
  #runningMs = 0;
  #stalledMs = 0;
  #reportedMs = 0;

  /** @param nowMs - the real clock */
  constructor(nowMs: number) {
    this.#lastMs = nowMs;
    this.#plannedMs = Number.POSITIVE_INFINITY;
  }

  /** Running time when the real clock was last read. */
  get nowMs(): number {
    return this.#runningMs;
  }

  /**
   * Returns the total stalled time until a real time, the current stall included: events that waited in the kernel are often
   * handled before the tick that notices the stall.
   */
  stalledMs(realMs: number): number {
    return this.#stalledMs + this.#lateMs(realMs);
  }

  /** Returns the running time at a later real time, assuming no current stall. */
  at(realMs: number): number {
    return this.#runningMs + (realMs - this.#lastMs);
  }

  /**
   * Plans the next tick, or moves it.
   *
   * @param realMs - now
   * @param tickMs - planned time of the tick; infinity for none
   */
  plan(realMs: number, tickMs: number): void {
    this.#settle(realMs);
    this.#plannedMs = tickMs;
  }

  /**
   * Records a tick.
   *
   * @param realMs - now
   * @returns stalled time since the last call; 0 if there was no stall
   */
  tick(realMs: number): number {
    const beforeMs = this.#reportedMs;
    this.#settle(realMs);
    this.#reportedMs = this.#stalledMs;
    return this.#stalledMs - beforeMs;
  }

  /** Returns the length of the current stall. */
  #lateMs(realMs: number): number {
    return Math.max(0, realMs - this.#plannedMs - TOLERANCE_MS);
  }

  #settle(realMs: number): void {
    const stallMs = this.#lateMs(realMs);
    this.#runningMs += Math.max(0, realMs - this.#lastMs - stallMs);
    this.#lastMs = realMs;
    // The lateness until now is counted; from here on the process should run without delay.
    this.#plannedMs = Math.max(this.#plannedMs, realMs);
    this.#stalledMs += stallMs;
  }
}
