/**
 * Loads that should not matter to healthy checks: dead racks beside them, scrapes every second, more checks than the machine can
 * make. Listed in ../scenarios.ts.
 */
import { requestStatus } from "../../../../tests/harness/client/client-assertions.ts";
import { quantile, sum } from "../arithmetic.ts";
import { costFigures } from "../cost.ts";
import { type Fleet, type FleetPlan, startFleet } from "../fleet.ts";
import { latenessCell } from "../lateness.ts";
import { descriptorLimit } from "../machine.ts";
import { type Measurement, measure } from "../measure.ts";
import type { Figures, Group, Outcome, Scenario, Settings } from "../scenario.ts";
import { type Scraped, scrapeEverySecond } from "../scrapes.ts";
import { bytes, digits } from "../table.ts";

const SECONDS = 15;
const WARM_UP_MS = 5_000;
const BLACKHOLE_TIMEOUT_MS = 500;
/** Descriptors that the daemon keeps for other uses, with a margin. */
const DESCRIPTOR_RESERVE = 1_000;

const GROUP: Group = {
  title: "Hard cases: is the healthy part still on time?",
  note: [
    "Lateness in ms, p50 / p99 / p99.9 / largest. Starts each: of targets with a port of their own, fewest / median / most.",
    "Checks/s are those that came to healthy backends, of those that should have.",
    "False: healthy backends that were called unhealthy at the end / single failed checks of healthy backends.",
  ].join("\n"),
  head: [
    ...["scenario", "checks/s", "core", "RSS", "lateness (daemon)", "lateness (sink)"],
    ...["left out: late / running", "starts each", "false", "stall", "sink CPU"],
  ],
};

/** As many as descriptors allow: each black hole holds one from start to timeout. */
function blackholePlan(): FleetPlan {
  const inFlightPerCheck = BLACKHOLE_TIMEOUT_MS / 1_000;
  const most = Math.floor((descriptorLimit() - DESCRIPTOR_RESERVE) / inFlightPerCheck);
  const half = Math.min(5_000, most);
  return {
    ...{ kind: "tcp", checks: 2 * half, intervalMs: 1_000, timeoutMs: BLACKHOLE_TIMEOUT_MS },
    toBlackholes: half,
  };
}

export const blackholes: Scenario = {
  name: "blackholes",
  group: GROUP,
  summary: "10,000 tcp checks × 1 s, half of them to black holes",
  quick: false,
  run: (settings) => run("blackholes", blackholePlan(), settings),
};

export const scrape: Scenario = {
  name: "scrape",
  group: GROUP,
  summary: "10,000 tcp checks × 1 s and a scrape every second",
  quick: false,
  run: (settings) =>
    run("scrape", { kind: "tcp", checks: 10_000, intervalMs: 1_000, timeoutMs: 500 }, settings, true),
};

export const overload: Scenario = {
  name: "tcp-50k-1s",
  group: GROUP,
  summary: "50,000 tcp checks × 1 s: more than the machine can make",
  quick: false,
  run: (settings) =>
    run("tcp-50k-1s", { kind: "tcp", checks: 50_000, intervalMs: 1_000, timeoutMs: 1_000 }, settings),
};

async function run(name: string, plan: FleetPlan, settings: Settings, isScraped = false): Promise<Outcome> {
  await using fleet = await startFleet(plan);
  await Bun.sleep(WARM_UP_MS);
  const seconds = settings.seconds ?? SECONDS;
  const [measured, scraped] = await Promise.all([
    measure(fleet, seconds),
    isScraped ? scrapeEverySecond(fleet.subject, seconds) : undefined,
  ]);
  return outcome(name, fleet, measured, scraped, await falseVerdicts(fleet));
}

/** First wrong reports about backends that were healthy all the time. */
async function falseVerdicts({ plan, subject }: Fleet): Promise<{ unhealthy: number; failures: number }> {
  const alive = plan.checks - (plan.toBlackholes ?? 0);
  const statuses = [...(await requestStatus(subject.client))].filter(([id]) => Number(id) < alive);
  return {
    unhealthy: statuses.filter(([, { state }]) => state === "unhealthy").length,
    failures: sum(statuses.map(([, { failures }]) => failures)),
  };
}

function outcome(
  name: string,
  fleet: Fleet,
  measured: Measurement,
  scraped: Scraped | undefined,
  wrong: { readonly unhealthy: number; readonly failures: number },
): Outcome {
  const { cost, perTarget } = measured;
  const starts = [0, 0.5, 1].map((share) => quantile(perTarget, share));
  const alive = fleet.plan.checks - (fleet.plan.toBlackholes ?? 0);
  const wantedPerSecond = (alive * 1_000) / fleet.plan.intervalMs;
  return {
    figures: {
      ...figures(measured),
      wantedPerSecond,
      startsPerTarget: starts,
      falseUnhealthy: wrong.unhealthy,
      falseFailures: wrong.failures,
      scrapes: scraped === undefined ? null : { ...scraped },
    },
    rows: [
      [
        name,
        `${digits(cost.checksPerSecond)} of ${wantedPerSecond}`,
        `${digits(cost.corePercent)} %`,
        bytes(measured.memory.rssBytes),
        latenessCell(measured.lateness, true),
        // More than an interval late: the sink cannot know which start it is that comes.
        measured.skippedLate > 0 ? "–" : latenessCell(measured.sink.lateness, false),
        `${measured.skippedLate} / ${measured.skippedRunning}`,
        starts.join(" / "),
        `${wrong.unhealthy} / ${wrong.failures}`,
        `≤ ${digits(measured.stallMs)} ms`,
        `${digits(cost.sinkCorePercent)} %`,
      ],
    ],
    regressions: [],
    notes: scraped === undefined ? [] : [scrapeNote(scraped)],
  };
}

function figures(measured: Measurement): Figures {
  return {
    ...costFigures(measured.cost),
    ...measured.memory,
    latenessMs: { ...measured.lateness },
    sinkLatenessMs: { ...measured.sink.lateness },
    skippedLate: measured.skippedLate,
    skippedRunning: measured.skippedRunning,
    inconclusive: measured.inconclusive,
    stallMs: measured.stallMs,
  };
}

function scrapeNote({ medianMs, largestMs, plainBytes, gzipBytes }: Scraped): string {
  return `a scrape takes ${digits(medianMs)} ms (largest ${digits(largestMs)}), ${bytes(plainBytes)}, with gzip ${bytes(gzipBytes)}`;
}
