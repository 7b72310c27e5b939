/** Server-wide defaults for fields that a CONFIG omits. */
import type { DampingSpec } from "./spec.ts";

/** Ways to derive `rise` and `fall` from `retries`. */
export const THRESHOLD_RULES = ["seesaw", "rust"] as const;
/** Threshold rule of {@link THRESHOLD_RULES}. */
export type ThresholdRule = (typeof THRESHOLD_RULES)[number];

/** Ways to close the connection of a TCP check. */
export const CLOSE_MODES = ["reset", "graceful"] as const;

/** Extents of the handshake of a TCP check: `half` holds back its last ACK, `full` sends it. */
export const HANDSHAKE_MODES = ["half", "full"] as const;
/** One of {@link HANDSHAKE_MODES}. */
export type HandshakeMode = (typeof HANDSHAKE_MODES)[number];

/** Defaults of the healthchecks of a server: the section `checks` of its configuration file. */
export interface CheckDefaults {
  readonly thresholds: ThresholdRule;
  readonly close: (typeof CLOSE_MODES)[number];
  readonly handshake: HandshakeMode;
  /** Milliseconds; 0 counts as `off`. */
  readonly fast_interval: number | "off";
  /** Milliseconds; 0 counts as `off`. */
  readonly down_interval: number | "off";
  /** Percent. */
  readonly jitter: number;
  readonly damping: DampingSpec | "off";
}

/** Defaults of a server without a configuration file. */
export const CHECK_DEFAULTS: CheckDefaults = {
  thresholds: "seesaw",
  close: "reset",
  handshake: "half",
  fast_interval: "off",
  down_interval: "off",
  jitter: 0,
  damping: "off",
};

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
