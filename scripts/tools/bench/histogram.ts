/** Reading histograms out of scrapes, pure: what came between two of them. Called by the scenarios. */
import type { Samples } from "../../../tests/harness/daemon/metrics.ts";

/** The buckets of a histogram without labels. */
export interface Buckets {
  /** Upper bounds, ascending, the last infinite. */
  readonly bounds: readonly number[];
  /** Number of values in each bucket, not cumulated. */
  readonly counts: readonly number[];
}

/** Values that a histogram received between two scrapes. */
export function bucketsBetween(before: Samples, after: Samples, family: string): Buckets {
  const head = `${family}_bucket{le="`;
  const cumulated = [...after]
    .filter(([series]) => series.startsWith(head))
    .map(([series, count]) => ({
      bound: boundOf(series.slice(head.length, -2)),
      count: count - (before.get(series) ?? 0),
    }))
    .sort((a, b) => a.bound - b.bound);
  return {
    bounds: cumulated.map(({ bound }) => bound),
    counts: cumulated.map(({ count }, index) => count - (cumulated[index - 1]?.count ?? 0)),
  };
}

/** Number of values. */
export function countOf({ counts }: Buckets): number {
  return counts.reduce((total, count) => total + count, 0);
}

/**
 * The value below which a share of the values lies, by linear interpolation within its bucket.
 *
 * @returns in the unit of the bounds; the highest finite bound when it lies beyond, NaN when there are no values
 */
export function bucketQuantile(buckets: Buckets, share: number): number {
  const total = countOf(buckets);
  if (total === 0) return Number.NaN;
  const rank = share * total;
  let below = 0;
  let lowerBound = 0;
  for (const [index, count] of buckets.counts.entries()) {
    const bound = buckets.bounds[index] ?? Number.POSITIVE_INFINITY;
    if (below + count >= rank && count > 0) {
      return Number.isFinite(bound)
        ? lowerBound + ((bound - lowerBound) * (rank - below)) / count
        : lowerBound;
    }
    below += count;
    if (Number.isFinite(bound)) lowerBound = bound;
  }
  return lowerBound;
}

/** The upper bound of the highest bucket that holds something; 0 when none does. */
export function bucketMax({ bounds, counts }: Buckets): number {
  const highest = counts.findLastIndex((count) => count > 0);
  return highest < 0 ? 0 : (bounds[highest] ?? 0);
}

function boundOf(text: string): number {
  return text === "+Inf" ? Number.POSITIVE_INFINITY : Number(text);
}
