/** The states from before a restart: provisional until a check agrees with them. */
import { expect, test } from "bun:test";
import { inconclusive } from "../../src/model/result.ts";
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
