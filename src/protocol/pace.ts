/** Interval, timeout and retries of a healthcheck: values out of range that the Go server runs are replaced, not rejected. */

import type { CheckType } from "../checks/check-type.ts";
import { formatDuration } from "../model/duration.ts";
import { YEAR_MS } from "../schema/durations.ts";
import { type FieldProblem, replaced } from "../schema/problem.ts";
import { anyInteger } from "../schema/values.ts";
import { MAX_THRESHOLD } from "./healthcheck-schema.ts";

/** Minimum interval between two starts, in milliseconds. */
export const MIN_INTERVAL_MS = 10;
/** Minimum timeout, in milliseconds. */
export const MIN_TIMEOUT_MS = 1;
/** Maximum interval and timeout, in milliseconds. */
export const MAX_PACE_MS = YEAR_MS;

/** The three fields as they were read, durations in milliseconds of any sign. */
export interface Pace {
  readonly interval: number;
  readonly timeout: number;
  readonly retries: number;
}

/** No warnings; shared, because few healthchecks have one. */
const NONE: readonly FieldProblem[] = [];

/** The part of a check type that decides on its timeout. */
type TimedType = Pick<CheckType, "name" | "defaultTimeoutMs">;

/** Brings the fields into their ranges. */
export function amendPace(
  pace: Pace,
  type: TimedType,
): Pace & { readonly warnings: readonly FieldProblem[] } {
  const interval = amendInterval(pace.interval);
  const timeout = amendTimeout(pace.timeout, type);
  // Go's -1, also as the unsigned number that it becomes: never unhealthy.
  const retries = pace.retries < 0 ? MAX_THRESHOLD : Math.min(pace.retries, MAX_THRESHOLD);
  if (interval === pace.interval && timeout === pace.timeout && retries === pace.retries)
    return { interval, timeout, retries, warnings: NONE };
  const warnings: FieldProblem[] = [];
  const warn = (field: string, message: string) => warnings.push({ path: [field], message });
  if (interval !== pace.interval) warn("interval", durationWords(pace.interval, interval, MIN_INTERVAL_MS));
  if (timeout !== pace.timeout)
    warn(
      "timeout",
      pace.timeout > 0
        ? durationWords(pace.timeout, timeout, MIN_TIMEOUT_MS)
        : replaced(
            `${signed(pace.timeout)} is out of range`,
            `${formatDuration(timeout)}, the default of ${type.name} checks`,
            durationRule(MIN_TIMEOUT_MS),
          ),
    );
  if (retries !== pace.retries)
    warn(
      "retries",
      replaced(`${pace.retries} is out of range`, String(MAX_THRESHOLD), anyInteger(0, MAX_THRESHOLD).rule),
    );
  return { interval, timeout, retries, warnings };
}

function amendInterval(ms: number): number {
  return Math.min(Math.max(ms, MIN_INTERVAL_MS), MAX_PACE_MS);
}

function amendTimeout(ms: number, type: TimedType): number {
  if (ms <= 0) return type.defaultTimeoutMs;
  return Math.min(Math.max(ms, MIN_TIMEOUT_MS), MAX_PACE_MS);
}

function durationWords(ms: number, used: number, minMs: number): string {
  return replaced(`${signed(ms)} is out of range`, formatDuration(used), durationRule(minMs));
}

function durationRule(minMs: number): string {
  return `a duration from ${formatDuration(minMs)} to a year`;
}

function signed(ms: number): string {
  if (ms > 0 && ms < 0.001) return `${Math.round(ms * 1e6)}ns`;
  return ms < 0 ? `-${formatDuration(-ms)}` : formatDuration(ms);
}
