/**
 * Running time: a clock that stands still while this process does not run. Time-outs are measured on it, so a stalled
 * event loop, a SIGSTOP or a starved CPU moves them instead of making them fire: a backend is given its whole time-out
 * of attention before it is called late. Pure; the caller says what the real clock says.
 */

/** So much later than planned is no stall, only a busy process; milliseconds. */
const TOLERANCE_MS = 20;

/** See the head of the file. */
export class RunningTime {
  #lastMs: number;
  #plannedMs: number;
  #runningMs = 0;
  #stalledMs = 0;
  #toldMs = 0;

  /** @param nowMs - the real clock */
  constructor(nowMs: number) {
    this.#lastMs = nowMs;
    this.#plannedMs = Number.POSITIVE_INFINITY;
  }

  /** Running time when the clock was last looked at. */
  get nowMs(): number {
    return this.#runningMs;
  }

  /**
   * How much real time went by in stalls until a moment, ever; the one that goes on included: what has waited in the kernel is often
   * told before the tick that sees the stall.
   */
  stalledMs(realMs: number): number {
    return this.#stalledMs + this.#lateMs(realMs);
  }

  /** Running time at a later moment, if no stall is going on. */
  at(realMs: number): number {
    return this.#runningMs + (realMs - this.#lastMs);
  }

  /**
   * Says when the next tick is meant to come, maybe in place of one that was meant to come already.
   *
   * @param realMs - now
   * @param tickMs - when it is to come; infinity when there is nothing to wait for
   */
  plan(realMs: number, tickMs: number): void {
    this.#settle(realMs);
    this.#plannedMs = tickMs;
  }

  /**
   * Takes note of a tick.
   *
   * @param realMs - when it came
   * @returns how long the process stalled since the last call; 0 when all came as planned
   */
  tick(realMs: number): number {
    const beforeMs = this.#toldMs;
    this.#settle(realMs);
    this.#toldMs = this.#stalledMs;
    return this.#stalledMs - beforeMs;
  }

  /** How long a stall has been going on. */
  #lateMs(realMs: number): number {
    return Math.max(0, realMs - this.#plannedMs - TOLERANCE_MS);
  }

  #settle(realMs: number): void {
    const stallMs = this.#lateMs(realMs);
    this.#runningMs += Math.max(0, realMs - this.#lastMs - stallMs);
    this.#lastMs = realMs;
    // What is late has been counted; from here on the process should be back at once.
    this.#plannedMs = Math.max(this.#plannedMs, realMs);
    this.#stalledMs += stallMs;
  }
}
