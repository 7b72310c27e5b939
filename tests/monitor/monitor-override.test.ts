/** An operator's decision about a healthcheck: it is reported, and checks continue underneath; a pause starts none. */
import { expect, test } from "bun:test";
import type { Override, OverrideAction } from "../../src/monitor/override.ts";
import { FakeGate } from "../harness/fakes/fake-gate.ts";
import { failure, success } from "../harness/fakes/fakes.ts";
import { MonitorFixture } from "../harness/fakes/monitor-fixture.ts";

function override(action: OverrideAction): Override {
  const from = { wallMs: 0, bootMs: 0, bootId: "0".repeat(32) };
  return {
    action,
    reason: "a repair",
    by: { uid: 0, user: "root", pid: 7 },
    sinceMs: 0,
    from,
    durationMs: 60_000,
  };
}

test("override: a forced state is in the status, with who, why and what checks find; they continue underneath", () => {
  using fixture = new MonitorFixture({ rise: 1, fall: 2 });
  const { monitor } = fixture;
  fixture.start();
  fixture.answer(success());
  monitor.applyOverride(override("unhealthy"));
  expect(monitor.status).toMatchObject({ state: "unhealthy", successes: 1 });
  expect(monitor.status.message).toBe(
    "forced unhealthy by root: a repair; checks find: L4OK TCP connect to 10.0.0.1:80: connected",
  );
  expect([monitor.state, monitor.health.state]).toEqual(["unhealthy", "healthy"]);
  for (const result of [failure("L4CON"), failure("L4CON"), success()]) fixture.answer(result);
  expect(monitor.status).toMatchObject({ state: "unhealthy", successes: 2, failures: 2 });
  expect(fixture.changes).toEqual(["unknown healthy", "healthy unhealthy", "unhealthy healthy"]);
  monitor.applyOverride(undefined);
  expect(monitor.status).toMatchObject({
    state: "healthy",
    message: "L4OK TCP connect to 10.0.0.1:80: connected",
  });
});

test("override: a state is forced before the first result, too", () => {
  using fixture = new MonitorFixture();
  fixture.monitor.applyOverride(override("healthy"));
  expect(fixture.monitor.status.state).toBe("healthy");
  expect(fixture.monitor.status.lastCheckMs).toBeNumber();
  fixture.monitor.applyOverride(undefined);
  expect(fixture.monitor.status.state).toBe("unknown");
});

test("override: while paused no check runs and the state stays; afterward checks start immediately, on their grid", () => {
  using fixture = new MonitorFixture({ intervalMs: 1_000 });
  const { monitor } = fixture;
  fixture.start();
  fixture.answer(success());
  const { last } = fixture.checker;
  expect(monitor.running).toBe(true);
  monitor.applyOverride(override("paused"));
  expect(monitor.running).toBe(false);
  last.finish(failure("L4CON"));
  const before = fixture.startsMs.length;
  monitor.reconfigure({ ...monitor.spec, intervalMs: 500 }, { originMs: 0, share: 0 });
  fixture.time.advance(10_000);
  expect(fixture.startsMs.length).toBe(before);
  expect(monitor.status).toMatchObject({ state: "healthy", failures: 0 });
  expect(fixture.skipped).toEqual({ running: 0, late: 0 });
  const resumedMs = fixture.time.nowMs();
  monitor.applyOverride(undefined);
  fixture.toNextStart();
  expect((fixture.startsMs.at(-1) ?? 0) - resumedMs).toBeLessThan(20);
  fixture.answer(success());
  fixture.answer(success());
  expect(Math.round((fixture.startsMs.at(-1) ?? 0) / 10) % 50).toBe(0);
});

/** A monitor with damping, after two falls in a row: it is damped. */
function damped(): MonitorFixture {
  const fixture = new MonitorFixture({ damping: { halfLifeMs: 60_000, suppress: 1_500, reuse: 750 } });
  fixture.start();
  for (const result of [success(), failure("L4CON"), success(), failure("L4CON"), success()])
    fixture.answer(result);
  expect([fixture.monitor.isDamped, fixture.monitor.status.state]).toEqual([true, "unhealthy"]);
  return fixture;
}

