/** A healthcheck whose configuration changes, or whose process stands still; in virtual time. */
import { expect, test } from "bun:test";
import { inconclusive } from "../../src/model/result.ts";
import { failure, makeSpec, success } from "../harness/fakes/fakes.ts";
import { MonitorBench } from "../harness/fakes/monitor-fixture.ts";

test("monitor: reconfiguring keeps state, counters and the check under way", () => {
  using bench = new MonitorBench({ fall: 3 });
  bench.start();
  bench.answer(success());
  bench.answer(failure("L4CON"));
  const before = bench.monitor.status;
  bench.monitor.reconfigure(makeSpec(1, { fall: 2, timeoutMs: 300 }), 0);
  expect(bench.monitor.status).toBe(before);
  expect(bench.checker.last.cancelled).toBe(false);
  bench.checker.last.finish(failure("L4CON"));
  expect(bench.changes).toEqual(["unknown healthy", "healthy unhealthy"]);
  expect(bench.monitor.status).toMatchObject({ failures: 2, successes: 1 });
});

test("monitor: a shorter interval holds from the last start on", () => {
  using bench = new MonitorBench({ intervalMs: 60_000 });
  bench.start();
  bench.checker.last.finish(success());
  bench.time.advance(1_000);
  bench.monitor.reconfigure(makeSpec(1, { intervalMs: 2_000 }), 0);
  bench.toNextStart();
  expect(bench.startsMs.at(-1)).toBeGreaterThanOrEqual(2_000);
  expect(bench.startsMs.at(-1)).toBeLessThan(2_020);
});

test("monitor: a longer interval holds from the last start on", () => {
  using bench = new MonitorBench({ intervalMs: 1_000 });
  bench.start();
  bench.checker.last.finish(success());
  bench.time.advance(500);
  bench.monitor.reconfigure(makeSpec(1, { intervalMs: 5_000 }), 0);
  bench.toNextStart();
  expect(bench.startsMs.at(-1)).toBeGreaterThanOrEqual(5_000);
  expect(bench.startsMs.at(-1)).toBeLessThan(5_020);
});

test("monitor: after a shorter interval that has passed already, the next check is the next on its grid", () => {
  using bench = new MonitorBench({ intervalMs: 60_000 });
  bench.start();
  bench.checker.last.finish(success());
  bench.time.advance(10_000);
  bench.monitor.reconfigure(makeSpec(1, { intervalMs: 1_000 }), 300);
  bench.toNextStart();
  expect(Math.floor(bench.time.nowMs() / 10)).toBe(1_030);
});

test("monitor: a shorter interval holds while the very first check is under way", () => {
  using bench = new MonitorBench({ intervalMs: 3_600_000 });
  bench.start();
  bench.monitor.reconfigure(makeSpec(1, { intervalMs: 1_000 }), 0);
  bench.checker.last.finish(success());
  bench.time.advance(1_100);
  expect(bench.checker.attempts.length).toBe(2);
});

test("monitor: a new interval does not put off the repetition of an inconclusive check", () => {
  using bench = new MonitorBench({ intervalMs: 3_600_000 });
  bench.start();
  bench.checker.last.finish(inconclusive("ports", "no free local port"));
  bench.monitor.reconfigure(makeSpec(1, { intervalMs: 1_800_000 }), 0);
  bench.time.advance(1_100);
  expect(bench.checker.attempts.length).toBe(2);
});

test("monitor: before the first start a new interval moves nothing", () => {
  using bench = new MonitorBench({ intervalMs: 1_000 });
  bench.monitor.start(700, 0);
  bench.monitor.reconfigure(makeSpec(1, { intervalMs: 60_000 }), 0);
  bench.time.advance(690);
  expect(bench.checker.attempts.length).toBe(0);
  bench.time.advance(30);
  expect(bench.checker.attempts.length).toBe(1);
});

test("monitor: a time-out does not fire for a stall of our own", () => {
  using bench = new MonitorBench({ timeoutMs: 500 });
  bench.start();
  bench.time.advance(100);
  bench.time.stall(5_000);
  bench.time.advance(300);
  expect(bench.checker.attempts[0]?.expired).toBe(false);
  bench.time.advance(150);
  expect(bench.checker.attempts[0]?.expired).toBe(true);
});

test("monitor: a connection that the other side closed during a long stall says nothing", () => {
  using bench = new MonitorBench({ timeoutMs: 500 });
  bench.start();
  bench.time.stall(400);
  bench.time.advance(30);
  bench.checker.last.finish(failure("L7RSP", true));
  expect(bench.results).toMatchObject([{ outcome: "inconclusive", cause: "stalled" }]);
  expect(bench.monitor.status.state).toBe("unknown");
});

