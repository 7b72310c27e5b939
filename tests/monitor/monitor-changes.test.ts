/** A healthcheck whose configuration changes, or whose process stalls; in virtual time. */
import { expect, test } from "bun:test";
import type { CheckResult } from "../../src/model/result.ts";
import { inconclusive } from "../../src/model/result.ts";
import { failure, makeSpec, success } from "../harness/fakes/fakes.ts";
import { AT_ORIGIN, MonitorFixture } from "../harness/fakes/monitor-fixture.ts";

test("monitor: reconfiguring keeps state, counters and the check under way", () => {
  using fixture = new MonitorFixture({ fall: 3 });
  fixture.start();
  fixture.answer(success());
  fixture.answer(failure("L4CON"));
  const before = fixture.monitor.status;
  fixture.monitor.reconfigure(makeSpec(1, { fall: 2, timeoutMs: 300 }), AT_ORIGIN);
  expect(fixture.monitor.status).toBe(before);
  expect(fixture.checker.last.canceled).toBe(false);
  fixture.checker.last.finish(failure("L4CON"));
  expect(fixture.changes).toEqual(["unknown healthy", "healthy unhealthy"]);
  expect(fixture.monitor.status).toMatchObject({ failures: 2, successes: 1 });
});

test("monitor: a shorter interval holds from the last start on", () => {
  using fixture = new MonitorFixture({ intervalMs: 60_000 });
  fixture.start();
  fixture.checker.last.finish(success());
  fixture.time.advance(1_000);
  fixture.monitor.reconfigure(makeSpec(1, { intervalMs: 2_000 }), AT_ORIGIN);
  fixture.toNextStart();
  expect(fixture.startsMs.at(-1)).toBeGreaterThanOrEqual(2_000);
  expect(fixture.startsMs.at(-1)).toBeLessThan(2_020);
});

test("monitor: a longer interval holds from the last start on", () => {
  using fixture = new MonitorFixture({ intervalMs: 1_000 });
  fixture.start();
  fixture.checker.last.finish(success());
  fixture.time.advance(500);
  fixture.monitor.reconfigure(makeSpec(1, { intervalMs: 5_000 }), AT_ORIGIN);
  fixture.toNextStart();
  expect(fixture.startsMs.at(-1)).toBeGreaterThanOrEqual(5_000);
  expect(fixture.startsMs.at(-1)).toBeLessThan(5_020);
});

test("monitor: after a shorter interval that has passed already, the next check is the next on its grid", () => {
  using fixture = new MonitorFixture({ intervalMs: 60_000 });
  fixture.start();
  fixture.checker.last.finish(success());
  fixture.time.advance(10_000);
  fixture.monitor.reconfigure(makeSpec(1, { intervalMs: 1_000 }), { originMs: 300, share: 0 });
  fixture.toNextStart();
  expect(Math.floor(fixture.time.nowMs() / 10)).toBe(1_030);
});

test("monitor: a shorter interval holds while the very first check is under way", () => {
  using fixture = new MonitorFixture({ intervalMs: 3_600_000 });
  fixture.start();
  fixture.monitor.reconfigure(makeSpec(1, { intervalMs: 1_000 }), AT_ORIGIN);
  fixture.checker.last.finish(success());
  fixture.time.advance(1_100);
  expect(fixture.checker.attempts.length).toBe(2);
});

test("monitor: a new interval does not put off the repetition of an inconclusive check", () => {
  using fixture = new MonitorFixture({ intervalMs: 3_600_000 });
  fixture.start();
  fixture.checker.last.finish(inconclusive("ports", "no free local port"));
  fixture.monitor.reconfigure(makeSpec(1, { intervalMs: 1_800_000 }), AT_ORIGIN);
  fixture.time.advance(1_100);
  expect(fixture.checker.attempts.length).toBe(2);
});

test("monitor: before the first start a new interval moves nothing", () => {
  using fixture = new MonitorFixture({ intervalMs: 1_000 });
  fixture.monitor.start(700, AT_ORIGIN);
  fixture.monitor.reconfigure(makeSpec(1, { intervalMs: 60_000 }), AT_ORIGIN);
  fixture.time.advance(690);
  expect(fixture.checker.attempts.length).toBe(0);
  fixture.time.advance(30);
  expect(fixture.checker.attempts.length).toBe(1);
});

test("monitor: a timeout does not fire for a stall of this process", () => {
  using fixture = new MonitorFixture({ timeoutMs: 500 });
  fixture.start();
  fixture.time.advance(100);
  fixture.time.stall(5_000);
  fixture.time.advance(300);
  expect(fixture.checker.attempts[0]?.expired).toBe(false);
  fixture.time.advance(150);
  expect(fixture.checker.attempts[0]?.expired).toBe(true);
});

test("monitor: a connection that the peer closed during a long stall is inconclusive", () => {
  using fixture = new MonitorFixture({ timeoutMs: 500 });
  fixture.start();
  fixture.time.stall(400);
  fixture.time.advance(30);
  fixture.checker.last.finish(failure("L7RSP", true));
  expect(fixture.results).toMatchObject([{ outcome: "inconclusive", cause: "stalled" }]);
  expect(fixture.monitor.status.state).toBe("unknown");
});

test("monitor: after a stall that is short against the timeout it is a failure", () => {
  using fixture = new MonitorFixture({ timeoutMs: 500 });
  fixture.start();
  fixture.time.stall(110);
  fixture.time.advance(30);
  fixture.checker.last.finish(failure("L7RSP", true));
  expect(fixture.results).toMatchObject([{ outcome: "failure" }]);
});

