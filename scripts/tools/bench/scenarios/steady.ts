/** Steady loads of the daemon alone: what they cost, and whether every check comes on time. Listed in ../scenarios.ts. */
import { makeCa } from "../../../../tests/harness/backends/certs.ts";
import { quantile } from "../arithmetic.ts";
import { costFigures } from "../cost.ts";
import { type Fleet, type FleetPlan, startFleet } from "../fleet.ts";
import { latenessCell } from "../lateness.ts";
import { type Measurement, measure, type Verdicts, verdicts } from "../measure.ts";
import type { Group, Outcome, Scenario, Settings } from "../scenario.ts";
import { bytes, digits } from "../table.ts";

/** Warm-up time of a load, and length of its measurement. */
interface Length {
  readonly warmUpS: number;
  readonly seconds: number;
}

/**
 * A gross regression: more than one start in this many did not happen. At this load the daemon has half a core to spare, and starts that are
 * left out on a machine that others use are few.
 */
const MAX_MISSED_SHARE = 0.01;

const GROUP: Group = {
  title: "Steady loads: cost and punctuality, metrics on",
  note: [
    "Lateness in ms, p50 / p99 / p99.9 / largest: by the daemon's own histogram (which holds one scrape), and as the sink saw it.",
    "Missed: starts left out by the daemon's count / by the sink's. First results: from sending the set to the last result / line.",
  ].join("\n"),
  head: [
    ...["scenario", "checks/s", "CPU per check", "user + kernel", "core", "RSS", "anonymous"],
    ...[
      "lateness (daemon)",
      "lateness (sink)",
      "missed",
      "stall",
      "first results",
      "stall meanwhile",
      "sink CPU",
    ],
  ],
};

const LONG: Length = { warmUpS: 5, seconds: 15 };
/** Several intervals of ten seconds. */
const LONGER: Length = { warmUpS: 12, seconds: 60 };

export const https = steady("https", "https", 400, 100);
export const httpsSlow = steady("https-1s", "https", 400, 1_000);
export const dns = steady("dns", "dns", 400, 100);
export const tcp100 = steady("tcp-100-1s", "tcp", 100, 1_000);
export const tcp1k = steady("tcp-1k-1s", "tcp", 1_000, 1_000);
export const tcp10k = steady("tcp-10k-1s", "tcp", 10_000, 1_000);
export const tcp10kSlow = steady("tcp-10k-10s", "tcp", 10_000, 10_000, LONGER);
export const tcp50kSlow = steady("tcp-50k-10s", "tcp", 50_000, 10_000, LONGER);

function steady(
  name: string,
  kind: FleetPlan["kind"],
  checks: number,
  intervalMs: number,
  length = LONG,
): Scenario {
  const plan = { kind, checks, intervalMs, timeoutMs: 1_000 };
  return {
    name,
    group: GROUP,
    summary: `${checks} ${kind} checks × ${intervalMs / 1_000} s`,
    quick: name === "tcp-10k-1s",
    ...(kind === "https" ? { haproxy: "sink" } : {}),
    run: (settings, say) => run(name, plan, length, settings, say),
  };
}

async function run(
  name: string,
  plan: FleetPlan,
  length: Length,
  settings: Settings,
  say: (text: string) => void,
): Promise<Outcome> {
  await using ca = plan.kind === "https" ? await makeCa() : undefined;
  const cert = ca?.issue({ name: "bench.test", sans: ["DNS:bench.test"] });
  const tls = ca === undefined || cert === undefined ? {} : { tls: { ...cert, caFile: ca.caFile } };
  await using fleet = await startFleet({ ...plan, ...tls });
  await Bun.sleep((settings.quick ? 3 : length.warmUpS) * 1_000);
  const seconds = settings.seconds ?? (settings.quick ? 8 : length.seconds);
  say(`${seconds} s are measured`);
  const measured = await measure(fleet, seconds);
  return outcome(name, fleet, measured, await verdicts(fleet));
}

function outcome(name: string, { plan, first }: Fleet, measured: Measurement, verdicts: Verdicts): Outcome {
  const { cost, memory, sink } = measured;
  const skipped = measured.skippedLate + measured.skippedRunning;
  const wanted = (plan.checks * 1_000 * cost.seconds) / plan.intervalMs;
  const falseVerdicts = plan.checks - verdicts.healthy + verdicts.failures;
  return {
    figures: {
      ...costFigures(cost),
      ...memory,
      latenessMs: { ...measured.lateness },
      sinkLatenessMs: { ...sink.lateness },
      sinkTargets: sink.targets,
      skippedLate: measured.skippedLate,
      skippedRunning: measured.skippedRunning,
      missedAtSink: sink.missed,
      leastPerTarget: quantile(measured.perTarget, 0),
      mostPerTarget: quantile(measured.perTarget, 1),
      inconclusive: measured.inconclusive,
      stallMs: measured.stallMs,
      firstResultsMs: first.lastResultMs,
      firstLinesMs: first.lastLineMs,
      firstStallMs: first.stallMs,
      firstNotificationMs: { ...first.notification },
      verdicts: { ...verdicts },
    },
    rows: [
      [
        name,
        digits(cost.checksPerSecond),
        `${digits(cost.perCheckUs)} µs`,
        `${digits(cost.userUs)} + ${digits(cost.kernelUs)}`,
        `${digits(cost.corePercent)} %`,
        bytes(memory.rssBytes),
        bytes(memory.anonymousBytes),
        latenessCell(measured.lateness, true),
        latenessCell(sink.lateness, false),
        `${skipped} / ${sink.missed}`,
        `≤ ${digits(measured.stallMs)} ms`,
        `${digits(first.lastResultMs)} / ${digits(first.lastLineMs)} ms`,
        `≤ ${digits(first.stallMs)} ms`,
        `${digits(cost.sinkCorePercent)} %`,
      ],
    ],
    regressions:
      skipped > MAX_MISSED_SHARE * wanted
        ? [{ words: `${skipped} of ${digits(wanted)} starts were left out`, ifQuiet: true }]
        : [],
    notes: [
      ...(falseVerdicts > 0 ? [`NOT ALL HEALTHY: ${JSON.stringify(verdicts)}`] : []),
      ...(measured.inconclusive > 0 ? [`${measured.inconclusive} checks were inconclusive`] : []),
    ],
  };
}
