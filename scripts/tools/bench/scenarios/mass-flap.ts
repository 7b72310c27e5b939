/** Ten thousand backends that die at once and come back at once. Listed in ../scenarios.ts. */

import { until } from "../../../../tests/harness/base/wait.ts";
import { resultWallMs } from "../../../../tests/harness/client/client-assertions.ts";
import { largest } from "../arithmetic.ts";
import { type Fleet, startFleet } from "../fleet.ts";
import { fromHistogram, type Lateness, latenessCell } from "../lateness.ts";
import type { Group, Outcome, Scenario } from "../scenario.ts";
import { wallMs } from "../sink/commands.ts";
import { digits } from "../table.ts";

const CHECKS = 10_000;
const INTERVAL_MS = 1_000;
const WARM_UP_MS = 4_000;
const MAX_MS = 60_000;
/** The scrapes around each change should not be what is measured: they describe the server as a whole only. */
const SMALL_SCRAPES = ", per_healthcheck: off";

/** One change of all states. */
interface Change {
  /** From the backends' change to the last line that reports it; up to an interval of it is waiting for the next check. */
  readonly allReportedMs: number;
  /** From the last result to the last line. */
  readonly afterLastResultMs: number;
  readonly notification: Lateness;
  readonly lateness: Lateness;
  readonly stallMs: number;
}

const GROUP: Group = {
  title: `All change state at once: ${CHECKS} tcp checks × ${INTERVAL_MS / 1_000} s, batching delay 100 ms`,
  note: "Notification: from the result to the socket, by the daemon's histogram. p50 / p99 / p99.9 / largest, in ms.",
  head: ["change", "all sent", "of it after the last result", "notification", "lateness meanwhile", "stall"],
};

export const massFlap: Scenario = {
  name: "mass-flap",
  group: GROUP,
  summary: `${CHECKS} backends die at once and come back`,
  quick: false,
  run,
};

async function run(): Promise<Outcome> {
  const plan = { kind: "tcp", checks: CHECKS, intervalMs: INTERVAL_MS, timeoutMs: 500 } as const;
  await using fleet = await startFleet(plan, { metricsFields: SMALL_SCRAPES });
  await Bun.sleep(WARM_UP_MS);
  const died = await change(fleet, "unhealthy");
  await Bun.sleep(WARM_UP_MS);
  const back = await change(fleet, "healthy");
  return {
    figures: { died: { ...figures(died) }, back: { ...figures(back) } },
    rows: [
      ["healthy → unhealthy", ...cells(died)],
      ["unhealthy → healthy", ...cells(back)],
    ],
    regressions: [],
  };
}

async function change({ sink, subject }: Fleet, wanted: "healthy" | "unhealthy"): Promise<Change> {
  const { client } = subject;
  const before = await subject.scrape();
  const startMs = wallMs();
  await (wanted === "unhealthy" ? sink.down(0, CHECKS) : sink.up(0, CHECKS));
  const inState = () => [...client.latest.values()].filter(({ state }) => state === wanted).length;
  await until(
    () => inState() === CHECKS,
    MAX_MS,
    () => `all ${wanted}; ${inState()} are`,
  );
  const lastLineMs = performance.timeOrigin + (client.lines.at(-1)?.receivedAtMs ?? Number.NaN);
  const after = await subject.scrape();
  return {
    allReportedMs: lastLineMs - startMs,
    afterLastResultMs: lastLineMs - largest([...client.latest.values()].map(resultWallMs)),
    notification: fromHistogram(before, after, "healthcheck_notification_latency_seconds"),
    lateness: fromHistogram(before, after, "healthcheck_check_lateness_seconds"),
    stallMs: fromHistogram(before, after, "healthcheck_tick_delay_seconds").maxMs,
  };
}

function figures(change: Change) {
  return { ...change, notification: { ...change.notification }, lateness: { ...change.lateness } };
}

function cells(change: Change): string[] {
  return [
    `${digits(change.allReportedMs)} ms`,
    `${digits(change.afterLastResultMs)} ms`,
    latenessCell(change.notification, true),
    latenessCell(change.lateness, true),
    `≤ ${digits(change.stallMs)} ms`,
  ];
}
