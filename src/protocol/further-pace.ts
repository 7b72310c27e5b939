/** Further pace of a healthcheck: its fast and down interval, jitter and damping, with the defaults of the server. */
import type { CheckDefaults } from "../model/check-defaults.ts";
import { formatDuration } from "../model/duration.ts";
import type { DampingSpec, PaceSpec } from "../model/spec.ts";
import type { FieldProblem } from "../schema/problem.ts";

/** The fields as they were read; null or undefined when absent. Intervals are milliseconds, and 0 counts as absent. */
export interface FurtherPace {
  readonly fast_interval?: number | "off" | null | undefined;
  readonly down_interval?: number | "off" | null | undefined;
  readonly jitter?: number | null | undefined;
  readonly damping?: DampingSpec | "off" | null | undefined;
}

/** The pace of a healthcheck, or the errors in it. */
export type ReadFurtherPace =
  | { readonly ok: true; readonly spec: PaceSpec & { readonly damping?: DampingSpec } }
  | { readonly ok: false; readonly faults: readonly FieldProblem[] };

/**
 * Reads the fields.
 *
 * @param intervalMs - interval of the healthcheck
 * @param defaults - of the server; they never make checks rarer than the interval does in transition, nor more frequent while unhealthy
 */
export function readFurtherPace(
  fields: FurtherPace,
  intervalMs: number,
  defaults: CheckDefaults,
): ReadFurtherPace {
  const ownFastMs = ownInterval(fields.fast_interval, intervalMs);
  if (ownFastMs !== undefined && ownFastMs > intervalMs) {
    const message = `${formatDuration(ownFastMs)} is out of range; must be at most interval, ${formatDuration(intervalMs)}`;
    return { ok: false, faults: [{ path: ["fast_interval"], message }] };
  }
  const defaultFastMs = ownInterval(defaults.fast_interval, intervalMs) ?? intervalMs;
  const defaultDownMs = ownInterval(defaults.down_interval, intervalMs) ?? intervalMs;
  const damping = fields.damping ?? defaults.damping;
  return {
    ok: true,
    spec: {
      intervalMs,
      fastIntervalMs: ownFastMs ?? Math.min(defaultFastMs, intervalMs),
      downIntervalMs: ownInterval(fields.down_interval, intervalMs) ?? Math.max(defaultDownMs, intervalMs),
      jitter: fields.jitter ?? defaults.jitter,
      ...(damping === "off" ? {} : { damping }),
    },
  };
}

/** Returns a written interval; that of the healthcheck for `off`, undefined when absent. */
function ownInterval(ms: number | "off" | null | undefined, intervalMs: number): number | undefined {
  if (ms === "off") return intervalMs;
  return ms === 0 || ms === null ? undefined : ms;
}
