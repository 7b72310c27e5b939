/** Counters of all checks. */
import { expect, test } from "bun:test";
import { checkTypeNames } from "../../src/checks/registry.ts";
import { CheckCounters } from "../../src/metrics/check-counters.ts";
import type { Format } from "../../src/metrics/exposition.ts";
import { FAILURE_CODES, inconclusive, LOCAL_CAUSES } from "../../src/model/result.ts";
import { linesOf, written } from "../harness/daemon/sheets.ts";
import { failure, success } from "../harness/fakes/fakes.ts";

const DURATION_BOUNDS = [0.01, 1];

async function text(counters: CheckCounters, format: Format = "prometheus"): Promise<string> {
  return await written((sheet) => counters.write(sheet, format));
}

test("check counters: every reason is shown from 0", async () => {
  const all = await text(new CheckCounters(DURATION_BOUNDS));
  const combinations = checkTypeNames().flatMap((type) =>
    FAILURE_CODES.map((code) => `healthcheck_failures_total{type="${type}",reason="${code}"} 0`),
  );
  expect(linesOf(all, "healthcheck_failures_total")).toEqual(combinations);
  expect(linesOf(all, "healthcheck_inconclusive_total")).toEqual(
    LOCAL_CAUSES.map((cause) => `healthcheck_inconclusive_total{reason="${cause}"} 0`),
  );
  expect(linesOf(all, "healthcheck_checks_skipped_total")).toEqual([
    'healthcheck_checks_skipped_total{reason="running"} 0',
    'healthcheck_checks_skipped_total{reason="late"} 0',
  ]);
});

test("check counters: a failure counts under its type and code, a fault of ours under its cause", async () => {
  const counters = new CheckCounters(DURATION_BOUNDS);
  for (const code of FAILURE_CODES) counters.finished("http", failure(code), 0, 1);
  counters.finished("dns", failure("L7TOUT"), 0, 1);
  for (const cause of LOCAL_CAUSES) counters.finished("tcp", inconclusive(cause, "words"), 0, 1);
  counters.finished("tcp", success(), 0, 1);
  const all = await text(counters);
  for (const code of FAILURE_CODES) expect(all).toContain(`{type="http",reason="${code}"} 1\n`);
  expect(all).toContain('{type="dns",reason="L7TOUT"} 1\n');
  expect(all).toContain('{type="tcp",reason="L7TOUT"} 0\n');
  for (const cause of LOCAL_CAUSES) expect(all).toContain(`inconclusive_total{reason="${cause}"} 1\n`);
});

test("check counters: lateness, durations and delays of ticks are observed in seconds", async () => {
  const counters = new CheckCounters(DURATION_BOUNDS);
  counters.finished("tcp", success(), 5, 20);
  counters.finished("tcp", inconclusive("ports", "none"), 300, 5_000);
  counters.ticked(12);
  // Timers have a grain: one that came early is not late.
  counters.ticked(-0.4);
  const all = await text(counters);
  expect(all).toContain('healthcheck_check_lateness_seconds_bucket{le="0.004"} 0\n');
  expect(all).toContain('healthcheck_check_lateness_seconds_bucket{le="0.006"} 1\n');
  expect(all).toContain("healthcheck_check_lateness_seconds_sum 0.305\n");
  expect(linesOf(all, "healthcheck_monitor_task_duration_seconds")).toEqual([
    'healthcheck_monitor_task_duration_seconds_bucket{le="0.01"} 0',
    'healthcheck_monitor_task_duration_seconds_bucket{le="1"} 1',
    'healthcheck_monitor_task_duration_seconds_bucket{le="+Inf"} 2',
    "healthcheck_monitor_task_duration_seconds_sum 5.02",
    "healthcheck_monitor_task_duration_seconds_count 2",
  ]);
  expect(all).toContain('healthcheck_tick_delay_seconds_bucket{le="0.001"} 1\n');
  expect(all).toContain("healthcheck_tick_delay_seconds_sum 0.012\n");
});

test("check counters: starts that did not happen add up by reason", async () => {
  const counters = new CheckCounters(DURATION_BOUNDS);
  counters.skipped(3, "running");
  counters.skipped(1, "running");
  counters.skipped(2, "late");
  const all = await text(counters);
  expect(all).toContain('healthcheck_checks_skipped_total{reason="running"} 4\n');
  expect(all).toContain('healthcheck_checks_skipped_total{reason="late"} 2\n');
});

test("check counters: in OpenMetrics the families of counters have no _total, histograms keep their names", async () => {
  const all = await text(new CheckCounters(DURATION_BOUNDS), "openmetrics");
  expect(all).toContain("# TYPE healthcheck_failures counter\n");
  expect(all).toContain("# TYPE healthcheck_check_lateness_seconds histogram\n");
  expect(all).not.toContain("# TYPE healthcheck_failures_total");
});
