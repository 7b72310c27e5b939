/** Record of a healthcheck for metrics and the status page; in virtual time. */
import { expect, test } from "bun:test";
import { inconclusive } from "../../src/model/result.ts";
import { TRANSITIONS } from "../../src/monitor/record.ts";
import { failure, makeSpec, success, VirtualTime } from "../harness/fakes/fakes.ts";
import { AT_ORIGIN, MonitorFixture } from "../harness/fakes/monitor-fixture.ts";

/** Returns the number of state changes by `from to`, without those that are 0. */
function changes({ record }: MonitorFixture): Record<string, number> {
  const counts = TRANSITIONS.map(
    ({ from, to }, at) => [`${from} ${to}`, record.transitions[at] ?? 0] as const,
  );
  return Object.fromEntries(counts.filter(([, count]) => count > 0));
}

test("monitor: every result is written down, with its start by the wall clock and how late it was", () => {
  using fixture = new MonitorFixture({ fall: 2 });
  fixture.start();
  fixture.time.advance(100);
  fixture.answer(success());
  fixture.answer(failure("L7STS"));
  fixture.checker.last.finish(inconclusive("ports", "no free local port"));
  const past = [...fixture.record.history];
  expect(past.map(({ outcome, code }) => `${outcome} ${code}`)).toEqual([
    "inconclusive LOCAL",
    "failure L7STS",
    "success L4OK",
  ]);
  const startsMs = fixture.startsMs.map((ms) => VirtualTime.WALL_MS + ms);
  expect(past.map(({ atMs }) => Math.round(atMs)).reverse()).toEqual(startsMs.map(Math.round));
  expect(past.map(({ latenessMs }) => latenessMs).reverse()).toEqual(fixture.latenesses.map(Math.fround));
  expect(fixture.record.inconclusive).toBe(1);
});

test("monitor: a state change is counted and dates the state; a result that keeps the state does not", () => {
  using fixture = new MonitorFixture({ rise: 1, fall: 2 });
  const addedMs = fixture.monitor.sinceMs;
  fixture.start();
  fixture.time.advance(50);
  const changedMs = fixture.time.wallMs();
  fixture.answer(success());
  expect([addedMs, fixture.monitor.sinceMs]).toEqual([VirtualTime.WALL_MS, changedMs]);
  fixture.answer(success());
  fixture.answer(failure("L4CON"));
  fixture.answer(inconclusive("ports", "no free local port"));
  expect(changes(fixture)).toEqual({ "unknown healthy": 1 });
  expect(fixture.monitor.sinceMs).toBe(changedMs);
  fixture.answer(failure("L4CON"));
  fixture.answer(success());
  expect(changes(fixture)).toEqual({ "unknown healthy": 1, "healthy unhealthy": 1, "unhealthy healthy": 1 });
  expect(fixture.monitor.sinceMs).toBeGreaterThan(changedMs);
});

test("monitor: starts that did not happen are written down, whatever the reason", () => {
  using fixture = new MonitorFixture({ intervalMs: 1_000, timeoutMs: 60_000 });
  fixture.start();
  fixture.time.advance(3_500);
  expect(fixture.record.skipped).toBe(3);
  fixture.checker.last.finish(success());
  fixture.time.stall(10_000);
  fixture.time.advance(1_000);
  expect(fixture.skipped.late).toBeGreaterThan(0);
  expect(fixture.record.skipped).toBe(fixture.skipped.running + fixture.skipped.late);
});

test("monitor: an interruption during a stall is recorded as a local fault", () => {
  using fixture = new MonitorFixture({ timeoutMs: 400 });
  fixture.start();
  fixture.time.stall(1_000);
  fixture.time.advance(30);
  fixture.checker.last.finish(failure("L7RSP", true));
  expect(fixture.record.history.at(0)).toMatchObject({
    outcome: "inconclusive",
    code: "LOCAL",
    cause: "stalled",
  });
  expect([fixture.record.inconclusive, fixture.record.responseTimes.sum]).toEqual([1, 0]);
});

// src/monitor/monitor.ts, #ownFault: sockets are served before the tick, and stalledMs is that of the last tick.
test("monitor: so is one that arrives before the tick that notices the stall", () => {
  using fixture = new MonitorFixture({ timeoutMs: 400 });
  fixture.start();
  fixture.time.stall(1_000);
  fixture.checker.last.finish(failure("L7RSP", true));
  expect(fixture.record.history.at(0)).toMatchObject({ outcome: "inconclusive", cause: "stalled" });
});

test("monitor: what was written down outlives a new configuration", () => {
  using fixture = new MonitorFixture();
  fixture.start();
  fixture.answer(success());
  fixture.monitor.reconfigure(makeSpec(1, { fall: 7, intervalMs: 5_000 }), AT_ORIGIN);
  expect(fixture.monitor.record).toBe(fixture.record);
  expect(fixture.record.history.length).toBe(1);
});

test("monitor: nothing is written down after its stop", () => {
  using fixture = new MonitorFixture();
  fixture.start();
  fixture.monitor.stop();
  fixture.checker.last.finish(failure("L4CON"));
  fixture.time.advance(5_000);
  expect([fixture.record.history.length, fixture.record.skipped]).toEqual([0, 0]);
});
