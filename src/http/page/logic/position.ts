/** Progress of a healthcheck toward its next state change. Pure. */
import type { DampingDetail, Position, State } from "../../api.ts";
import { formatCount, formatSpan } from "./format.ts";

/** Steps on the way. */
export interface Progress {
  readonly done: number;
  readonly of: number;
  /** `2 of 3 failures in a row until unhealthy` */
  readonly text: string;
}

/** Maximum number of steps that are drawn one by one. */
export const MAX_STEPS = 12;

/** Describes the damping of a backend: `flapping, measured healthy, calm in 2m` */
export function dampingWords({
  damped,
  measured_state,
  penalty,
  suppress,
  calm_in_ms,
}: DampingDetail): string {
  if (!damped) return `penalty ${formatCount(penalty)} of ${formatCount(suppress)}`;
  const calm = calm_in_ms === 0 ? "calm" : `calm in ${formatSpan(Math.ceil(calm_in_ms / 1_000) * 1_000)}`;
  return `flapping, measured ${measured_state}, ${calm}`;
}

/** Returns the progress toward the next state change. */
export function progressOf(state: State, position: Position): Progress {
  const { consecutive_successes, rise, consecutive_failures, fall } = position;
  if (state === "unknown") return { done: 0, of: 1, text: "the first conclusive result decides" };
  if (state === "healthy") return progress(consecutive_failures, fall, "failure", "unhealthy");
  return progress(consecutive_successes, rise, "success", "healthy");
}

function progress(done: number, of: number, noun: string, goal: State): Progress {
  const plural = noun === "success" ? "successes" : "failures";
  const text = `${formatCount(done)} of ${formatCount(of)} ${of === 1 ? noun : plural} in a row until ${goal}`;
  return { done: Math.min(done, of), of, text };
}
