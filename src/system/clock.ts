/** The clocks: one that only goes forward, for deciding; one that people set, for telling. */

/** What whoever waits or measures is given; tests give one they move by hand. */
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
