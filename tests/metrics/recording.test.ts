/** Cost of recording a check, beside the cost with a library's families. Prints the figures. */
// alone: measures time
import { expect, setDefaultTimeout, test } from "bun:test";
import { Counter, Gauge, Histogram, Registry } from "prom-client";
import { Metrics } from "../../src/metrics/metrics.ts";
import type { CheckResult } from "../../src/model/result.ts";
import { formatResult } from "../../src/model/result.ts";
import type { Monitor } from "../../src/monitor/monitor.ts";
import { printFigure } from "../harness/base/figures.ts";
import { SETTINGS } from "../harness/daemon/sheets.ts";
import { failure, makeSpec, success } from "../harness/fakes/fakes.ts";
import { Stock } from "../harness/fakes/monitor-stock.ts";

setDefaultTimeout(60_000);

const CHECKS = 200_000;
const MONITORS = 1_000;
/** Minimum ratio to our own; the bar of 500 ns is printed and not asserted, because a machine may be slow. */
const MIN_RATIO = 5;
const RESULTS: readonly CheckResult[] = [
  ...Array.from({ length: 9 }, (_, at) => ({ ...success(), durationMs: at / 2 })),
  failure("L4CON"),
];

/** Calls a function the given number of times, after a warm-up. @returns nanoseconds a call, the best of some rounds */
function nanoseconds(step: (at: number) => void, rounds: number): number {
  const round = (calls: number) => {
    const startNs = Bun.nanoseconds();
    for (let at = 0; at < calls; at++) step(at);
    return (Bun.nanoseconds() - startNs) / calls;
  };
  round(CHECKS / 10);
  return Math.min(...Array.from({ length: rounds }, () => round(CHECKS)));
}

/** As one would do it at first: a family for each thing that is known, a label for each healthcheck. */
function naiveRecorder(): (monitor: Monitor, result: CheckResult, latenessMs: number) => void {
  const registers = [new Registry()];
  const common = { help: "help", registers };
  const labelNames = ["id", "type"] as const;
  const buckets = [...SETTINGS.responseTimeBounds];
  const checks = new Counter({ name: "checks_total", labelNames: [...labelNames, "result"], ...common });
  const times = new Histogram({ name: "response_time_seconds", labelNames, buckets, ...common });
  const lateness = new Histogram({ name: "lateness_seconds", labelNames, buckets, ...common });
  const state = new Gauge({ name: "state", labelNames, ...common });
  const successes = new Gauge({ name: "consecutive_successes", labelNames, ...common });
  const failures = new Gauge({ name: "consecutive_failures", labelNames, ...common });
  return ({ spec, health }, result, latenessMs) => {
    const labels = { id: spec.id, type: spec.check.type };
    checks.inc({ ...labels, result: result.outcome });
    if (result.outcome !== "inconclusive") times.observe(labels, result.durationMs / 1_000);
    lateness.observe(labels, latenessMs / 1_000);
    state.set(labels, health.state === "healthy" ? 1 : 2);
    successes.set(labels, health.consecutiveSuccesses);
    failures.set(labels, health.consecutiveFailures);
  };
}

test("recording: a check is recorded for a fraction of what a library's families would cost", () => {
  const stock = new Stock();
  const metrics = new Metrics(SETTINGS, "full");
  const monitors = Array.from({ length: MONITORS }, (_, number) => stock.add(makeSpec(number), [success()]));
  const each = (rounds: number, record: (monitor: Monitor, result: CheckResult, at: number) => void) =>
    nanoseconds((at) => {
      const monitor = monitors[at % MONITORS];
      const result = RESULTS[at % RESULTS.length];
      if (monitor !== undefined && result !== undefined) record(monitor, result, at);
    }, rounds);
  const ours = each(5, (monitor, result, at) => {
    monitor.record?.finished(result, at, at % 7);
    metrics.finished(monitor, result, at % 7, at);
  });
  const naive = naiveRecorder();
  const theirs = each(1, (monitor, result, at) => naive(monitor, result, at % 7));
  printFigure("recording a check (the bar is 500)", ours, "ns");
  printFigure("the same with a library's families", theirs, "ns");
  expect(theirs / ours).toBeGreaterThan(MIN_RATIO);
  // Nothing was optimized away.
  expect(monitors[0]?.record?.history.lastMessage).toBe(formatResult(RESULTS[0] ?? success()));
  expect(monitors[0]?.record?.responseTimes.counts.reduce((sum, count) => sum + count)).toBeGreaterThan(
    CHECKS / MONITORS,
  );
});
