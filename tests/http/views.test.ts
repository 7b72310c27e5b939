/** Healthchecks as the API shows them. */
import { expect, test } from "bun:test";
import { detail, listItem, searchText } from "../../src/http/views.ts";
import { inconclusive } from "../../src/model/result.ts";
import { failure, id, makeSpec, success, VirtualTime } from "../harness/fakes/fakes.ts";
import { Stock } from "../harness/fakes/monitor-stock.ts";

const iso = (ms: number) => new Date(VirtualTime.WALL_MS + ms).toISOString();

test("views: a healthcheck without results", () => {
  const stock = new Stock();
  stock.nowMs = 500;
  expect(listItem(stock.add(makeSpec(1)))).toEqual({
    id: id(1),
    type: "tcp",
    target: "tcp://10.0.0.1:80",
    state: "unknown",
    since: iso(500),
    last: null,
    recent: [],
  });
});

test("views: a row has the last result of any kind, and the recent ones oldest first", () => {
  const stock = new Stock();
  const monitor = stock.add(makeSpec(1), [
    success(),
    failure("L4CON"),
    inconclusive("ports", "no free port"),
  ]);
  const { last, state, since, recent } = listItem(monitor);
  expect([state, since]).toEqual(["unhealthy", iso(2)]);
  expect(last).toEqual({
    at: iso(2),
    duration_ms: null,
    result: "inconclusive",
    code: "LOCAL",
    message: "no free port",
  });
  expect(recent).toEqual([
    { duration_ms: 3, result: "success" },
    { duration_ms: 7, result: "failure" },
    { duration_ms: null, result: "inconclusive" },
  ]);
});

test("views: of many results the last 20 are shown", () => {
  const stock = new Stock();
  const results = Array.from({ length: 30 }, (_, at) => ({ ...success(), durationMs: at }));
  const monitor = stock.add(makeSpec(1), results);
  expect(listItem(monitor).recent.map(({ duration_ms }) => duration_ms)).toEqual(
    Array.from({ length: 20 }, (_, at) => at + 10),
  );
  expect(detail(monitor).history.map(({ duration_ms }) => duration_ms)).toEqual(
    Array.from({ length: 20 }, (_, at) => 29 - at),
  );
});

test("views: the detail has position, totals and whether a check is under way", () => {
  const stock = new Stock();
  const results = [success(), failure("L4CON"), failure("L4CON"), inconclusive("ports", "none"), success()];
  const monitor = stock.add(makeSpec(1, { rise: 2, fall: 2 }), results);
  stock.begin(monitor);
  stock.nowMs += 3_000;
  stock.begin(monitor);
  const { position, totals, running, state } = detail(monitor);
  expect([state, running]).toEqual(["unhealthy", true]);
  expect(position).toEqual({ consecutive_successes: 1, rise: 2, consecutive_failures: 0, fall: 2 });
  expect(totals).toEqual({
    checks: 5,
    successes: 2,
    failures: 2,
    inconclusive: 1,
    skipped: monitor.record?.skipped ?? 0,
    transitions: 2,
  });
  expect(totals.skipped).toBeGreaterThan(0);
});

test("views: a result of the history has its lateness and the phases that it reached", () => {
  const stock = new Stock();
  const monitor = stock.add(makeSpec(1));
  const phases = { connectMs: 1.5, firstByteMs: 2.25 };
  stock.check(monitor, { ...success(), phases, durationMs: 3.75 }, { lateMs: 4.5 });
  stock.check(monitor, failure("L7TOUT"));
  expect(detail(monitor).history).toEqual([
    {
      at: iso(1),
      duration_ms: 7,
      lateness_ms: 0,
      result: "failure",
      code: "L7TOUT",
      message: "the check failed",
      phases: {},
    },
    {
      at: iso(0),
      duration_ms: 3.75,
      lateness_ms: 4.5,
      result: "success",
      code: "L4OK",
      message: "TCP connect to 10.0.0.1:80: connected",
      phases: { connect_ms: 1.5, first_byte_ms: 2.25 },
    },
  ]);
});

test("views: a search looks in id, target and last message, in lower case", () => {
  const stock = new Stock();
  const monitor = stock.add(makeSpec(123), [failure("L4CON")]);
  expect(searchText(monitor)).toBe("123 tcp://10.0.0.1:80 l4con the check failed");
});

test("views: a monitor that keeps no record is shown all the same", () => {
  const stock = new Stock();
  const bare = stock.addBare(makeSpec(1), [success()]);
  expect(listItem(bare)).toMatchObject({ state: "healthy", last: null, recent: [] });
  expect(detail(bare).totals).toMatchObject({ checks: 1, successes: 1, skipped: 0, transitions: 0 });
});
