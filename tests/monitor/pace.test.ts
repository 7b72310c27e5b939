/** The pace of a healthcheck in virtual time: fast interval, down interval and jitter. */
import { expect, test } from "bun:test";
import { failure, makeSpec, success } from "../harness/fakes/fakes.ts";
import { AT_ORIGIN, MonitorFixture } from "../harness/fakes/monitor-fixture.ts";

/** Starts may be late by a tick. */
const TICK_MS = 8;

/** Answers checks, one for each sign. @returns the gaps after each, in hundreds of milliseconds */
function gaps(fixture: MonitorFixture, results: string): number[] {
  return [...results].map((result) => {
    const before = fixture.time.nowMs();
    fixture.answer(result === "+" ? success() : failure("L4CON"));
    return Math.round((fixture.time.nowMs() - before) / 100);
  });
}

const FAST = { intervalMs: 5_000, fastIntervalMs: 500, downIntervalMs: 5_000, fall: 3, rise: 2 };

test("pace: while failures speak against healthy, checks follow each other at the fast interval", () => {
  using fixture = new MonitorFixture(FAST);
  fixture.start();
  expect(gaps(fixture, "++")).toEqual([50, 50]);
  expect(gaps(fixture, "--")).toEqual([5, 5]);
  expect(fixture.changes).toEqual(["unknown healthy"]);
  gaps(fixture, "-");
  expect(fixture.changes).toEqual(["unknown healthy", "healthy unhealthy"]);
});

test("pace: after the fast checks the healthcheck returns to its grid, with gaps of half an interval to an interval", () => {
  using fixture = new MonitorFixture(FAST);
  fixture.start();
  gaps(fixture, "+");
  const [fast = 0, ...others] = gaps(fixture, "-++++");
  expect(fast).toBe(5);
  for (const gap of others) {
    expect(gap).toBeGreaterThanOrEqual(25);
    expect(gap).toBeLessThanOrEqual(50);
  }
  expect(Math.round(fixture.time.nowMs() / 100) % 50).toBe(0);
  expect(fixture.skipped).toEqual({ running: 0, late: 0 });
});

test("pace: the fast interval holds for the way up as well, and the first result needs none", () => {
  using fixture = new MonitorFixture({ ...FAST, downIntervalMs: 20_000 });
  fixture.start();
  expect(gaps(fixture, "-").every((gap) => gap >= 100 && gap <= 200)).toBe(true);
  expect(gaps(fixture, "+")).toEqual([5]);
  gaps(fixture, "+");
  expect(fixture.changes).toEqual(["unknown unhealthy", "unhealthy healthy"]);
});

test("pace: a fast check that takes longer is followed immediately, never overlaps, and nothing counts as skipped", () => {
  using fixture = new MonitorFixture({ ...FAST, timeoutMs: 2_000 });
  fixture.start();
  gaps(fixture, "+");
  for (let times = 0; times < 2; times++) {
    const startMs = fixture.time.nowMs();
    fixture.time.advance(1_990);
    expect(fixture.monitor.running).toBe(true);
    fixture.toNextStart();
    expect(fixture.time.nowMs() - startMs).toBeLessThan(2_000 + 4 * TICK_MS);
  }
  expect(fixture.checker.attempts.filter(({ expired }) => expired).length).toBe(2);
  expect(fixture.skipped).toEqual({ running: 0, late: 0 });
  expect(fixture.latenesses.every((ms) => ms >= 0 && ms <= TICK_MS)).toBe(true);
});

test("pace: an inconclusive check during the transition is repeated at once the fast interval has passed, at the latest", () => {
  using fixture = new MonitorFixture(FAST);
  fixture.start();
  gaps(fixture, "+-");
  const startMs = fixture.time.nowMs();
  fixture.checker.last.finish({ outcome: "inconclusive", code: "LOCAL", cause: "ports", message: "no port" });
  fixture.toNextStart();
  expect(fixture.time.nowMs() - startMs).toBeLessThanOrEqual(FAST.fastIntervalMs);
});

test("pace: an unhealthy backend is checked on the grid of the down interval, a healthy one on its own again", () => {
  const share = 0.3;
  using fixture = new MonitorFixture({ intervalMs: 1_000, downIntervalMs: 10_000 });
  fixture.monitor.start(0, { originMs: 0, share });
  fixture.time.advance(10);
  gaps(fixture, "++----");
  const onDownGrid = fixture.startsMs.slice(-2).map((ms) => Math.round(ms / 100) % 100);
  expect(onDownGrid).toEqual([share * 100, share * 100]);
  gaps(fixture, "+++");
  expect(Math.round(fixture.time.nowMs() / 100) % 10).toBe(share * 10);
  expect(fixture.skipped).toEqual({ running: 0, late: 0 });
});

test("pace: a down interval below the interval finds a recovery sooner", () => {
  using fixture = new MonitorFixture({ intervalMs: 10_000, fastIntervalMs: 10_000, downIntervalMs: 1_000 });
  fixture.start();
  expect(gaps(fixture, "---").at(-1)).toBe(10);
});

test("pace: a new down interval holds from the last start on while unhealthy, and not while healthy", () => {
  for (const [result, minMs] of [
    ["-", 10_000],
    ["+", 500],
  ] as const) {
    using fixture = new MonitorFixture();
    fixture.start();
    gaps(fixture, result);
    fixture.checker.last.finish(result === "+" ? success() : failure("L4CON"));
    const startMs = fixture.time.nowMs();
    fixture.monitor.reconfigure(makeSpec(1, { downIntervalMs: 20_000 }), AT_ORIGIN);
    fixture.toNextStart();
    expect(fixture.time.nowMs() - startMs).toBeGreaterThanOrEqual(minMs - 4 * TICK_MS);
    expect(fixture.time.nowMs() - startMs).toBeLessThanOrEqual(2 * minMs + TICK_MS);
  }
});

test("pace: jitter delays each start by at most its share of the interval, and keeps the mean rate", () => {
  using fixture = new MonitorFixture({ jitter: 50 });
  fixture.start();
  gaps(fixture, "+".repeat(200));
  const onGrid = fixture.startsMs.slice(3);
  const offsets = onGrid.map((ms) => ms % 1_000);
  expect(Math.max(...offsets)).toBeLessThanOrEqual(500 + TICK_MS);
  expect(Math.max(...offsets) - Math.min(...offsets)).toBeGreaterThan(250);
  const elapsedMs = (onGrid.at(-1) ?? 0) - (onGrid[0] ?? 0);
  expect(Math.abs(elapsedMs - (onGrid.length - 1) * 1_000)).toBeLessThanOrEqual(500 + TICK_MS);
  expect(fixture.latenesses.every((ms) => ms >= 0 && ms <= TICK_MS)).toBe(true);
  expect(fixture.skipped).toEqual({ running: 0, late: 0 });
});

test("pace: a check that takes nearly its interval never counts as skipped because of jitter", () => {
  using fixture = new MonitorFixture({ jitter: 50, timeoutMs: 950 });
  fixture.start();
  fixture.time.advance(100_000);
  expect(fixture.checker.attempts.length).toBeGreaterThan(60);
  expect(fixture.skipped.running).toBe(0);
});
