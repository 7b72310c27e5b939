/** Content and time of notifications to the service manager; on a clock that the test moves. Run by `bun test`. */
import { expect, test } from "bun:test";
import { MAX_SENTENCE_BYTES } from "../../src/model/printable.ts";
import { type HealthSummary, SystemdReport } from "../../src/systemd/watchdog-report.ts";

const DEAD_MS = 5_000;
const ALL_WELL: HealthSummary = {
  counts: { healthy: 3, unhealthy: 1, unknown: 0 },
  provisional: 0,
  peer: { name: "proxy", connected: true },
  stopping: false,
  problem: undefined,
  overdueMs: 0,
};
const STATUS = "STATUS=3 healthy, 1 unhealthy, 0 unknown; client connected";

function healthy(count: number): HealthSummary {
  return { ...ALL_WELL, counts: { ...ALL_WELL.counts, healthy: count } };
}

/** Polls from 0 to the end, once a period, and returns each report with its time. */
function watch(
  report: SystemdReport,
  endMs: number,
  at: (nowMs: number) => HealthSummary,
): [number, string][] {
  const reports: [number, string][] = [];
  for (let nowMs = 0; nowMs <= endMs; nowMs += report.periodMs) {
    const text = report.poll(nowMs, at(nowMs));
    if (text !== undefined) reports.push([nowMs, text]);
  }
  return reports;
}

test.each<[HealthSummary, string]>([
  [ALL_WELL, STATUS],
  [
    { ...ALL_WELL, peer: { name: "proxy", connected: false } },
    "STATUS=3 healthy, 1 unhealthy, 0 unknown; no client connected",
  ],
  [{ ...ALL_WELL, peer: undefined }, "STATUS=3 healthy, 1 unhealthy, 0 unknown; checks from a file"],
  [
    { ...ALL_WELL, peer: { name: "engine", connected: true } },
    "STATUS=3 healthy, 1 unhealthy, 0 unknown; engine connected",
  ],
  [
    { ...ALL_WELL, peer: { name: "engine", connected: false } },
    "STATUS=3 healthy, 1 unhealthy, 0 unknown; engine not connected",
  ],
  [
    { ...ALL_WELL, provisional: 2 },
    "STATUS=3 healthy, 1 unhealthy, 0 unknown, 2 of them provisional; client connected",
  ],
  [{ ...ALL_WELL, problem: "it is broken" }, `${STATUS}; it is broken`],
  // One line, whatever it holds, and bounded.
  [{ ...ALL_WELL, problem: "a\nSTOPPING=1\u2028b\u202ec" }, `${STATUS}; a\\nSTOPPING=1\\u2028b\\u202ec`],
  [
    { ...ALL_WELL, problem: "x".repeat(9_999) },
    `${`${STATUS}; `.padEnd("STATUS=".length + MAX_SENTENCE_BYTES - 3, "x")}…`,
  ],
  [{ ...ALL_WELL, stopping: true }, "STATUS=stopping; 3 healthy, 1 unhealthy, 0 unknown; client connected"],
])("report: the status of %o", (standing, text) => {
  expect(new SystemdReport(undefined, DEAD_MS).poll(0, standing)).toBe(text);
});

test("report: a status is sent when it changes, once a second at the most, and the newest at last", () => {
  const report = new SystemdReport(undefined, DEAD_MS);
  expect(report.periodMs).toBe(1_000);
  expect(watch(report, 5_000, (nowMs) => healthy(nowMs < 3_000 ? 3 : 4)).map(([atMs]) => atMs)).toEqual([
    0, 3_000,
  ]);
  // A watchdog makes it poll more often, not report more often.
  const often = new SystemdReport(200, DEAD_MS);
  const reports = watch(often, 10_000, healthy).filter(([, text]) => text.includes("STATUS="));
  expect(reports.length).toBeGreaterThanOrEqual(10);
  expect(reports.length).toBeLessThanOrEqual(11);
  expect(reports.at(-1)?.[1]).toContain("STATUS=10000 healthy");
});

