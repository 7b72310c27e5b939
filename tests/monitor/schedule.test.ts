/** Starts of healthchecks. */
import { expect, test } from "bun:test";
import fc from "fast-check";
import {
  firstOnGrid,
  firstStartMs,
  type NextPlan,
  nextOnGrid,
  nextPlan,
  type Plan,
  repeatAfterMs,
  replan,
  settle,
} from "../../src/monitor/schedule.ts";

function starts(count: number): number[] {
  return Array.from({ length: count }, (_, index) => firstStartMs(index, count));
}

test("firstStartMs: a handful starts immediately", () => {
  expect(new Set(starts(10))).toEqual(new Set([0]));
});

test("firstStartMs: 1,000 start within a second, 10,000 within a second and a half", () => {
  expect(Math.max(...starts(1_000))).toBeLessThan(1_000);
  expect(Math.max(...starts(10_000))).toBeLessThan(1_500);
});

test("firstStartMs: the starts of a large set come in order, in even groups of 50", () => {
  for (const count of [100, 1_000, 10_000, 50_000]) {
    const groups = Map.groupBy(starts(count), (time) => time);
    const times = [...groups.keys()];
    const gaps = times.slice(1).map((time, index) => time - (times[index] ?? 0));
    expect(times[0]).toBe(0);
    expect(new Set([...groups.values()].map((group) => group.length))).toEqual(new Set([50]));
    expect(Math.max(...gaps)).toBeCloseTo(Math.min(...gaps), 6);
    expect(Math.min(...gaps)).toBeGreaterThan(0);
  }
});

test("firstStartMs: no set, however large, starts faster than 10,000 do", () => {
  const perMs = (count: number) => count / (firstStartMs(count - 1, count) || 1);
  const pace = perMs(10_000);
  for (const count of [30_000, 100_000]) expect(perMs(count)).toBeLessThanOrEqual(pace * 1.01);
});

const anyGrid = fc.record({
  dueMs: fc.integer({ min: 0, max: 1e9 }),
  intervalMs: fc.integer({ min: 1, max: 1e7 }),
  lateMs: fc.integer({ min: 0, max: 1e9 }),
});

test("nextOnGrid: stays on the grid, and is the first time on it that is still to come", () => {
  fc.assert(
    fc.property(anyGrid, ({ dueMs, intervalMs, lateMs }) => {
      const nowMs = dueMs + lateMs;
      const next = nextOnGrid(dueMs, intervalMs, nowMs);
      expect((next.dueMs - dueMs) % intervalMs).toBe(0);
      expect(next.dueMs).toBeGreaterThan(nowMs);
      expect(next.dueMs - intervalMs).toBeLessThanOrEqual(nowMs);
    }),
  );
});

test("nextOnGrid: counts those that were passed over", () => {
  fc.assert(
    fc.property(anyGrid, ({ dueMs, intervalMs, lateMs }) => {
      const next = nextOnGrid(dueMs, intervalMs, dueMs + lateMs);
      expect(next.missed).toBe((next.dueMs - dueMs) / intervalMs - 1);
    }),
  );
});

test("nextOnGrid: on time nothing is missed; three intervals late, three are", () => {
  expect(nextOnGrid(1_000, 100, 1_004)).toEqual({ dueMs: 1_100, missed: 0 });
  expect(nextOnGrid(1_000, 100, 1_304)).toEqual({ dueMs: 1_400, missed: 3 });
});

test("nextOnGrid: a thousand steps with fractions do not drift", () => {
  let dueMs = 0.7;
  for (let step = 0; step < 1_000; step++) ({ dueMs } = nextOnGrid(dueMs, 333.25, dueMs + 3.3));
  expect(dueMs).toBeCloseTo(0.7 + 1_000 * 333.25, 6);
});

test("repeatAfterMs: a quarter of the interval at most, within its bounds, never immediately", () => {
  const anyJitter = fc.double({ min: 0, max: 1, noNaN: true });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1e8 }), anyJitter, (intervalMs, jitter) => {
      const maxMs = Math.min(1_000, Math.max(50, intervalMs / 4));
      const ms = repeatAfterMs(intervalMs, jitter);
      expect(ms).toBeGreaterThanOrEqual(maxMs / 2);
      expect(ms).toBeLessThanOrEqual(maxMs);
    }),
  );
});

const GRID = { intervalMs: 1_000, timeMs: 300 };

test.each([
  [-700, -700],
  [-699, 300],
  [0, 300],
  [300, 300],
  [300.5, 1_300],
  [5_299, 5_300],
])("firstOnGrid: from %d on it is %d", (fromMs, dueMs) => {
  expect(firstOnGrid(GRID, fromMs)).toBe(dueMs);
});

