/** Tests of the benchmark's plain arithmetic. */
import { expect, test } from "bun:test";
import { largest, median, quantile, ratios, sum } from "../../scripts/tools/bench/arithmetic.ts";

const TO_A_HUNDRED = Array.from({ length: 100 }, (_, index) => 100 - index);

test.each([
  [0, 1],
  [0.5, 50],
  [0.99, 99],
  [0.999, 100],
  [1, 100],
])("quantile: of 1 to 100, share %d is %d", (share, value) => {
  expect(quantile(TO_A_HUNDRED, share)).toBe(value);
});

test("quantile: undefined without values", () => {
  expect(quantile([], 0.5)).toBeNaN();
});

test.each([
  [[3], 3],
  [[10, 9, 2], 9],
  [[1, 2, 10, 4], 3],
])("median: of %j is %d", (values, value) => {
  expect(median(values)).toBe(value);
});

test("median: undefined without values", () => {
  expect(median([])).toBeNaN();
});

test("ratios: round by round, as many as both have", () => {
  expect(ratios([30, 60, 50], [20, 30])).toEqual([1.5, 2]);
});

test("sum and largest: of nothing are 0", () => {
  expect([sum([]), largest([])]).toEqual([0, 0]);
  expect([sum([1, 2]), largest([1, 3, 2])]).toEqual([3, 3]);
});