test("monitor: with a long timeout a quarter of a second is a long stall", () => {
  using fixture = new MonitorFixture({ intervalMs: 60_000, timeoutMs: 10_000 });
  fixture.start();
  fixture.time.stall(300);
  fixture.time.advance(30);
  fixture.checker.last.finish(failure("L6RSP", true));
  expect(fixture.results).toMatchObject([{ outcome: "inconclusive", cause: "stalled" }]);
});

test("monitor: an answer or a refused connection during a stall counts", () => {
  for (const result of [failure("L4CON"), failure("L7STS"), success()]) {
    using fixture = new MonitorFixture({ timeoutMs: 500 });
    fixture.start();
    fixture.time.stall(400);
    fixture.time.advance(30);
    fixture.checker.last.finish(result);
    expect(fixture.results).toEqual([result]);
  }
});

/** A complete answer that came late, by the kernel's clock. */
function lateAnswer(durationMs: number): CheckResult {
  return { outcome: "failure", code: "L7TOUT", message: "answered late", durationMs, phases: {}, late: true };
}

test("monitor: an answer that came late while this process stalled is inconclusive, and is repeated soon", () => {
  using fixture = new MonitorFixture({ intervalMs: 60_000, timeoutMs: 500 });
  fixture.start();
  fixture.time.stall(2_000);
  fixture.time.advance(30);
  fixture.checker.last.finish(lateAnswer(1_500));
  expect(fixture.results).toMatchObject([
    {
      outcome: "inconclusive",
      code: "LOCAL",
      cause: "stalled",
      message: expect.stringMatching(/^answered late \(event loop stalled for \d+ms\)$/),
    },
  ]);
  expect(fixture.monitor.status.state).toBe("unknown");
  const atMs = fixture.time.nowMs();
  fixture.toNextStart();
  expect(fixture.time.nowMs() - atMs).toBeLessThan(60_000);
});

test("monitor: an answer that is later than the stall explains is a failure", () => {
  using fixture = new MonitorFixture({ timeoutMs: 500 });
  fixture.start();
  fixture.time.stall(300);
  fixture.time.advance(30);
  fixture.checker.last.finish(lateAnswer(900));
  expect(fixture.results).toEqual([lateAnswer(900)]);
  expect(fixture.changes).toEqual(["unknown unhealthy"]);
});

test("monitor: without a stall a late answer is a failure, after one before the check began, too", () => {
  using fixture = new MonitorFixture({ timeoutMs: 500 });
  fixture.start();
  fixture.checker.last.finish(lateAnswer(501));
  expect(fixture.results).toEqual([lateAnswer(501)]);
  fixture.time.stall(5_000);
  fixture.toNextStart();
  fixture.checker.last.finish(lateAnswer(501));
  expect(fixture.results.at(-1)).toEqual(lateAnswer(501));
});

test("monitor: a late answer is excused before the tick that notices the stall, too", () => {
  using fixture = new MonitorFixture({ timeoutMs: 500 });
  fixture.start();
  fixture.time.stall(2_000);
  fixture.checker.last.finish(lateAnswer(1_500));
  expect(fixture.results).toMatchObject([{ outcome: "inconclusive", cause: "stalled" }]);
});

test("monitor: a new timeout does not change the verdict about a check that began with the old one", () => {
  using fixture = new MonitorFixture({ timeoutMs: 500 });
  fixture.start();
  fixture.monitor.reconfigure(makeSpec(1, { timeoutMs: 100 }), AT_ORIGIN);
  fixture.time.stall(2_000);
  fixture.checker.last.finish(lateAnswer(2_400));
  expect(fixture.results).toMatchObject([{ outcome: "inconclusive", cause: "stalled" }]);
});

test("monitor: a stall before the check began is not its own", () => {
  using fixture = new MonitorFixture({ timeoutMs: 500 });
  fixture.start();
  fixture.answer(success());
  fixture.checker.last.finish(success());
  fixture.time.stall(1_500);
  fixture.time.advance(200);
  expect(fixture.monitor.running).toBe(true);
  fixture.checker.last.finish(failure("L7RSP", true));
  expect(fixture.results.at(-1)).toMatchObject({ outcome: "failure", code: "L7RSP" });
});

test("monitor: starts that a stall has swallowed are skipped and counted, not made up for", () => {
  using fixture = new MonitorFixture();
  fixture.start();
  fixture.checker.last.finish(success());
  fixture.time.stall(3_500);
  fixture.time.advance(100);
  expect(fixture.checker.attempts.length).toBe(2);
  // Due at 1,000, begun at about 3,530: those of 2,000 and 3,000 did not happen.
  expect(fixture.skipped).toEqual({ running: 0, late: 2 });
  fixture.checker.last.finish(success());
  fixture.toNextStart();
  expect(Math.round(fixture.time.nowMs() / 100)).toBe(40);
});

/** The starts of a monitor that begins at 0, in tenths of a second, each check answered after `tookMs`. */
function tenths(gridMs: number, tookMs: number, changes: Parameters<typeof makeSpec>[1] = {}) {
  using fixture = new MonitorFixture(changes);
  fixture.monitor.start(0, { originMs: gridMs, share: 0 });
  for (let ms = 0; ms < 45_000; ms += 5) {
    fixture.time.advance(5);
    const began = fixture.startsMs.at(-1) ?? 0;
    if (fixture.monitor.running && fixture.time.nowMs() - began >= tookMs)
      fixture.checker.last.finish(success());
  }
  return { starts: fixture.startsMs.map((ms) => Math.floor(ms / 100)), skipped: fixture.skipped };
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
