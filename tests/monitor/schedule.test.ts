/** When healthchecks start. */
import { expect, test } from "bun:test";
import fc from "fast-check";
import { firstStartMs, nextOnGrid, repeatAfterMs } from "../../src/monitor/schedule.ts";

function starts(count: number): number[] {
  return Array.from({ length: count }, (_, index) => firstStartMs(index, count));
}

test("firstStartMs: a handful starts at once", () => {
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

test("repeatAfterMs: a quarter of the interval at most, within its bounds, never at once", () => {
  const anyJitter = fc.double({ min: 0, max: 1, noNaN: true });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1e8 }), anyJitter, (intervalMs, jitter) => {
      const mostMs = Math.min(1_000, Math.max(50, intervalMs / 4));
      const ms = repeatAfterMs(intervalMs, jitter);
      expect(ms).toBeGreaterThanOrEqual(mostMs / 2);
      expect(ms).toBeLessThanOrEqual(mostMs);
    }),
  );
});
