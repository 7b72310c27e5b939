/** A healthcheck's life, in virtual time, with a checker whose answers the test gives. */
import { expect, test } from "bun:test";
import { inconclusive } from "../../src/model/result.ts";
import { failure, makeSpec, success, tcpSpec, VirtualTime } from "../harness/fakes/fakes.ts";
import { AT_ORIGIN, MonitorFixture } from "../harness/fakes/monitor-fixture.ts";

test("monitor: reports nothing before its first result, and the first result decides", () => {
  using fixture = new MonitorFixture({ rise: 3, fall: 3 });
  fixture.start();
  expect(fixture.monitor.running).toBe(true);
  expect(fixture.monitor.status).toMatchObject({ state: "unknown", lastCheckMs: undefined });
  fixture.checker.last.finish(failure("L4CON"));
  expect(fixture.changes).toEqual(["unknown unhealthy"]);
  expect(fixture.monitor.running).toBe(false);
});

test("monitor: fall failures in a row make it unhealthy, rise successes healthy again", () => {
  using fixture = new MonitorFixture({ rise: 2, fall: 3 });
  fixture.start();
  for (const result of "+--+---+-++") fixture.answer(result === "+" ? success() : failure("L4CON"));
  expect(fixture.changes).toEqual(["unknown healthy", "healthy unhealthy", "unhealthy healthy"]);
  expect(fixture.monitor.status).toMatchObject({ failures: 6, successes: 5 });
});

test("monitor: the status has the start by the wall clock, what it took, and code and sentence", () => {
  using fixture = new MonitorFixture();
  fixture.start();
  fixture.time.advance(200);
  fixture.checker.last.finish(failure("L7STS"));
  const { status } = fixture.monitor;
  const startMs = (status.lastCheckMs ?? 0) - VirtualTime.WALL_MS;
  expect(startMs).toBeGreaterThanOrEqual(0);
  expect(startMs).toBeLessThan(20);
  expect(status).toMatchObject({ durationMs: 7, message: "L7STS the check failed" });
});

test("monitor: starts lie on a grid, whatever the checks take", () => {
  using fixture = new MonitorFixture();
  fixture.start();
  for (const tookMs of [10, 400, 3, 250]) {
    fixture.time.advance(tookMs);
    fixture.checker.last.finish(success());
    fixture.toNextStart();
  }
  fixture.checker.last.finish(success());
  expect(fixture.startsMs.map((ms) => Math.round(ms / 100) * 100)).toEqual([0, 1_000, 2_000, 3_000, 4_000]);
  expect(fixture.startsMs.every((ms) => ms % 1_000 < 10)).toBe(true);
  expect(fixture.latenesses.every((ms) => ms >= 0 && ms < 10)).toBe(true);
});

test("monitor: an inconclusive check leaves the state, is repeated soon, and the grid stays", () => {
  using fixture = new MonitorFixture({ fall: 1 });
  fixture.start();
  fixture.answer(success());
  const before = fixture.monitor.status;
  const atMs = fixture.time.nowMs();
  fixture.checker.last.finish(inconclusive("ports", "no free local port"));
  expect(fixture.monitor.status).toBe(before);
  fixture.toNextStart();
  expect(fixture.time.nowMs() - atMs).toBeLessThanOrEqual(260);
  fixture.checker.last.finish(success());
  fixture.toNextStart();
  expect(Math.round(fixture.time.nowMs() / 100)).toBe(20);
  expect(fixture.changes).toEqual(["unknown healthy"]);
});

test("monitor: without any conclusive result it stays unknown", () => {
  using fixture = new MonitorFixture();
  fixture.start();
  for (let times = 0; times < 20; times++) fixture.answer(inconclusive("descriptors", "too many open files"));
  expect(fixture.changes).toEqual([]);
  expect(fixture.monitor.status.state).toBe("unknown");
});

