/** Histograms, by examples and against a naive model. */
import { expect, test } from "bun:test";
import fc from "fast-check";
import { Histogram } from "../../src/model/histogram.ts";

const anyBounds = fc
  .uniqueArray(fc.double({ min: 1e-6, max: 1e6, noNaN: true }), { maxLength: 15 })
  .map((bounds) => bounds.sort((a, b) => a - b));
const anyValues = fc.array(fc.double({ min: 0, max: 2e6, noNaN: true }), { maxLength: 100 });

function observed(bounds: readonly number[], values: readonly number[]): Histogram {
  const histogram = new Histogram(bounds);
  for (const value of values) histogram.observe(value);
  return histogram;
}

test("histogram: starts empty, with one bucket more than bounds", () => {
  const histogram = new Histogram([1, 2]);
  expect(histogram.counts).toEqual([0, 0, 0]);
  expect(histogram.sum).toBe(0);
});

test.each([
  ["below all bounds", 0.5, [1, 0, 0]],
  ["0", 0, [1, 0, 0]],
  ["on a bound: that bucket", 1, [1, 0, 0]],
  ["between bounds", 1.5, [0, 1, 0]],
  ["on the last bound", 2, [0, 1, 0]],
  ["above all bounds", 2.1, [0, 0, 1]],
  ["infinite", Number.POSITIVE_INFINITY, [0, 0, 1]],
  ["no number", Number.NaN, [0, 0, 1]],
])("histogram: a value %s", (_name, value, counts) => {
  expect(observed([1, 2], [value]).counts).toEqual(counts);
});

test("histogram: without bounds every value lies in the one bucket", () => {
  const histogram = observed([], [0, 7]);
  expect(histogram.counts).toEqual([2]);
  expect(histogram.sum).toBe(7);
});

test("histogram: cumulated, its counts are how many values do not exceed each bound", () => {
  fc.assert(
    fc.property(anyBounds, anyValues, (bounds, values) => {
      const { counts, sum } = observed(bounds, values);
      let total = 0;
      const cumulated = counts.map((count) => {
        total += count;
        return total;
      });
      const naive = [...bounds, Number.POSITIVE_INFINITY].map(
        (bound) => values.filter((value) => value <= bound).length,
      );
      expect(cumulated).toEqual(naive);
      expect(sum).toBe(values.reduce((all, value) => all + value, 0));
    }),
  );
});
