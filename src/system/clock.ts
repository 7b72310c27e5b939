/** Two clocks: a monotonic one, for decisions; the wall clock, for display. */

/** Source of the current time for code that waits or measures; tests supply a manual one. */
export interface Clock {
  /** Milliseconds on a clock that never jumps, with fractions. */
  nowMs(): number;
  /** Milliseconds since 1970 as the machine believes. */
  wallMs(): number;
}

/** The machine's clocks. */
export const systemClock: Clock = {
  nowMs: () => performance.now(),
  wallMs: () => Date.now(),
};