test("monitor: never overlaps itself; the starts it cannot take are counted", () => {
  using fixture = new MonitorFixture({ intervalMs: 1_000, timeoutMs: 60_000 });
  fixture.start();
  fixture.time.advance(3_500);
  expect(fixture.checker.attempts.length).toBe(1);
  expect(fixture.skipped).toEqual({ running: 3, late: 0 });
  fixture.checker.last.finish(success());
  fixture.time.advance(600);
  expect(fixture.checker.attempts.length).toBe(2);
  expect(fixture.skipped).toEqual({ running: 3, late: 0 });
});

test("monitor: a timeout ends the check, at its time and not before", () => {
  using fixture = new MonitorFixture({ timeoutMs: 500 });
  fixture.start();
  const { last } = fixture.checker;
  fixture.time.advance(480);
  expect(last.expired).toBe(false);
  fixture.time.advance(60);
  expect(last.expired).toBe(true);
  expect(last.timeoutMs).toBe(500);
  expect(fixture.monitor.status).toMatchObject({ state: "unhealthy", message: "L7TOUT the check failed" });
});

test("monitor: a check that ended in time is not expired", () => {
  using fixture = new MonitorFixture({ intervalMs: 10_000 });
  fixture.start();
  fixture.checker.last.finish(success());
  fixture.time.advance(5_000);
  expect(fixture.checker.last.expired).toBe(false);
});

test("monitor: a late result of an expired check changes nothing", () => {
  using fixture = new MonitorFixture({ timeoutMs: 500 });
  fixture.start();
  const { last } = fixture.checker;
  fixture.time.advance(600);
  const before = fixture.monitor.status;
  last.finish(success());
  expect(fixture.monitor.status).toBe(before);
  fixture.time.advance(500);
  // Not even when another check is under way.
  expect(fixture.monitor.running).toBe(true);
  last.finish(success());
  expect(fixture.monitor.running).toBe(true);
  expect(fixture.monitor.status).toBe(before);
});

test("monitor: stop cancels the running check, and nothing is reported any more", () => {
  using fixture = new MonitorFixture();
  fixture.start();
  const { last } = fixture.checker;
  fixture.monitor.stop();
  expect(last.canceled).toBe(true);
  last.finish(failure("L4CON"));
  fixture.time.advance(10_000);
  expect(fixture.checker.attempts.length).toBe(1);
  expect(last.expired).toBe(false);
  expect([...fixture.changes, ...fixture.results]).toEqual([]);
});

test("monitor: stop before the first start lets none happen", () => {
  using fixture = new MonitorFixture();
  fixture.monitor.start(100, AT_ORIGIN);
  fixture.monitor.stop();
  fixture.time.advance(5_000);
  expect(fixture.checker.attempts).toEqual([]);
});

test("monitor: a checker that throws is our own fault, and the monitor lives on", () => {
  using fixture = new MonitorFixture();
  fixture.checker.broken = new Error("no such thing");
  fixture.start();
  expect(fixture.results.map(({ outcome }) => outcome)).toEqual(["inconclusive"]);
  fixture.checker.broken = undefined;
  fixture.time.advance(260);
  fixture.checker.last.finish(success());
  expect(fixture.changes).toEqual(["unknown healthy"]);
});

test("monitor: one event has the result and the state change, and the state is the new one by then", () => {
  using fixture = new MonitorFixture();
  fixture.start();
  fixture.answer(success());
  fixture.checker.last.finish(success());
  expect(fixture.settlements).toEqual([
    { state: "healthy", transition: { from: "unknown", to: "healthy" } },
    { state: "healthy", transition: undefined },
  ]);
});

test("monitor: has the spec that it was given last", () => {
  using fixture = new MonitorFixture();
  const spec = makeSpec(1, { fall: 9, check: tcpSpec() });
  fixture.monitor.reconfigure(spec, AT_ORIGIN);
  expect(fixture.monitor.spec).toBe(spec);
});