test("override: a damped backend is forced healthy, and damped again at the end", () => {
  using fixture = damped();
  const { monitor } = fixture;
  monitor.applyOverride(override("healthy"));
  expect([monitor.isDamped, monitor.status.state, monitor.state]).toEqual([true, "healthy", "healthy"]);
  expect(monitor.status.message).toMatch(/^forced healthy by root: a repair; checks find: .*\(damped: /);
  fixture.answer(success());
  monitor.applyOverride(undefined);
  expect([monitor.isDamped, monitor.status.state]).toEqual([true, "unhealthy"]);
});

test("override: damping ends underneath a forced state, which stays", () => {
  using fixture = damped();
  const { monitor } = fixture;
  monitor.applyOverride(override("unhealthy"));
  for (let second = 0; monitor.isDamped && second < 1_000; second++) fixture.answer(success());
  expect([monitor.isDamped, monitor.health.state, monitor.status.state]).toEqual([
    false,
    "healthy",
    "unhealthy",
  ]);
  monitor.applyOverride(undefined);
  expect(monitor.status.state).toBe("healthy");
});

/** A healthy monitor whose change to unhealthy is held. */
function held(changes: object = {}) {
  const gate = new FakeGate();
  const fixture = new MonitorFixture({ fall: 1, intervalMs: 1_000, ...changes }, gate);
  fixture.start();
  fixture.answer(success());
  gate.isOpen = false;
  fixture.answer(failure("L4TOUT"));
  expect(fixture.monitor.isHeld).toBe(true);
  return { gate, fixture, monitor: fixture.monitor };
}

test.each(["healthy", "unhealthy"] as const)(
  "override: a change that is held is released underneath the forced state %s",
  (action) => {
    const { gate, fixture, monitor } = held();
    using _ = fixture;
    monitor.applyOverride(override(action));
    expect([monitor.isHeld, monitor.status.state, monitor.health.state]).toEqual([true, action, "healthy"]);
    gate.owner?.release();
    expect([monitor.isHeld, monitor.status.state, monitor.health.state]).toEqual([
      false,
      action,
      "unhealthy",
    ]);
    monitor.applyOverride(undefined);
    expect(monitor.status).toMatchObject({ state: "unhealthy", message: expect.stringMatching(/^L4TOUT/) });
  },
);

test("override: the end of a forced state while a change is held reports the state before it", () => {
  const { gate, fixture, monitor } = held();
  using _ = fixture;
  monitor.applyOverride(override("unhealthy"));
  monitor.applyOverride(undefined);
  expect([monitor.isHeld, monitor.status.state]).toEqual([true, "healthy"]);
  gate.owner?.release();
  expect(monitor.status.state).toBe("unhealthy");
});

test("override: a pause gives a held change up; after it the next failure asks again", () => {
  const { gate, fixture, monitor } = held();
  using _ = fixture;
  monitor.applyOverride(override("paused"));
  gate.owner?.release();
  gate.owner?.checkSoon();
  fixture.time.advance(30_000);
  expect([monitor.isHeld, monitor.running, monitor.status.state]).toEqual([false, false, "healthy"]);
  expect(fixture.changes).toEqual(["unknown healthy"]);
  monitor.applyOverride(undefined);
  fixture.toNextStart();
  fixture.answer(failure("L4TOUT"));
  expect([monitor.isHeld, monitor.status.state]).toEqual([true, "healthy"]);
  gate.isOpen = true;
  fixture.answer(failure("L4TOUT"));
  expect(fixture.changes).toEqual(["unknown healthy", "healthy unhealthy"]);
});

// At the down interval the way back to the grid is shorter.
test.each([
  ["down", failure("L4CON"), 2, 4_000],
  ["fast", success(), 1, 100],
] as const)(
  "override: after a pause checks continue at the %s interval",
  (pace, next, answers, expectedMs) => {
    using fixture = new MonitorFixture({ rise: 3, fall: 1, downIntervalMs: 4_000, fastIntervalMs: 100 });
    const { monitor, startsMs } = fixture;
    fixture.start();
    for (const result of [failure("L4CON"), next]) fixture.answer(result);
    monitor.applyOverride(override("paused"));
    const before = startsMs.length;
    fixture.time.advance(60_000);
    expect([startsMs.length, monitor.pace]).toEqual([before, pace]);
    const resumedMs = fixture.time.nowMs();
    monitor.applyOverride(undefined);
    fixture.toNextStart();
    expect((startsMs.at(-1) ?? 0) - resumedMs).toBeLessThan(20);
    for (let count = 0; count < answers; count++) fixture.answer(next);
    const [last = 0, newest = 0] = startsMs.slice(-2);
    expect(Math.round((newest - last) / 20) * 20).toBe(expectedMs);
    expect(fixture.skipped).toEqual({ running: 0, late: 0 });
  },
);