test.each([
  [30_000, 1_000],
  [3_000, 750],
  [2_500, 625],
  [2_000, 1_000],
  [500, 250],
  [1, 0.5],
])(
  "report: a watchdog of %p ms is looked after every %p ms and fed every half of its time",
  (watchdogMs, periodMs) => {
    const report = new SystemdReport(watchdogMs, DEAD_MS);
    expect(report.periodMs).toBe(periodMs);
    const fed = watch(report, watchdogMs * 5, () => ALL_WELL).filter(([, text]) =>
      text.includes("WATCHDOG=1"),
    );
    expect(fed.map(([atMs]) => atMs / watchdogMs)).toEqual([0, 0.5, 1, 1.5, 2, 2.5, 3, 3.5, 4, 4.5, 5]);
  },
);

test("report: without a watchdog nothing is fed", () => {
  const reports = watch(new SystemdReport(undefined, DEAD_MS), 60_000, () => ALL_WELL);
  expect(reports).toEqual([[0, STATUS]]);
});

test("report: timers that come early or late by a tenth feed it no less often than they come", () => {
  const report = new SystemdReport(2_000, DEAD_MS);
  const looksMs = [0, 950, 1_990, 2_905, 4_020, 5_005];
  const fed = looksMs.filter((nowMs) => report.poll(nowMs, ALL_WELL)?.includes("WATCHDOG=1"));
  expect(fed).toEqual(looksMs);
});

test("report: a dead scheduler stops the pings; the status is still sent", () => {
  const report = new SystemdReport(30_000, DEAD_MS);
  const diesMs = 20_000;
  const reports = watch(report, 120_000, (nowMs) => ({
    ...healthy(nowMs),
    overdueMs: Math.max(0, nowMs - diesMs),
  }));
  const fed = reports.filter(([, text]) => text.includes("WATCHDOG=1")).map(([atMs]) => atMs);
  expect(fed).toEqual([0, 15_000]);
  expect(reports.at(-1)).toEqual([120_000, expect.stringContaining("STATUS=120000 healthy")]);
});

test("report: half of a short watchdog's time is enough to call the scheduler dead", () => {
  const overdue = (overdueMs: number) => ({ ...ALL_WELL, overdueMs });
  const report = new SystemdReport(1_000, DEAD_MS);
  expect(report.poll(0, overdue(499))).toContain("WATCHDOG=1");
  expect(report.poll(500, overdue(500))).toBeUndefined();
  expect(report.poll(1_000, overdue(0))).toContain("WATCHDOG=1");
});

test("report: a process that stalled pings with its first poll, before the scheduler's turn", () => {
  const report = new SystemdReport(10_000, DEAD_MS);
  for (let nowMs = 0; nowMs <= 6_000; nowMs += report.periodMs) report.poll(nowMs, ALL_WELL);
  // SIGSTOP, or a suspended machine, from 6.1 s on; the tick had been due at 6.2 s.
  expect(report.poll(66_000, { ...ALL_WELL, overdueMs: 59_800 })).toContain("WATCHDOG=1");
  // But if it does not come by then, it is dead.
  const later = [67, 68, 69, 70, 71, 72, 73].map((second) =>
    report.poll(second * 1_000, { ...ALL_WELL, overdueMs: second * 1_000 - 6_200 }),
  );
  expect(later).toEqual(later.map(() => undefined));
});

test("report: what could not be sent is due with the next look", () => {
  const report = new SystemdReport(10_000, DEAD_MS);
  const first = report.poll(0, ALL_WELL);
  expect(first).toBe(`${STATUS}\nWATCHDOG=1`);
  report.unsent();
  expect(report.poll(report.periodMs, ALL_WELL)).toBe(first);
  expect(report.poll(2 * report.periodMs, ALL_WELL)).toBeUndefined();
});
