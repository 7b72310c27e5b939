/** Record of a monitor. */
import { expect, test } from "bun:test";
import { inconclusive } from "../../src/model/result.ts";
import { STATES } from "../../src/model/status.ts";
import { MonitorRecord, TRANSITIONS } from "../../src/monitor/record.ts";
import { failure, success } from "../harness/fakes/fakes.ts";

const BOUNDS = [0.005, 0.05];

test("record: starts with nothing", () => {
  const record = new MonitorRecord(BOUNDS);
  expect([record.inconclusive, record.skipped, record.history.length]).toEqual([0, 0, 0]);
  expect(record.transitions).toEqual([0, 0, 0, 0]);
});

test("record: response times are those of conclusive results, in seconds", () => {
  const record = new MonitorRecord(BOUNDS);
  record.finished(success(), 10, 0);
  record.finished(failure("L4CON"), 20, 0);
  record.finished(inconclusive("stalled", "this process stalled"), 30, 0);
  expect(record.responseTimes.counts).toEqual([1, 1, 0]);
  expect(record.responseTimes.sum).toBeCloseTo(0.01, 10);
  expect(record.inconclusive).toBe(1);
  expect(record.history.length).toBe(3);
});

test("record: starts that were left out add up", () => {
  const record = new MonitorRecord(BOUNDS);
  record.skip(3);
  record.skip(1);
  expect(record.skipped).toBe(4);
});

test.each(TRANSITIONS.map(({ from, to }, at) => [from, to, at] as const))(
  "record: %s to %s is counted separately",
  (from, to, at) => {
    const record = new MonitorRecord(BOUNDS);
    record.changed(from, to);
    record.changed(from, to);
    expect(record.transitions).toEqual(TRANSITIONS.map((_, index) => (index === at ? 2 : 0)));
  },
);

test("record: every state change has its count", () => {
  const ways = STATES.flatMap((from) => STATES.map((to) => `${from} ${to}`));
  // No state is entered twice, and none goes back to unknown.
  const possible = ways.filter((way) => !way.endsWith("unknown") && new Set(way.split(" ")).size === 2);
  expect(TRANSITIONS.map(({ from, to }) => `${from} ${to}`).sort()).toEqual(possible.sort());
});
