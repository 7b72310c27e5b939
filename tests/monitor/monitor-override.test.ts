/** An operator's decision about a healthcheck: it is reported, and checks continue underneath; a pause starts none. */
import { expect, test } from "bun:test";
import type { Override, OverrideAction } from "../../src/monitor/override.ts";
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
