/**
 * Times of spans: the wall clock as finely as the other one, so that what lies within a millisecond keeps its order, and what is part
 * of something does not end after it.
 */
import type { Clock } from "../system/clock.ts";

/**
 * Largest difference of the clocks that is not a step. The wall clock has whole milliseconds; a larger difference means
 * that it was set.
 */
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

  /** Converts the start time of a span, by the last {@link now}. @param startedAtMs - on the monotonic clock */
  start(startedAtMs: number): number {
    return startedAtMs + this.#offsetMs;
  }
}
