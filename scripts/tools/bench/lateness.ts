/** Lateness of checks: four figures, from either side. Called by the scenarios. */
import type { Samples } from "../../../tests/harness/daemon/metrics.ts";
import { largest, quantile, sum } from "./arithmetic.ts";
import { FEWEST_ARRIVALS, gridLatenessMs, missedStarts } from "./grid.ts";
import { bucketMax, bucketQuantile, bucketsBetween, countOf } from "./histogram.ts";
import { digits } from "./table.ts";

/** Lateness in milliseconds; NaN without data. */
export interface Lateness {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly p999Ms: number;
  readonly maxMs: number;
}

/** Lateness as the backends see it. */
export interface SeenFromSink {
  readonly lateness: Lateness;
  /** Starts that did not come between a target's first and last. */
  readonly missed: number;
  /** Targets that were looked at: those with a port of their own. */
  readonly targets: number;
}

/**
 * Lateness from one of the daemon's histograms in seconds, between two scrapes; the largest is the upper bound of its
 * bucket.
 */
export function fromHistogram(before: Samples, after: Samples, family: string): Lateness {
  const buckets = bucketsBetween(before, after, family);
  const at = (share: number) => bucketQuantile(buckets, share) * 1_000;
  const maxMs = countOf(buckets) === 0 ? Number.NaN : bucketMax(buckets) * 1_000;
  return { p50Ms: at(0.5), p99Ms: at(0.99), p999Ms: at(0.999), maxMs };
}

/**
 * From the times at which the checks of each target came.
 *
 * @param timesMs - of targets with a port of their own only
 */
export function fromArrivals(timesMs: readonly (readonly number[])[], intervalMs: number): SeenFromSink {
  const usable = timesMs.filter((times) => times.length >= FEWEST_ARRIVALS);
  const all = usable.flatMap((times) => gridLatenessMs(times, intervalMs));
  return {
    lateness: {
      p50Ms: quantile(all, 0.5),
      p99Ms: quantile(all, 0.99),
      p999Ms: quantile(all, 0.999),
      maxMs: all.length === 0 ? Number.NaN : largest(all),
    },
    missed: sum(timesMs.map((times) => missedStarts(times, intervalMs))),
    targets: usable.length,
  };
}

/** `3.1 / 8.2 / 9.9 / ≤ 15` */
export function latenessCell({ p50Ms, p99Ms, p999Ms, maxMs }: Lateness, isBound: boolean): string {
  return `${digits(p50Ms)} / ${digits(p99Ms)} / ${digits(p999Ms)} / ${isBound ? "≤ " : ""}${digits(maxMs)}`;
}
