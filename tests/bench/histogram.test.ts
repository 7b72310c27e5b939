/** Tests of reading quantiles out of two scrapes. */
import { expect, test } from "bun:test";
import { bucketMax, bucketQuantile, bucketsBetween, countOf } from "../../scripts/tools/bench/histogram.ts";
import { readSamples } from "../harness/daemon/metrics.ts";

/** A scrape of a histogram with bounds 1, 2, 4 and cumulated counts. */
function scraped(...counts: readonly number[]) {
  const bounds = ["1", "2", "4", "+Inf"];
  return readSamples(bounds.map((bound, at) => `late_bucket{le="${bound}"} ${counts[at]}\n`).join(""));
}

test("buckets: only what came between the scrapes, no longer cumulated", () => {
  const buckets = bucketsBetween(scraped(10, 10, 11, 11), scraped(10, 14, 20, 21), "late");
  expect(buckets).toEqual({ bounds: [1, 2, 4, Number.POSITIVE_INFINITY], counts: [0, 4, 5, 1] });
  expect(countOf(buckets)).toBe(10);
});

test("buckets: another family's are not taken", () => {
  const after = readSamples('later_bucket{le="1"} 5\nlate_bucket{le="1"} 2\nlate_sum 7\n');
  expect(bucketsBetween(new Map(), after, "late")).toEqual({ bounds: [1], counts: [2] });
});

test.each([
  [0.2, 1.5],
  [0.4, 2],
  [0.65, 3],
  [0.9, 4],
])("quantile: share %d lies at %d within its bucket", (share, value) => {
  const buckets = bucketsBetween(scraped(0, 0, 0, 0), scraped(0, 4, 9, 10), "late");
  expect(bucketQuantile(buckets, share)).toBeCloseTo(value, 9);
});

test("quantile: beyond the last finite bound it is that bound", () => {
  const buckets = bucketsBetween(scraped(0, 0, 0, 0), scraped(0, 4, 9, 10), "late");
  expect(bucketQuantile(buckets, 0.99)).toBe(4);
});

test("quantile: undefined without values", () => {
  expect(bucketQuantile(bucketsBetween(scraped(1, 2, 3, 4), scraped(1, 2, 3, 4), "late"), 0.5)).toBeNaN();
});

test("max: the bound of the highest bucket that holds something", () => {
  expect(bucketMax(bucketsBetween(scraped(0, 0, 0, 0), scraped(3, 4, 4, 4), "late"))).toBe(2);
  expect(bucketMax(bucketsBetween(scraped(0, 0, 0, 0), scraped(0, 0, 0, 1), "late"))).toBe(
    Number.POSITIVE_INFINITY,
  );
  expect(bucketMax(bucketsBetween(scraped(1, 1, 1, 1), scraped(1, 1, 1, 1), "late"))).toBe(0);
});