test("monitor: after a stall that is short against the time-out it is a failure", () => {
  using bench = new MonitorBench({ timeoutMs: 500 });
  bench.start();
  bench.time.stall(110);
  bench.time.advance(30);
  bench.checker.last.finish(failure("L7RSP", true));
  expect(bench.results).toMatchObject([{ outcome: "failure" }]);
});

test("monitor: with a long time-out a quarter of a second is a long stall", () => {
  using bench = new MonitorBench({ intervalMs: 60_000, timeoutMs: 10_000 });
  bench.start();
  bench.time.stall(300);
  bench.time.advance(30);
  bench.checker.last.finish(failure("L6RSP", true));
  expect(bench.results).toMatchObject([{ outcome: "inconclusive", cause: "stalled" }]);
});

test("monitor: what was answered or refused during a stall counts", () => {
  for (const result of [failure("L4CON"), failure("L7STS"), success()]) {
    using bench = new MonitorBench({ timeoutMs: 500 });
    bench.start();
    bench.time.stall(400);
    bench.time.advance(30);
    bench.checker.last.finish(result);
    expect(bench.results).toEqual([result]);
  }
});

test("monitor: a stall before the check began is not its own", () => {
  using bench = new MonitorBench({ timeoutMs: 500 });
  bench.start();
  bench.answer(success());
  bench.checker.last.finish(success());
  bench.time.stall(1_500);
  bench.time.advance(200);
  expect(bench.monitor.running).toBe(true);
  bench.checker.last.finish(failure("L7RSP", true));
  expect(bench.results.at(-1)).toMatchObject({ outcome: "failure", code: "L7RSP" });
});

test("monitor: starts that a stall has swallowed are skipped and counted, not made up for", () => {
  using bench = new MonitorBench();
  bench.start();
  bench.checker.last.finish(success());
  bench.time.stall(3_500);
  bench.time.advance(100);
  expect(bench.checker.attempts.length).toBe(2);
  // Due at 1,000, begun at about 3,530: those of 2,000 and 3,000 did not happen.
  expect(bench.skipped).toEqual({ running: 0, late: 2 });
  bench.checker.last.finish(success());
  bench.toNextStart();
  expect(Math.round(bench.time.nowMs() / 100)).toBe(40);
});

/** The starts of a monitor that begins at 0, in tenths of a second, each check answered after `tookMs`. */
function tenths(gridMs: number, tookMs: number, changes: Parameters<typeof makeSpec>[1] = {}) {
  using bench = new MonitorBench(changes);
  bench.monitor.start(0, gridMs);
  for (let ms = 0; ms < 45_000; ms += 5) {
    bench.time.advance(5);
    const began = bench.startsMs.at(-1) ?? 0;
    if (bench.monitor.running && bench.time.nowMs() - began >= tookMs) bench.checker.last.finish(success());
  }
  return { starts: bench.startsMs.map((ms) => Math.floor(ms / 100)), skipped: bench.skipped };
}

test("monitor: the second check is on the grid where that is half an interval to an interval away", () => {
  const { starts, skipped } = tenths(7_000, 100, { intervalMs: 10_000 });
  expect(starts).toEqual([0, 70, 170, 270, 370]);
  expect(skipped).toEqual({ running: 0, late: 0 });
});

test("monitor: where the grid is nearer, the way to it is two equal gaps", () => {
  const { starts, skipped } = tenths(2_000, 100, { intervalMs: 10_000 });
  expect(starts).toEqual([0, 60, 120, 220, 320, 420]);
  expect(skipped).toEqual({ running: 0, late: 0 });
});

test("monitor: checks longer than half an interval keep their pace, and no start counts as skipped", () => {
  const { starts, skipped } = tenths(2_000, 8_000, { intervalMs: 10_000, timeoutMs: 9_000 });
  expect(starts).toEqual([0, 100, 200, 300, 400]);
  expect(skipped).toEqual({ running: 0, late: 0 });
});

test("monitor: checks longer than the interval join the grid, and the starts left out are counted", () => {
  const { starts, skipped } = tenths(2_000, 13_000, { intervalMs: 10_000, timeoutMs: 20_000 });
  // Due at 100 an interval after the first, then on the grid at 120 and 320: a check still ran.
  expect(starts).toEqual([0, 220, 420]);
  expect(skipped).toEqual({ running: 3, late: 0 });
});
