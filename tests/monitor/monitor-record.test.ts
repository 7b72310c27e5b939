/** What a healthcheck writes down for metrics and the status page; in virtual time. */
import { expect, test } from "bun:test";
import { inconclusive } from "../../src/model/result.ts";
import { TRANSITIONS } from "../../src/monitor/record.ts";
import { failure, makeSpec, success, VirtualTime } from "../harness/fakes/fakes.ts";
import { MonitorBench } from "../harness/fakes/monitor-fixture.ts";

/** How often the state has changed, by `from to`; those that have not are left out. */
function changes({ record }: MonitorBench): Record<string, number> {
  const counts = TRANSITIONS.map(
    ({ from, to }, at) => [`${from} ${to}`, record.transitions[at] ?? 0] as const,
  );
  return Object.fromEntries(counts.filter(([, count]) => count > 0));
}

test("monitor: every result is written down, with its start by the wall clock and how late it was", () => {
  using bench = new MonitorBench({ fall: 2 });
  bench.start();
  bench.time.advance(100);
  bench.answer(success());
  bench.answer(failure("L7STS"));
  bench.checker.last.finish(inconclusive("ports", "no free local port"));
  const past = [...bench.record.history];
  expect(past.map(({ outcome, code }) => `${outcome} ${code}`)).toEqual([
    "inconclusive LOCAL",
    "failure L7STS",
    "success L4OK",
  ]);
  const startsMs = bench.startsMs.map((ms) => VirtualTime.WALL_MS + ms);
  expect(past.map(({ atMs }) => Math.round(atMs)).reverse()).toEqual(startsMs.map(Math.round));
  expect(past.map(({ latenessMs }) => latenessMs).reverse()).toEqual(bench.latenesses.map(Math.fround));
  expect(bench.record.inconclusive).toBe(1);
});

test("monitor: a change of state is counted, and the state is that old; what keeps it is not", () => {
  using bench = new MonitorBench({ rise: 1, fall: 2 });
  const addedMs = bench.record.sinceMs;
  bench.start();
  bench.time.advance(50);
  const changedMs = bench.time.wallMs();
  bench.answer(success());
  expect([addedMs, bench.record.sinceMs]).toEqual([VirtualTime.WALL_MS, changedMs]);
  bench.answer(success());
  bench.answer(failure("L4CON"));
  bench.answer(inconclusive("ports", "no free local port"));
  expect(changes(bench)).toEqual({ "unknown healthy": 1 });
  expect(bench.record.sinceMs).toBe(changedMs);
  bench.answer(failure("L4CON"));
  bench.answer(success());
  expect(changes(bench)).toEqual({ "unknown healthy": 1, "healthy unhealthy": 1, "unhealthy healthy": 1 });
  expect(bench.record.sinceMs).toBeGreaterThan(changedMs);
});

test("monitor: starts that did not happen are written down, whatever the reason", () => {
  using bench = new MonitorBench({ intervalMs: 1_000, timeoutMs: 60_000 });
  bench.start();
  bench.time.advance(3_500);
  expect(bench.record.skipped).toBe(3);
  bench.checker.last.finish(success());
  bench.time.stall(10_000);
  bench.time.advance(1_000);
  expect(bench.skipped.late).toBeGreaterThan(0);
  expect(bench.record.skipped).toBe(bench.skipped.running + bench.skipped.late);
});

test("monitor: an interruption while we stood still is written down as our own fault", () => {
  using bench = new MonitorBench({ timeoutMs: 400 });
  bench.start();
  bench.time.stall(1_000);
  bench.time.advance(30);
  bench.checker.last.finish(failure("L7RSP", true));
  expect(bench.record.history.at(0)).toMatchObject({
    outcome: "inconclusive",
    code: "LOCAL",
    cause: "stalled",
  });
  expect([bench.record.inconclusive, bench.record.responseTimes.sum]).toEqual([1, 0]);
});

// src/monitor/monitor.ts, #ownFault: sockets are served before the tick, and stalledMs is that of the last tick.
test("monitor: so is one that is heard before the tick that notices it", () => {
  using bench = new MonitorBench({ timeoutMs: 400 });
  bench.start();
  bench.time.stall(1_000);
  bench.checker.last.finish(failure("L7RSP", true));
  expect(bench.record.history.at(0)).toMatchObject({ outcome: "inconclusive", cause: "stalled" });
});

test("monitor: what was written down outlives a new configuration", () => {
  using bench = new MonitorBench();
  bench.start();
  bench.answer(success());
  bench.monitor.reconfigure(makeSpec(1, { fall: 7, intervalMs: 5_000 }), 0);
  expect(bench.monitor.record).toBe(bench.record);
  expect(bench.record.history.length).toBe(1);
});

test("monitor: nothing is written down after its stop", () => {
  using bench = new MonitorBench();
  bench.start();
  bench.monitor.stop();
  bench.checker.last.finish(failure("L4CON"));
  bench.time.advance(5_000);
  expect([bench.record.history.length, bench.record.skipped]).toEqual([0, 0]);
});
