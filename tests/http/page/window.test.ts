/** The rows of a long list that are on the screen. Run by `bun test`. */
import { expect, test } from "bun:test";
import {
  bodyHeight,
  covers,
  type Geometry,
  overlaps,
  rowTop,
  scrollFor,
  shifted,
  stretch,
  visibleSpan,
  widen,
} from "../../../src/http/page/logic/virtual-window.ts";

const LIST: Geometry = { rows: 10_000, rowHeight: 40, scrolled: 0, viewport: 800 };
/** Longer than browsers can lay out. */
const VAST: Geometry = { rows: 2_000_000, rowHeight: 40, scrolled: 0, viewport: 800 };

test.each([
  ["at the top", 0, { first: 0, end: 20 }],
  ["below what is above it", -200, { first: 0, end: 15 }],
  ["not in sight yet", -900, { first: 0, end: 0 }],
  ["half a row on", 20, { first: 0, end: 21 }],
  ["in the middle", 200_000, { first: 5_000, end: 5_020 }],
  ["at the end", 400_000 - 800, { first: 9_980, end: 10_000 }],
  ["beyond the end", 500_000, { first: 9_999, end: 10_000 }],
])("page: the rows in sight %s", (_where, scrolled, span) => {
  expect(visibleSpan({ ...LIST, scrolled })).toEqual(span);
});

test("page: an empty list has no rows in sight", () => {
  expect(visibleSpan({ ...LIST, rows: 0 })).toEqual({ first: 0, end: 0 });
  expect(bodyHeight(0, 40)).toBe(0);
});

test("page: rows lie where they belong, whatever is scrolled", () => {
  expect(bodyHeight(10_000, 40)).toBe(400_000);
  for (const scrolled of [0, 0.3, 12_345.6]) expect(rowTop(7, { ...LIST, scrolled })).toBe(280);
  expect(scrollFor(5_000, LIST)).toBe(200_000);
});

test("page: a list too long to be laid out is stretched, and its ends can be reached", () => {
  const height = bodyHeight(VAST.rows, VAST.rowHeight);
  expect(height).toBeLessThan(17_000_000);
  expect(stretch(VAST)).toBeGreaterThan(5);
  expect(visibleSpan(VAST)).toEqual({ first: 0, end: 20 });
  const end = { ...VAST, scrolled: height - VAST.viewport };
  expect(visibleSpan(end).end).toBe(2_000_000);
  // The last row ends where the body ends.
  expect(rowTop(1_999_999, end) + VAST.rowHeight).toBeCloseTo(height, 3);
});

test("page: a stretched list shows its rows without gaps, and any row can be scrolled to", () => {
  const geometry = { ...VAST, scrolled: scrollFor(1_234_567, VAST) };
  const { first } = visibleSpan(geometry);
  expect(Math.abs(first - 1_234_567)).toBeLessThanOrEqual(1);
  expect(rowTop(first + 1, geometry) - rowTop(first, geometry)).toBeCloseTo(40, 6);
  expect(Math.abs(rowTop(1_234_567, geometry) - geometry.scrolled)).toBeLessThan(40);
});

test("page: spans", () => {
  expect(widen({ first: 3, end: 10 }, 12, 8)).toEqual({ first: 0, end: 12 });
  expect(covers({ first: 0, end: 10 }, { first: 0, end: 10 })).toBe(true);
  expect(covers({ first: 1, end: 10 }, { first: 0, end: 10 })).toBe(false);
  expect(covers({ first: 5, end: 6 }, { first: 0, end: 0 })).toBe(true);
  expect(overlaps({ first: 0, end: 10 }, { first: 10, end: 20 })).toBe(false);
  expect(overlaps({ first: 0, end: 10 }, { first: 9, end: 20 })).toBe(true);
});

test("page: the movement of rows is that of the first that still exists", () => {
  const before = [
    [5, "gone"],
    [6, "a"],
    [7, "b"],
  ] as const;
  expect(shifted(before, new Map([["a", 8]]))).toBe(2);
  expect(shifted(before, new Map([["b", 6]]))).toBe(-1);
  expect(shifted(before, new Map())).toBe(0);
});
