/** The PromQL reader of the tests of queries. Run by `bun test`. */

import { expect, test } from "bun:test";
import { alternatives, seriesNames, withoutThresholds } from "../harness/observers/promql.ts";

test("withoutThresholds: comparisons of values only, wherever they stand", () => {
  const cases: [string, string][] = [
    ["up == 0", "up == bool 0"],
    ['up{job="a", id!="1 > 2"} == 0', 'up{job="a", id!="1 > 2"} == bool 0'],
    ["a / b > 0.1\nand\nc == 1", "a / b > bool 0.1\nand\nc == bool 1"],
    ["topk(5, a >= 0) <= 7", "topk(5, a >= bool 0) <= bool 7"],
    ["a > bool 1", "a > bool 1"],
    ["a # > 5\n!= 2", "a # > 5\n!= bool 2"],
  ];
  for (const [expr, wanted] of cases) expect(withoutThresholds(expr)).toBe(wanted);
});

test("alternatives: the operands of an outer or", () => {
  expect(alternatives("a > 1")).toEqual(["a > 1"]);
  expect(alternatives('a{x="or"} or (b or c)\nor sum(d)')).toEqual(['a{x="or"}', "(b or c)", "sum(d)"]);
});

test("seriesNames: no functions, labels, durations or keywords", () => {
  const cases: [string, string[]][] = [
    [
      "sum without (result) (rate(a_total[10m])) / ignoring (state) group_left b:c:rate5m > 1e3",
      ["a_total", "b:c:rate5m"],
    ],
    [
      'histogram_quantile(0.95, sum by (le) (rate(x_bucket{le="y"}[$__rate_interval]))) and x_bucket',
      ["x_bucket"],
    ],
    ["time() - start_seconds offset 5m # not this", ["start_seconds"]],
  ];
  for (const [expr, wanted] of cases) expect(seriesNames(expr)).toEqual(wanted);
});
