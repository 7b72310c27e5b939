/** Server-wide defaults for what a CONFIG leaves open; what it says itself wins. */

/** Ways to derive `rise` and `fall` from `retries`. */
export const THRESHOLD_RULES = ["seesaw", "rust"] as const;
/** One of {@link THRESHOLD_RULES}. */
export type ThresholdRule = (typeof THRESHOLD_RULES)[number];

/** Ways to close the connection of a TCP check. */
export const CLOSE_MODES = ["reset", "graceful"] as const;

/** Defaults of the healthchecks of a server: the section `checks` of its configuration file. */
export interface CheckDefaults {
  readonly thresholds: ThresholdRule;
  readonly close: (typeof CLOSE_MODES)[number];
}

/** The defaults where no configuration file says otherwise. */
export const CHECK_DEFAULTS: CheckDefaults = { thresholds: "seesaw", close: "reset" };

/**
 * Derives the thresholds of a healthcheck from its retries.
 *
 * @param retries - failures that are tolerated before healthy becomes unhealthy; 0 or more
 * @returns successes and failures in a row that change the state; both at least 1
 */
export function thresholdsOf(retries: number, rule: ThresholdRule): { rise: number; fall: number } {
  if (rule === "seesaw") return { rise: 1, fall: retries + 1 };
  const both = Math.max(retries + 1, 2);
  return { rise: both, fall: both };
}
