/** How often, how long and how many times: values out of range that Go's server runs all the same are amended, not refused. */

import type { CheckType } from "../checks/check-type.ts";
import { formatDuration } from "../model/duration.ts";
import { MAX_THRESHOLD } from "./healthcheck-schema.ts";

/** The shortest interval between two starts. */
export const MIN_INTERVAL_MS = 10;
/** The shortest timeout. */
export const MIN_TIMEOUT_MS = 1;
/** The longest interval and timeout. */
export const MAX_PACE_MS = 365 * 86_400_000;
/** What was amended in one field. */
export interface PaceWarning {
  readonly path: readonly [field: string];
  readonly message: string;
}

/** The three fields as they came, durations in milliseconds of any sign. */
export interface Pace {
  readonly interval: number;
  readonly timeout: number;
  readonly retries: number;
}

/** No warnings; shared, because hardly any healthcheck has one. */
const NONE: readonly PaceWarning[] = [];

/** The part of a check type that decides on its timeout. */
type TimedType = Pick<CheckType, "name" | "defaultTimeoutMs">;

/** Brings the fields into their ranges. */
export function amendPace(pace: Pace, type: TimedType): Pace & { readonly warnings: readonly PaceWarning[] } {
  const interval = amendInterval(pace.interval);
  const timeout = amendTimeout(pace.timeout, type);
  // Go's -1, also as the unsigned number that it becomes: never unhealthy.
  const retries = pace.retries < 0 ? MAX_THRESHOLD : Math.min(pace.retries, MAX_THRESHOLD);
  if (interval === pace.interval && timeout === pace.timeout && retries === pace.retries)
    return { interval, timeout, retries, warnings: NONE };
  const warnings: PaceWarning[] = [];
  const warn = (field: string, message: string) => warnings.push({ path: [field], message });
  if (interval !== pace.interval) warn("interval", durationWords(pace.interval, interval, MIN_INTERVAL_MS));
  if (timeout !== pace.timeout)
    warn(
      "timeout",
      pace.timeout > 0
        ? durationWords(pace.timeout, timeout, MIN_TIMEOUT_MS)
        : `${signed(pace.timeout)} is not above 0: ${formatDuration(timeout)} is used, the default of ${type.name} checks`,
    );
  if (retries !== pace.retries)
    warn(
      "retries",
      `${pace.retries} is out of range: ${MAX_THRESHOLD} is used; must be an integer from 0 to ${MAX_THRESHOLD}`,
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
  const what = ms < minMs ? "too short" : "too long";
  return `${signed(ms)} is ${what}: ${formatDuration(used)} is used; must be from ${formatDuration(minMs)} to a year`;
}

function signed(ms: number): string {
  if (ms > 0 && ms < 0.001) return `${Math.round(ms * 1e6)}ns`;
  return ms < 0 ? `-${formatDuration(-ms)}` : formatDuration(ms);
}
