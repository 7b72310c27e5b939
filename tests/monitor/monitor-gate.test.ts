/** A healthcheck whose change to unhealthy is held, and one that this host has no route for; in virtual time. */
import { expect, test } from "bun:test";
import { inconclusive } from "../../src/model/result.ts";
import { FakeGate } from "../harness/fakes/fake-gate.ts";
import { failure, success } from "../harness/fakes/fakes.ts";
import { AT_ORIGIN, MonitorFixture } from "../harness/fakes/monitor-fixture.ts";

const NO_ROUTE = inconclusive("network", "network is unreachable; this host has no route", true);

test("monitor: a change that is held is reported when the gate releases it", () => {
  const gate = new FakeGate();
  using fixture = new MonitorFixture({ fall: 1 }, gate);
  fixture.start();
  fixture.answer(success());
  gate.isOpen = false;
  fixture.answer(failure("L4TOUT"));
  expect([fixture.monitor.isHeld, fixture.monitor.status.state]).toEqual([true, "healthy"]);
  expect(fixture.changes).toEqual(["unknown healthy"]);
  gate.owner?.release();
  expect([fixture.monitor.isHeld, fixture.monitor.status.state]).toEqual([false, "unhealthy"]);
  expect(fixture.changes).toEqual(["unknown healthy", "healthy unhealthy"]);
  gate.owner?.release();
  expect(fixture.changes).toHaveLength(2);
});

test("monitor: a success ends a hold without a change", () => {
  const gate = new FakeGate();
  using fixture = new MonitorFixture({ fall: 1 }, gate);
  fixture.start();
  fixture.answer(success());
  gate.isOpen = false;
  fixture.answer(failure("L4TOUT"));
  fixture.answer(success());
  expect(fixture.monitor.isHeld).toBe(false);
  gate.owner?.release();
  expect(fixture.changes).toEqual(["unknown healthy"]);
});

test("monitor: a threshold that is raised above the failures so far ends a hold", () => {
  const gate = new FakeGate();
  using fixture = new MonitorFixture({ fall: 1 }, gate);
  fixture.start();
  fixture.answer(success());
  gate.isOpen = false;
  fixture.answer(failure("L4TOUT"));
  fixture.monitor.reconfigure({ ...fixture.monitor.spec, fall: 2 }, AT_ORIGIN);
  gate.owner?.release();
  expect(fixture.changes).toEqual(["unknown healthy"]);
});

test("monitor: without a route a check is inconclusive for the hold, then a failure", () => {
  const gate = new FakeGate();
  using fixture = new MonitorFixture({ fall: 1, intervalMs: 1_000 }, gate);
  fixture.start();
  fixture.answer(success());
  const sinceMs = fixture.time.nowMs();
  while (fixture.results.at(-1)?.outcome !== "failure") fixture.answer(NO_ROUTE);
  expect(fixture.results.at(-1)?.message).toBe(`${NO_ROUTE.message}, for 10s now`);
  expect(fixture.startsMs.at(-2)).toBeGreaterThanOrEqual(sinceMs + gate.holdMs);
  expect(fixture.startsMs.at(-2)).toBeLessThan(sinceMs + gate.holdMs + 1_000);
  // It was held already.
  expect(gate.evidence.at(-1)).toBe("local");
  expect(fixture.changes).toEqual(["unknown healthy", "healthy unhealthy"]);
});

test("monitor: the hold without a route begins again after a result of the backend", () => {
  const gate = new FakeGate();
  using fixture = new MonitorFixture({ fall: 1, intervalMs: 1_000 }, gate);
  fixture.start();
  fixture.answer(success());
  for (let times = 0; times < 3; times++) {
    const untilMs = fixture.time.nowMs() + 6_000;
    while (fixture.time.nowMs() < untilMs) fixture.answer(NO_ROUTE);
    fixture.answer(success());
  }
  expect(fixture.changes).toEqual(["unknown healthy"]);
});

test("monitor: only an answer of the backend proves that the network still worked in the end", () => {
  const gate = new FakeGate();
  using fixture = new MonitorFixture({ fall: 1 }, gate);
  fixture.start();
  // A firewall of this host resets open connections, too.
  const interrupted = failure("L7RSP", true);
  for (const result of [success(), failure("L7STS"), failure("L7RSP"), failure("L4TOUT"), failure("L7TOUT")])
    fixture.answer(result);
  fixture.answer(interrupted);
  expect(gate.evidence).toEqual(["answered", "answered", "answered", "silent", "late", "late"]);
});
