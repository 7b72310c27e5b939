/** Positions of the lines and layers of plots. Run by `bun test`. */
import { expect, test } from "bun:test";
import type { HistoryItem, RecentResult } from "../../../src/http/api.ts";
import { heightRange, isInSight, plotData, timeRange } from "../../../src/http/page/logic/plot-data.ts";
import { sparklineText, sparkPaths } from "../../../src/http/page/logic/sparkline.ts";

const ok = (ms: number): RecentResult => ({ duration_ms: ms, result: "success" });
const FAILED: RecentResult = { duration_ms: 500, result: "failure" };
const UNCLEAR: RecentResult = { duration_ms: null, result: "inconclusive" };

test("page: a row's plot is as high as its slowest success, the newest result at the right", () => {
  expect(sparkPaths([ok(1), ok(2)]).line).toBe("M92.5 10L92.5 10L97.5 2");
  expect(sparkPaths(Array.from({ length: 20 }, () => ok(1))).line).toStartWith("M2.5 2");
});

test("page: failures are bars and interrupt the line; their timeouts do not flatten it", () => {
  const { line, failures, inconclusive } = sparkPaths([ok(2), FAILED, UNCLEAR, ok(2)]);
  expect(line).toBe("M82.5 2L82.5 2M97.5 2L97.5 2");
  expect(failures).toBe("M87.5 2V18");
  expect(inconclusive).toBe("M92.5 14V18");
});

test("page: a row's plot of nothing, of zeros, and of failures only", () => {
  expect(sparkPaths([])).toEqual({ line: "", failures: "", inconclusive: "" });
  expect(sparkPaths([ok(0)]).line).toBe("M97.5 18L97.5 18");
  expect(sparkPaths([FAILED]).line).toBe("");
});

test("page: a row's plot as text", () => {
  expect(sparklineText([])).toBe("no results yet");
  expect(sparklineText([ok(1)])).toBe("no failure in the last result");
  expect(sparklineText([ok(1), FAILED, FAILED])).toBe("2 of the last 3 results failed");
});

function item(seconds: number, fields: Partial<HistoryItem>): HistoryItem {
  const at = new Date(seconds * 1_000).toISOString();
  return {
    at,
    duration_ms: 10,
    result: "success",
    code: "L7OK",
    message: "",
    lateness_ms: 0,
    phases: {},
    ...fields,
  };
}

test("page: phases are piled up, oldest first, and what they leave is the rest", () => {
  const data = plotData([
    item(3, { duration_ms: null, result: "inconclusive" }),
    item(2, { duration_ms: 500, result: "failure", phases: { connect_ms: 1 } }),
    item(1, { phases: { connect_ms: 2, first_byte_ms: 7 } }),
  ]);
  expect(data.times).toEqual([1, 2, 3]);
  expect(data.failed).toEqual([false, true, false]);
  expect(data.layers).toEqual([
    { label: "connect", kind: "connect_ms", own: [2, 1, null], top: [2, 1, null] },
    { label: "first byte", kind: "first_byte_ms", own: [7, null, null], top: [9, 1, null] },
    { label: "rest", kind: "rest", own: [1, 499, null], top: [10, 500, null] },
  ]);
});

test("page: a plot keeps its scale while a history fills up", () => {
  const [from, to] = timeRange([100, 101], 1);
  expect(from).toBeCloseTo(82 - 19 / 40, 6);
  expect(to).toBeCloseTo(101 + 19 / 40, 6);
  // Skipped starts make it longer.
  expect(timeRange([0, 101], 1)[0]).toBeLessThan(0);
  expect(heightRange([null])).toEqual([0, 1]);
  expect(isInSight(500, plotData([item(1, { duration_ms: 499 })]))).toBe(true);
  expect(isInSight(500, plotData([item(1, { duration_ms: 10 })]))).toBe(false);
});
