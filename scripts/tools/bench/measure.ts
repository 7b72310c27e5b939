/** Measures a fleet for some seconds: cost, lateness from both sides, missed checks, verdicts. Called by the scenarios. */

import { requestStatus } from "../../../tests/harness/client/client-assertions.ts";
import type { Samples } from "../../../tests/harness/daemon/metrics.ts";
import { sampleOf } from "../../../tests/harness/daemon/metrics.ts";
import { type Cost, measureCost } from "./cost.ts";
import type { Fleet } from "./fleet.ts";
import { fromArrivals, fromHistogram, type Lateness, type SeenFromSink } from "./lateness.ts";
import { type Memory, memoryOf } from "./process-figures.ts";
import { wallMs } from "./sink/commands.ts";

/** The figures of one measurement. */
export interface Measurement {
  readonly cost: Cost;
  readonly memory: Memory;
  /** By the daemon's own histogram. */
  readonly lateness: Lateness;
  readonly sink: SeenFromSink;
  /** Number of checks that arrived for each target with a port of its own. */
  readonly perTarget: readonly number[];
  /** By the daemon's own count. */
  readonly skippedRunning: number;
  readonly skippedLate: number;
  /** Checks that said nothing, by fault of the daemon's own. */
  readonly inconclusive: number;
  /** The longest the event loop was held: the upper bound of a bucket. */
  readonly stallMs: number;
}

/** The states of all healthchecks, counted. */
export interface Verdicts {
  readonly healthy: number;
  readonly unhealthy: number;
  readonly unknown: number;
  /** Single failed checks, also those that changed no state. */
  readonly failures: number;
}

/** A scrape is work for the daemon: it is let go by before the rest is measured, but lies in the daemon's own histogram. */
const AFTER_SCRAPE_MS = 500;

/** Parts of a {@link Fleet} that a measurement needs. */
export type Measured = Pick<Fleet, "plan" | "sink" | "subject" | "ownPorts">;

/** Measures for some seconds. */
export async function measure(fleet: Measured, seconds: number): Promise<Measurement> {
  const { subject, sink, plan } = fleet;
  const before = await subject.scrape();
  await Bun.sleep(AFTER_SCRAPE_MS);
  await sink.record();
  const cost = await measureCost(subject.daemon.pid, sink, seconds);
  const timesMs = (await sink.take()).slice(0, fleet.ownPorts);
  const memory = memoryOf(subject.daemon.pid);
  const after = await subject.scrape();
  return {
    cost,
    memory,
    lateness: fromHistogram(before, after, "healthcheck_check_lateness_seconds"),
    sink: fromArrivals(timesMs, plan.intervalMs),
    perTarget: timesMs.map((times) => times.length),
    skippedRunning: since(before, after, 'healthcheck_checks_skipped_total{reason="running"}'),
    skippedLate: since(before, after, 'healthcheck_checks_skipped_total{reason="late"}'),
    inconclusive: familySince(before, after, "healthcheck_inconclusive_total"),
    stallMs: fromHistogram(before, after, "healthcheck_tick_delay_seconds").maxMs,
  };
}

/** Requests every status and counts the states. */
export async function verdicts({ subject }: Pick<Fleet, "subject">): Promise<Verdicts> {
  const statuses = [...(await requestStatus(subject.client)).values()];
  const inState = (wanted: string) => statuses.filter(({ state }) => state === wanted).length;
  return {
    healthy: inState("healthy"),
    unhealthy: inState("unhealthy"),
    unknown: inState("unknown"),
    failures: statuses.reduce((total, { failures }) => total + failures, 0),
  };
}

/** Computes the growth of a counter. */
export function since(before: Samples, after: Samples, series: string): number {
  return sampleOf(after, series) - sampleOf(before, series);
}

/** Computes the growth of all counters of a family together. */
export function familySince(before: Samples, after: Samples, family: string): number {
  return [...after.keys()]
    .filter((series) => series.startsWith(`${family}{`))
    .reduce((total, series) => total + since(before, after, series), 0);
}

/** Milliseconds from a moment until now, both by the wall clock. */
export function sinceMs(startMs: number): number {
  return wallMs() - startMs;
}
