/**
 * Route flap damping (RFC 2439) for backends, pure. Each change of the measured state adds to a penalty, which decays exponentially. Above
 * `suppress` the backend is damped: it stays unhealthy, however it answers. Below `reuse` the measured state is reported again, with the next
 * result that agrees with it, so that nothing is reported without a check.
 */
import type { DampingSpec } from "../model/spec.ts";
import type { State } from "../model/status.ts";
import { type Health, type Thresholds, transition } from "./transition.ts";

/** Penalty of one state change, as BGP routers count it. */
export const CHANGE_PENALTY = 1_000;
/** The penalty grows to at most this multiple of `reuse`, from which it decays in four half-lives: the longest that a calm backend is damped. */
export const CEILING_REUSES = 16;

/** Damping of one healthcheck. */
export interface Damping {
  /** State by `rise` and `fall` alone. */
  readonly measured: State;
  /** At {@link atMs}. */
  readonly penalty: number;
  /** Time of the last result, on the scheduler's clock. */
  readonly atMs: number;
  readonly isDamped: boolean;
}

/** Health as it is reported, and the damping behind it. */
export interface DampedHealth {
  readonly health: Health;
  /** Undefined while the penalty is too small to matter: the reported state is the measured one. */
  readonly damping: Damping | undefined;
}

/**
 * Applies one conclusive result.
 *
 * @param before - the reported health and its damping before the result
 * @param success - true if the check succeeded
 * @param spec - undefined if the healthcheck is not damped; a damping that is under way ends
 * @param nowMs - on the scheduler's clock
 */
export function damp(
  before: DampedHealth,
  success: boolean,
  thresholds: Thresholds,
  spec: DampingSpec | undefined,
  nowMs: number,
): DampedHealth {
  const from = before.damping?.measured ?? before.health.state;
  const health = transition({ ...before.health, state: from }, success, thresholds);
  if (spec === undefined) return { health, damping: undefined };
  const changed = from !== "unknown" && health.state !== from;
  if (before.damping === undefined && !changed) return { health, damping: undefined };
  const penalty = penaltyAt(before.damping, spec, nowMs) + (changed ? CHANGE_PENALTY : 0);
  const bounded = Math.min(penalty, Math.max(spec.suppress, spec.reuse * CEILING_REUSES));
  const isDamped = before.damping?.isDamped
    ? bounded >= spec.reuse || success !== (health.state === "healthy")
    : changed && penalty > spec.suppress;
  if (!isDamped && bounded < 1) return { health, damping: undefined };
  return {
    health: isDamped ? { ...health, state: "unhealthy" } : health,
    damping: { measured: health.state, penalty: bounded, atMs: nowMs, isDamped },
  };
}

/** Returns the penalty at a time, not before the last state change. @param damping - undefined for none */
function penaltyAt(damping: Damping | undefined, { halfLifeMs }: DampingSpec, nowMs: number): number {
  if (damping === undefined) return 0;
  return damping.penalty * 2 ** (-(nowMs - damping.atMs) / halfLifeMs);
}

/** Damping of a backend at one moment. */
export interface DampingNow {
  readonly isDamped: boolean;
  /** State by `rise` and `fall` alone. */
  readonly measured: State;
  readonly penalty: number;
  /** Time until the penalty is below `reuse` if the state does not change any more; 0 when it is. */
  readonly calmInMs: number;
}

/** Computes the damping at a time. @param state - the reported state, which is the measured one without a damping */
export function dampingAt(
  damping: Damping | undefined,
  state: State,
  spec: DampingSpec,
  nowMs: number,
): DampingNow {
  const penalty = penaltyAt(damping, spec, nowMs);
  return {
    isDamped: damping?.isDamped === true,
    measured: damping?.measured ?? state,
    penalty,
    calmInMs: penalty < spec.reuse ? 0 : Math.log2(penalty / spec.reuse) * spec.halfLifeMs,
  };
}
