/** Tests of the benchmark's lateness as a backend sees it. */
import { expect, test } from "bun:test";
import { gridLatenessMs, missedStarts } from "../../scripts/tools/bench/grid.ts";

const INTERVAL_MS = 100;

/** Arrivals on a grid that begins somewhere, each late by the given time. */
function arrivals(startMs: number, latenessMs: readonly number[]): number[] {
  return latenessMs.map((lateMs, index) => startMs + index * INTERVAL_MS + lateMs);
}

/** To a thousandth, as the sums of fractions need it. */
function rounded(values: readonly number[]): number[] {
  return values.map((value) => Math.round(value * 1_000) / 1_000);
}

test.each([[0], [37.5], [99.9], [1_763_000_000_000]])(
  "grid lateness: finds the grid that begins at %d",
  (startMs) => {
    expect(rounded(gridLatenessMs(arrivals(startMs, [4, 0, 7, 1, 0]), INTERVAL_MS))).toEqual([4, 0, 7, 1, 0]);
  },
);

test("grid lateness: what is late by more than half an interval is late and not early", () => {
  expect(rounded(gridLatenessMs(arrivals(20, [0, 1, 70, 0, 2]), INTERVAL_MS))).toEqual([0, 1, 70, 0, 2]);
});

test("grid lateness: one that alone is on time shows that the others are late", () => {
  const latenessMs = [5, 5, 0, ...Array.from({ length: 60 }, () => 5)];
  expect(rounded(gridLatenessMs(arrivals(0, latenessMs), INTERVAL_MS))).toEqual(latenessMs);
});

test("grid lateness: a missing start makes no other start late", () => {
  const times = arrivals(20, [0, 1, 0, 2, 1]).filter((_, index) => index !== 2);
  expect(rounded(gridLatenessMs(times, INTERVAL_MS))).toEqual([0, 1, 2, 1]);
});

test("grid lateness: what is the same for all is not seen", () => {
  expect(rounded(gridLatenessMs(arrivals(0, [5, 5, 6]), INTERVAL_MS))).toEqual([0, 0, 1]);
});

test("grid lateness: one arrival is not enough", () => {
  expect(gridLatenessMs([5], INTERVAL_MS)).toEqual([]);
  expect(gridLatenessMs([], INTERVAL_MS)).toEqual([]);
});

test.each([
  ["none", [0, 100, 200, 300], 0],
  ["none when they are late", [0, 149, 200, 310], 0],
  ["one in the middle", [0, 100, 300], 1],
  ["several", [0, 300, 700], 5],
  ["none of one arrival", [7], 0],
])("missed starts: %s", (_, times, missed) => {
  expect(missedStarts(times, INTERVAL_MS)).toBe(missed);
});
