/** A healthcheck's life, in virtual time, with a checker whose answers the test gives. */
import { expect, test } from "bun:test";
import { inconclusive } from "../../src/model/result.ts";
import { failure, makeSpec, success, tcpSpec, VirtualTime } from "../harness/fakes/fakes.ts";
import { MonitorBench } from "../harness/fakes/monitor-fixture.ts";

test("monitor: says nothing before its first result, and the first result decides", () => {
  using bench = new MonitorBench({ rise: 3, fall: 3 });
  bench.start();
  expect(bench.monitor.running).toBe(true);
  expect(bench.monitor.status).toMatchObject({ state: "unknown", lastCheckMs: undefined });
  bench.checker.last.finish(failure("L4CON"));
  expect(bench.changes).toEqual(["unknown unhealthy"]);
  expect(bench.monitor.running).toBe(false);
});

test("monitor: fall failures in a row make it unhealthy, rise successes healthy again", () => {
  using bench = new MonitorBench({ rise: 2, fall: 3 });
  bench.start();
  for (const result of "+--+---+-++") bench.answer(result === "+" ? success() : failure("L4CON"));
  expect(bench.changes).toEqual(["unknown healthy", "healthy unhealthy", "unhealthy healthy"]);
  expect(bench.monitor.status).toMatchObject({ failures: 6, successes: 5 });
});

test("monitor: the status has the start by the wall clock, what it took, and code and sentence", () => {
  using bench = new MonitorBench();
  bench.start();
  bench.time.advance(200);
  bench.checker.last.finish(failure("L7STS"));
  const { status } = bench.monitor;
  const startMs = (status.lastCheckMs ?? 0) - VirtualTime.WALL_MS;
  expect(startMs).toBeGreaterThanOrEqual(0);
  expect(startMs).toBeLessThan(20);
  expect(status).toMatchObject({ durationMs: 7, message: "L7STS the check failed" });
});

test("monitor: starts lie on a grid, whatever the checks take", () => {
  using bench = new MonitorBench();
  bench.start();
  for (const tookMs of [10, 400, 3, 250]) {
    bench.time.advance(tookMs);
    bench.checker.last.finish(success());
    bench.toNextStart();
  }
  bench.checker.last.finish(success());
  expect(bench.startsMs.map((ms) => Math.round(ms / 100) * 100)).toEqual([0, 1_000, 2_000, 3_000, 4_000]);
  expect(bench.startsMs.every((ms) => ms % 1_000 < 10)).toBe(true);
  expect(bench.latenesses.every((ms) => ms >= 0 && ms < 10)).toBe(true);
});

test("monitor: an inconclusive check leaves the state, is repeated soon, and the grid stays", () => {
  using bench = new MonitorBench({ fall: 1 });
  bench.start();
  bench.answer(success());
  const before = bench.monitor.status;
  const atMs = bench.time.nowMs();
  bench.checker.last.finish(inconclusive("ports", "no free local port"));
  expect(bench.monitor.status).toBe(before);
  bench.toNextStart();
  expect(bench.time.nowMs() - atMs).toBeLessThanOrEqual(260);
  bench.checker.last.finish(success());
  bench.toNextStart();
  expect(Math.round(bench.time.nowMs() / 100)).toBe(20);
  expect(bench.changes).toEqual(["unknown healthy"]);
});

test("monitor: without any conclusive result it stays unknown", () => {
  using bench = new MonitorBench();
  bench.start();
  for (let times = 0; times < 20; times++) bench.answer(inconclusive("descriptors", "too many open files"));
  expect(bench.changes).toEqual([]);
  expect(bench.monitor.status.state).toBe("unknown");
});

test("monitor: never overlaps itself; the starts it cannot take are counted", () => {
  using bench = new MonitorBench({ intervalMs: 1_000, timeoutMs: 60_000 });
  bench.start();
  bench.time.advance(3_500);
  expect(bench.checker.attempts.length).toBe(1);
  expect(bench.skipped).toEqual({ running: 3, late: 0 });
  bench.checker.last.finish(success());
  bench.time.advance(600);
  expect(bench.checker.attempts.length).toBe(2);
  expect(bench.skipped).toEqual({ running: 3, late: 0 });
});

test("monitor: a time-out ends the check, at its time and not before", () => {
  using bench = new MonitorBench({ timeoutMs: 500 });
  bench.start();
  const { last } = bench.checker;
  bench.time.advance(480);
  expect(last.expired).toBe(false);
  bench.time.advance(60);
  expect(last.expired).toBe(true);
  expect(last.timeoutMs).toBe(500);
  expect(bench.monitor.status).toMatchObject({ state: "unhealthy", message: "L7TOUT the check failed" });
});

test("monitor: a check that ended in time is not expired", () => {
  using bench = new MonitorBench({ intervalMs: 10_000 });
  bench.start();
  bench.checker.last.finish(success());
  bench.time.advance(5_000);
  expect(bench.checker.last.expired).toBe(false);
});

test("monitor: a late word of a check that has expired changes nothing", () => {
  using bench = new MonitorBench({ timeoutMs: 500 });
  bench.start();
  const { last } = bench.checker;
  bench.time.advance(600);
  const before = bench.monitor.status;
  last.finish(success());
  expect(bench.monitor.status).toBe(before);
  bench.time.advance(500);
  // Not even when another check is under way.
  expect(bench.monitor.running).toBe(true);
  last.finish(success());
  expect(bench.monitor.running).toBe(true);
  expect(bench.monitor.status).toBe(before);
});

test("monitor: stop gives up the check under way, and nothing is heard any more", () => {
  using bench = new MonitorBench();
  bench.start();
  const { last } = bench.checker;
  bench.monitor.stop();
  expect(last.cancelled).toBe(true);
  last.finish(failure("L4CON"));
  bench.time.advance(10_000);
  expect(bench.checker.attempts.length).toBe(1);
  expect(last.expired).toBe(false);
  expect([...bench.changes, ...bench.results]).toEqual([]);
});

test("monitor: stop before the first start lets none happen", () => {
  using bench = new MonitorBench();
  bench.monitor.start(100, 0);
  bench.monitor.stop();
  bench.time.advance(5_000);
  expect(bench.checker.attempts).toEqual([]);
});

test("monitor: a checker that throws is our own fault, and the monitor lives on", () => {
  using bench = new MonitorBench();
  bench.checker.broken = new Error("no such thing");
  bench.start();
  expect(bench.results.map(({ outcome }) => outcome)).toEqual(["inconclusive"]);
  bench.checker.broken = undefined;
  bench.time.advance(260);
  bench.checker.last.finish(success());
  expect(bench.changes).toEqual(["unknown healthy"]);
});

test("monitor: one event has the result and the state change, and the state is the new one by then", () => {
  using bench = new MonitorBench();
  bench.start();
  bench.answer(success());
  bench.checker.last.finish(success());
  expect(bench.settlements).toEqual([
    { state: "healthy", transition: { from: "unknown", to: "healthy" } },
    { state: "healthy", transition: undefined },
  ]);
});

test("monitor: has the spec that it was given last", () => {
  using bench = new MonitorBench();
  const spec = makeSpec(1, { fall: 9, check: tcpSpec() });
  bench.monitor.reconfigure(spec, 0);
  expect(bench.monitor.spec).toBe(spec);
});