test.each([
  [0, 650, "off"],
  [290, 795, "off"],
  [300, 1_300, "joining"],
  [600, 1_300, "joining"],
  [800, 1_300, "joining"],
  [801, 1_550.5, "off"],
] as const)(
  "settle: a check that began at %d is followed at %d, %s the grid",
  (startedAtMs, dueMs, place) => {
    expect(settle(startedAtMs, GRID)).toEqual({ dueMs, place });
  },
);

const anySettling = fc.record({
  intervalMs: fc.integer({ min: 10, max: 1e7 }),
  timeMs: fc.integer({ min: -1e7, max: 1e7 }),
  startedAtMs: fc.integer({ min: 0, max: 1e9 }),
});

test("settle: a check on its way to the grid that begins late joins it all the same", () => {
  expect(settle(650, GRID, 650 + 240)).toEqual({ dueMs: 1_300, place: "joining" });
  expect(settle(650, GRID, 650 + 500)).toEqual({ dueMs: 1_725, place: "off" });
});

test("settle: gaps are half an interval to an interval long, and the second start is on the grid at the latest", () => {
  fc.assert(
    fc.property(anySettling, ({ startedAtMs, ...grid }) => {
      const starts: number[] = [startedAtMs];
      let plan: Plan = settle(startedAtMs, grid);
      for (; plan.place === "off"; plan = settle(plan.dueMs, grid)) starts.push(plan.dueMs);
      starts.push(plan.dueMs);
      expect(starts.length).toBeLessThanOrEqual(3);
      for (const [index, ms] of starts.slice(1).entries()) {
        const gapMs = ms - (starts[index] ?? 0);
        expect(gapMs).toBeGreaterThanOrEqual(grid.intervalMs / 2);
        expect(gapMs).toBeLessThanOrEqual(grid.intervalMs);
      }
      expect(Math.abs(plan.dueMs - grid.timeMs) % grid.intervalMs).toBe(0);
    }),
  );
});

test.each<[string, Plan, number, number | undefined, NextPlan]>([
  ["on, on time", { dueMs: 1_300, place: "on" }, 1_304, undefined, { dueMs: 2_300, place: "on", skipped: 0 }],
  ["on, running", { dueMs: 1_300, place: "on" }, 1_304, 300, { dueMs: 2_300, place: "on", skipped: 1 }],
  [
    "on, late by two",
    { dueMs: 1_300, place: "on" },
    3_400,
    undefined,
    { dueMs: 4_300, place: "on", skipped: 2 },
  ],
  [
    "joining",
    { dueMs: 1_300, place: "joining" },
    1_304,
    undefined,
    { dueMs: 2_300, place: "on", skipped: 0 },
  ],
  [
    "joining, running",
    { dueMs: 1_300, place: "joining" },
    1_304,
    700,
    { dueMs: 1_700, place: "off", skipped: 0 },
  ],
  ["first", { dueMs: 0, place: "off" }, 4, undefined, { dueMs: 652, place: "off", skipped: 0 }],
  [
    "first, late by two",
    { dueMs: 0, place: "off" },
    2_400,
    undefined,
    { dueMs: 3_300, place: "joining", skipped: 2 },
  ],
  ["off, running", { dueMs: 650, place: "off" }, 654, 4, { dueMs: 1_004, place: "off", skipped: 0 }],
  [
    "off, running an interval",
    { dueMs: 1_004, place: "off" },
    1_004,
    4,
    { dueMs: 1_300, place: "on", skipped: 1 },
  ],
  ["off, running three", { dueMs: 1_004, place: "off" }, 3_010, 4, { dueMs: 3_300, place: "on", skipped: 3 }],
])("nextPlan: %s", (_name, due, nowMs, runningSinceMs, next) => {
  expect(nextPlan(due, GRID, nowMs, runningSinceMs)).toEqual(next);
});

const anyChange = fc.record({
  startedAtMs: fc.integer({ min: 0, max: 1e6 }),
  oldMs: fc.integer({ min: 10, max: 1e6 }),
  intervalMs: fc.integer({ min: 10, max: 1e6 }),
  timeMs: fc.integer({ min: -1e6, max: 1e6 }),
  passed: fc.double({ min: 0, max: 1, noNaN: true }),
});

test("replan: the gap is never longer than the longer interval, and not begun in the past", () => {
  fc.assert(
    fc.property(anyChange, ({ startedAtMs, oldMs, passed, ...grid }) => {
      const nowMs = startedAtMs + passed * oldMs;
      const plan = replan(startedAtMs, startedAtMs + oldMs, grid, nowMs);
      expect(plan.dueMs).toBeGreaterThanOrEqual(nowMs);
      expect(plan.dueMs).toBeLessThanOrEqual(startedAtMs + Math.max(oldMs, grid.intervalMs));
    }),
  );
});
