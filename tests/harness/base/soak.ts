/** Length of fault tests: some seconds in scripts/test, longer with `HEALTHCHECK_SOAK=1`. Called by tests/faults. */

const { HEALTHCHECK_SOAK } = process.env;

/** @returns the long one when a soak is asked for */
export function lasting(shortMs: number, longMs: number): number {
  return HEALTHCHECK_SOAK === "1" ? longMs : shortMs;
}
