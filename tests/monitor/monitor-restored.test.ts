/** The states from before a restart: provisional until a check agrees with them. */
import { expect, test } from "bun:test";
import { inconclusive } from "../../src/model/result.ts";
import { DAMPING_DEFAULTS } from "../../src/model/spec.ts";
import { dampingAt } from "../../src/monitor/damping.ts";
import type { Memory } from "../../src/monitor/monitor.ts";
import type { EarlierState } from "../../src/monitor/reported-status.ts";
import type { Settlement } from "../../src/monitor/settlement.ts";
import { failure, success } from "../harness/fakes/fakes.ts";
import { MonitorFixture } from "../harness/fakes/monitor-fixture.ts";

const EARLIER: EarlierState = {
  state: "healthy",
  sinceMs: 5_000,
  successes: 70,
  failures: 3,
  aliveBootMs: 9_000,
};

/** Restores a state, and answers the checks. @returns the reported states, in order */
function reportsOf(
  earlier: EarlierState,
  answers: string,
  thresholds: { rise?: number; fall?: number } = {},
): string[] {
  using fixture = new MonitorFixture({ rise: 1, fall: 3, ...thresholds });
  const reported: string[] = [];
  fixture.observers.push({
    settled: ({ status }, { transition, confirmed }: Settlement) => {
      if (transition !== undefined || confirmed === true) reported.push(status.state);
    },
    skipped: () => {},
    released: () => {},
  });
  fixture.monitor.restore(earlier);
  fixture.start();
  for (const answer of answers) {
    const result = answer === "+" ? success() : failure("L4CON");
    fixture.answer(answer === "?" ? inconclusive("ports", "no free local port") : result);
  }
  return reported;
}

test.each([
  ["", []],
  ["+", ["healthy"]],
  ["++", ["healthy"]],
  ["--", []],
  ["--+", ["healthy"]],
  ["---", ["unhealthy"]],
  ["?-?-?-", ["unhealthy"]],
  ["--+---", ["healthy", "unhealthy"]],
] as const)("monitor: restored as healthy with fall 3, the answers %p report %p", (answers, reports) => {
  expect(reportsOf(EARLIER, answers)).toEqual([...reports]);
});

test.each([
  ["-", ["unhealthy"]],
  ["+", []],
  ["+-", ["unhealthy"]],
  ["++", ["healthy"]],
] as const)("monitor: restored as unhealthy with rise 2, the answers %p report %p", (answers, reports) => {
  expect(reportsOf({ ...EARLIER, state: "unhealthy" }, answers, { rise: 2 })).toEqual([...reports]);
});

test("monitor: a restored state is not in its status until it is confirmed, and counters continue", () => {
  using fixture = new MonitorFixture({ fall: 3 });
  const { monitor } = fixture;
  monitor.restore(EARLIER);
  expect(monitor.status).toMatchObject({
    state: "unknown",
    successes: 70,
    failures: 3,
    lastCheckMs: undefined,
  });
  expect(monitor.health).toEqual({ state: "healthy", consecutiveSuccesses: 0, consecutiveFailures: 0 });
  expect(monitor.provisional).toEqual(EARLIER);
  fixture.start();
  fixture.answer(failure("L4CON"));
  expect(monitor.status).toMatchObject({ state: "unknown", failures: 4 });
  expect(monitor.provisional).toEqual(EARLIER);
  fixture.answer(success());
  expect(monitor.status).toMatchObject({ state: "healthy", successes: 71, failures: 4 });
  expect(monitor.provisional).toBeUndefined();
  expect(monitor.sinceMs).toBe(5_000);
  expect(monitor.countedEarlier).toMatchObject({ successes: 70, failures: 3 });
  expect(fixture.changes).toEqual([]);
});

/** A monitor whose damping of the earlier process was of an age and a penalty; its state is unhealthy, its checks found it healthy. */
function restoreDamped(ageMs: number, penalty: number): MonitorFixture {
  const fixture = new MonitorFixture({ damping: DAMPING_DEFAULTS });
  const atMs = fixture.time.nowMs() - ageMs;
  const damping = { measured: "healthy", penalty, atMs, isDamped: true } as const;
  fixture.monitor.restore({ ...EARLIER, state: "unhealthy", damping });
  fixture.start();
  return fixture;
}

test("monitor: a backend that was damped is so after a restart, is reported with the first check, and until it is calm", () => {
  // Two half-lives before, so 750 is reached another one later.
  using fixture = restoreDamped(120_000, 6_000);
  const { monitor, time } = fixture;
  expect(monitor.status.state).toBe("unknown");
  expect(monitor.isDamped).toBe(true);
  fixture.answer(success());
  expect(monitor.provisional).toBeUndefined();
  expect(monitor.status.state).toBe("unhealthy");
  expect(monitor.status.message).toEndWith("(damped: stays unhealthy until it stops flapping)");
  let endMs = 0;
  while (monitor.isDamped) {
    endMs = time.nowMs();
    fixture.answer(success());
  }
  expect(endMs).toBeGreaterThanOrEqual(60_000);
  expect(endMs).toBeLessThan(61_100);
  expect(fixture.changes).toEqual(["unhealthy healthy"]);
  expect(fixture.dampings).toEqual(["ended, measured healthy"]);
});

test("monitor: a backend that has become calm while no process ran is healthy with the first check that agrees", () => {
  using fixture = restoreDamped(300_000, 6_000);
  fixture.answer(success());
  expect(fixture.monitor.status.state).toBe("healthy");
  expect(fixture.changes).toEqual(["unhealthy healthy"]);
});

test("monitor: a penalty below the limit counts after a restart too", () => {
  using fixture = new MonitorFixture({ damping: DAMPING_DEFAULTS });
  const atMs = fixture.time.nowMs() - 60_000;
  const damping = { measured: "healthy", penalty: 2_100, atMs, isDamped: false } as const;
  fixture.monitor.restore({ ...EARLIER, damping });
  fixture.start();
  fixture.answer(failure("L4CON"));
  expect(fixture.monitor.isDamped).toBe(true);
  const { memory } = fixture.monitor;
  expect(dampingAt(memory.damping, "unhealthy", DAMPING_DEFAULTS, fixture.time.nowMs()).penalty).toBeLessThan(
    2_050,
  );
});

/** Memory of a monitor that continues with {@link EARLIER}, after one failure. */
function provisionalMemory(): Memory {
  using before = new MonitorFixture({ fall: 3 });
  before.monitor.restore(EARLIER);
  before.start();
  before.answer(failure("L4CON"));
  return before.monitor.memory;
}

test("monitor: a state that is still provisional stays so for a new id of an equal check", () => {
  const memory = provisionalMemory();
  using after = new MonitorFixture({ fall: 3 });
  // Another earlier state of an equal check gives way.
  after.monitor.restore({ ...EARLIER, successes: 1_000, state: "unhealthy" });
  after.monitor.inherit(memory);
  after.start();
  after.answer(failure("L4CON"));
  expect(after.monitor.provisional).toEqual(EARLIER);
  expect(after.monitor.status).toMatchObject({ state: "unknown", successes: 70, failures: 5 });
  expect(after.monitor.countedEarlier).toMatchObject({ successes: 70, failures: 3 });
  after.answer(failure("L4CON"));
  expect(after.changes).toEqual(["healthy unhealthy"]);
});
