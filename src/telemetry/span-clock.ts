/**
 * Times of spans: the wall clock as finely as the other one, so that what lies within a millisecond keeps its order, and what is part
 * of something does not end after it.
 */
import type { Clock } from "../system/clock.ts";

/** The wall clock is told in whole milliseconds; a difference beyond that means that somebody has set it. */
const TOLERANCE_MS = 1.5;

/** Timestamps of spans: wall-clock time with the resolution of the monotonic clock, so that spans within a millisecond keep their order. */
export class Timeline {
  readonly #clock: Clock;
  #offsetMs = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Now, milliseconds since 1970 with fractions. */
  now(): number {
    const nowMs = this.#clock.nowMs();
    const wallMs = this.#clock.wallMs();
    if (!(Math.abs(nowMs + this.#offsetMs - wallMs) <= TOLERANCE_MS)) this.#offsetMs = wallMs - nowMs;
    return nowMs + this.#offsetMs;
  }

  /** When something began, by the last {@link now}. @param startedAtMs - on the clock that never jumps */
  start(startedAtMs: number): number {
    return startedAtMs + this.#offsetMs;
  }
}
