/**
 * Cost of traces: daemons side by side, at the same time, so that other work of the machine affects all of them; two of them without
 * telemetry show how far equals differ. The table of docs/opentelemetry.md. Listed in ../scenarios.ts.
 */
import {
  type Collector,
  startGrpcCollector,
  startHttpCollector,
  telemetryConfig,
} from "../../../../tests/harness/observers/collector.ts";
import { median, ratios } from "../arithmetic.ts";
import { measureCost } from "../cost.ts";
import { type Fleet, startFleet } from "../fleet.ts";
import { memoryOf } from "../process-figures.ts";
import type { Group, Outcome, Scenario, Settings } from "../scenario.ts";
import { bytes, digits } from "../table.ts";

const CHECKS = 1_000;
const SECONDS = 15;
/** Long enough for the compiler threads to have done with the daemon that was started last. */
const SETTLE_MS = 60_000;

/** Further fields of the section; undefined is without telemetry. */
const WAYS: readonly {
  readonly words: string;
  readonly fields: Readonly<Record<string, unknown>> | undefined;
}[] = [
  { words: "off", fields: undefined },
  { words: "off, once more", fields: undefined },
  { words: "failures", fields: { trace: "failures" } },
  { words: "all, sampling_rate 0.1, gRPC", fields: { trace: "all", sampling_rate: 0.1 } },
  { words: "all, sampling_rate 0.1, HTTP", fields: { trace: "all", sampling_rate: 0.1, use_http: true } },
];

/** Figures of one daemon. */
interface Shown {
  readonly perCheckUs: number;
  readonly rssBytes: number;
}

const GROUP: Group = {
  title: `What traces cost: ${CHECKS.toLocaleString("en")} healthy tcp checks × 1 s, side by side`,
  head: ["telemetry", "CPU per check", "against off", "of each round", "RSS"],
};

export const telemetry: Scenario = {
  name: "telemetry",
  group: GROUP,
  summary: "telemetry off, of failures and of all checks, side by side at 1,000 checks/s",
  quick: false,
  run,
};

async function run(settings: Settings, say: (text: string) => void): Promise<Outcome> {
  const rounds: Shown[][] = [];
  for (let round = 1; round <= settings.rounds; round++) {
    say(`round ${round} of ${settings.rounds}`);
    rounds.push(await showAll(settings, round));
  }
  const of = (way: number) => rounds.map((shown) => shown[way]?.perCheckUs ?? Number.NaN);
  const found = WAYS.map(({ words }, way) => ({
    words,
    perCheckUs: median(of(way)),
    againstOff: ratios(of(way), of(0)).map((ratio) => ratio - 1),
    rssBytes: median(rounds.map((shown) => shown[way]?.rssBytes ?? Number.NaN)),
  }));
  const percent = (share: number) => `${share < 0 ? "−" : "+"}${digits(Math.abs(share) * 100)} %`;
  return {
    figures: Object.fromEntries(
      found.map(({ words, perCheckUs, againstOff, rssBytes }) => [
        words,
        { perCheckUs, againstOff: median(againstOff), rounds: againstOff, rssBytes },
      ]),
    ),
    rows: found.map(({ words, perCheckUs, againstOff, rssBytes }) => [
      words,
      `${perCheckUs.toFixed(1)} µs`,
      percent(median(againstOff)),
      againstOff.map(percent).join(", "),
      bytes(rssBytes),
    ]),
    regressions: [],
  };
}

/** One round: all of them at once, started one after the other, in another order each time. @returns in the order of WAYS */
async function showAll(settings: Settings, round: number): Promise<Shown[]> {
  await using stack = new AsyncDisposableStack();
  const fleets: Fleet[] = [];
  for (let nth = 0; nth < WAYS.length; nth++) {
    const way = (nth + round) % WAYS.length;
    const fields = WAYS[way]?.fields;
    // The collectors are in this process.
    const collector = fields === undefined ? undefined : stack.use(await collectorFor(fields));
    const config = collector === undefined ? "" : telemetryConfig(collector.port, fields);
    const plan = { kind: "tcp", checks: CHECKS, intervalMs: 1_000, timeoutMs: 500 } as const;
    fleets[way] = stack.use(await startFleet(plan, { config }));
  }
  await Bun.sleep(SETTLE_MS);
  const seconds = settings.seconds ?? SECONDS;
  return await Promise.all(
    fleets.map(async ({ subject, sink }) => {
      const { perCheckUs } = await measureCost(subject.daemon.pid, sink, seconds);
      return { perCheckUs, rssBytes: memoryOf(subject.daemon.pid).rssBytes };
    }),
  );
}

async function collectorFor(fields: Readonly<Record<string, unknown>>): Promise<Collector> {
  return fields["use_http"] === true ? startHttpCollector() : await startGrpcCollector();
}
