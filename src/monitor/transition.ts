/**
 * The state machine of one healthcheck, pure: the first result decides; after that `fall` failures in a row make
 * it unhealthy and `rise` successes in a row make it healthy.
 */
import type { State } from "../model/status.ts";

/** State of a healthcheck and its current runs, of which one is always 0. */
export interface Health {
  readonly state: State;
  /** Successes since the last failure. */
  readonly consecutiveSuccesses: number;
  /** Failures since the last success. */
  readonly consecutiveFailures: number;
}

/** Lengths of runs that change the state; both at least 1. */
export interface Thresholds {
  readonly rise: number;
  readonly fall: number;
}

/** Health before the first result. */
export const UNKNOWN_HEALTH: Health = { state: "unknown", consecutiveSuccesses: 0, consecutiveFailures: 0 };

/**
 * Applies one conclusive result.
 *
 * @param health - before the result
 * @param success - true if the check succeeded
 * @param thresholds - `rise` and `fall` of the current configuration
 * @returns the health after the result
 */
export function transition(health: Health, success: boolean, thresholds: Thresholds): Health {
  const consecutiveSuccesses = success ? health.consecutiveSuccesses + 1 : 0;
  const consecutiveFailures = success ? 0 : health.consecutiveFailures + 1;
  return {
    state: nextState(health.state, consecutiveSuccesses, consecutiveFailures, thresholds),
    consecutiveSuccesses,
    consecutiveFailures,
  };
}

function nextState(state: State, successes: number, failures: number, { rise, fall }: Thresholds): State {
  switch (state) {
    case "unknown":
      return successes > 0 ? "healthy" : "unhealthy";
    case "healthy":
      return failures >= fall ? "unhealthy" : "healthy";
    case "unhealthy":
      return successes >= rise ? "healthy" : "unhealthy";
  }
}
