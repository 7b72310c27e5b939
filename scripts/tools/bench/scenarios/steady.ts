/** Steady loads of the daemon alone: their cost and their punctuality. Listed in ../scenarios.ts. */
import { quantile } from "../arithmetic.ts";
import { costFigures, miscounted } from "../cost.ts";
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
  page: {
    name: "steady",
    head: [
      ...["checks", "checks/s", "CPU per check", "of a core", "RSS"],
      ...["lateness p50 / p99 / p99.9 / largest", "missed", "all first results"],
    ],
  },
};

const LONG: Length = { warmUpS: 5, seconds: 15 };
/** Several intervals of ten seconds. */
const LONGER: Length = { warmUpS: 12, seconds: 60 };

export const tcp100 = steady("tcp-100-1s", "tcp", 100, 1_000);
export const tcp1k = steady("tcp-1k-1s", "tcp", 1_000, 1_000);
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
    quick: false,
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
  await using fleet = await startFleet(plan);
  await Bun.sleep(length.warmUpS * 1_000);
  const seconds = settings.seconds ?? length.seconds;
  say(`${seconds} s are measured`);
  const measured = await measure(fleet, seconds);
  return outcome(name, fleet, measured, await verdicts(fleet));
}

function outcome(name: string, { plan, first }: Fleet, measured: Measurement, verdicts: Verdicts): Outcome {
  const { cost, memory, sink } = measured;
  const skipped = measured.skippedLate + measured.skippedRunning;
  const label = `${plan.checks.toLocaleString("en-US")} ${plan.kind.toUpperCase()} × ${plan.intervalMs / 1_000} s`;
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
      minPerTarget: quantile(measured.perTarget, 0),
      maxPerTarget: quantile(measured.perTarget, 1),
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
    pageRows: [
      [
        label,
        digits(cost.checksPerSecond),
        `${digits(cost.perCheckUs)} µs`,
        `${digits(cost.corePercent)} %`,
        bytes(memory.rssBytes),
        latenessCell(measured.lateness, true),
        `${skipped} / ${sink.missed}`,
        `${digits(first.lastResultMs)} ms`,
      ],
    ],
    regressions: [],
    notes: [
      ...miscounted(cost.checksPerSecond, (plan.checks * 1_000) / plan.intervalMs),
      ...(falseVerdicts > 0 ? [`NOT ALL HEALTHY: ${JSON.stringify(verdicts)}`] : []),
      ...(measured.inconclusive > 0 ? [`${measured.inconclusive} checks were inconclusive`] : []),
    ],
  };
}
