/** Cost of metrics: off and on in turn, and the cost of a scrape; the table of docs/metrics.md. Listed in ../scenarios.ts. */
import { median } from "../arithmetic.ts";
import { measureCost } from "../cost.ts";
import { startFleet } from "../fleet.ts";
import { fromHistogram } from "../lateness.ts";
import { memoryOf } from "../process-figures.ts";
import type { Group, Outcome, Scenario, Settings } from "../scenario.ts";
import { type Scraped, scrapes } from "../scrapes.ts";
import { bytes, digits } from "../table.ts";

const SIZES = [100, 1_000, 10_000];
const SECONDS = 8;
const SETTLE_MS = 4_000;
const SCRAPES = 5;
/** Far enough apart that checks start in between, and show how long they were held. */
const SCRAPE_EVERY_MS = 500;

/** Figures of one daemon. */
interface Shown {
  readonly perCheckUs: number;
  readonly rssBytes: number;
  /** Only with metrics on. */
  readonly scraped: (Scraped & { readonly stallMs: number }) | undefined;
}

const GROUP: Group = {
  title: "What metrics cost: tcp checks × 1 s, metrics off and on in turn",
  head: [
    ...["healthchecks", "CPU per check, metrics off", "metrics on", "scrape", "size", "with gzip"],
    ...["longest stall", "RSS"],
  ],
};

export const metrics: Scenario = {
  name: "metrics",
  group: GROUP,
  summary: "metrics off and on in turn, and scrapes, at 100 to 10,000 checks",
  quick: false,
  run,
};

async function run(settings: Settings, say: (text: string) => void): Promise<Outcome> {
  const rows: string[][] = [];
  const figures: Record<string, Record<string, number>> = {};
  for (const size of SIZES) {
    const off: Shown[] = [];
    const on: Shown[] = [];
    for (let round = 1; round <= settings.rounds; round++) {
      say(`${size} checks, round ${round} of ${settings.rounds}`);
      off.push(await show(size, false, settings));
      on.push(await show(size, true, settings));
    }
    const found = summary(off, on);
    figures[`checks${size}`] = found;
    rows.push(cells(size, found));
  }
  return { figures, rows, regressions: [] };
}

async function show(size: number, isOn: boolean, settings: Settings): Promise<Shown> {
  const plan = { kind: "tcp", checks: size, intervalMs: 1_000, timeoutMs: 500 } as const;
  await using fleet = await startFleet(plan, { metrics: isOn });
  await Bun.sleep(SETTLE_MS);
  const { pid } = fleet.subject.daemon;
  const { perCheckUs } = await measureCost(pid, fleet.sink, settings.seconds ?? SECONDS);
  if (!isOn) return { perCheckUs, rssBytes: memoryOf(pid).rssBytes, scraped: undefined };
  const before = await fleet.subject.scrape();
  const scraped = await scrapes(fleet.subject, SCRAPES, SCRAPE_EVERY_MS);
  const after = await fleet.subject.scrape();
  const { maxMs: stallMs } = fromHistogram(before, after, "healthcheck_tick_delay_seconds");
  return { perCheckUs, rssBytes: memoryOf(pid).rssBytes, scraped: { ...scraped, stallMs } };
}

function summary(off: readonly Shown[], on: readonly Shown[]) {
  const scraped = on.flatMap((shown) => shown.scraped ?? []);
  const of = (pick: (one: (typeof scraped)[number]) => number) => median(scraped.map(pick));
  return {
    offUs: median(off.map(({ perCheckUs }) => perCheckUs)),
    onUs: median(on.map(({ perCheckUs }) => perCheckUs)),
    scrapeMs: of(({ medianMs }) => medianMs),
    plainBytes: of(({ plainBytes }) => plainBytes),
    gzipBytes: of(({ gzipBytes }) => gzipBytes),
    stallMs: of(({ stallMs }) => stallMs),
    offRssBytes: median(off.map(({ rssBytes }) => rssBytes)),
    onRssBytes: median(on.map(({ rssBytes }) => rssBytes)),
  };
}

function cells(size: number, found: ReturnType<typeof summary>): string[] {
  return [
    size.toLocaleString("en"),
    `${found.offUs.toFixed(1)} µs`,
    `${found.onUs.toFixed(1)} µs`,
    `${digits(found.scrapeMs)} ms`,
    bytes(found.plainBytes),
    bytes(found.gzipBytes),
    `≤ ${digits(found.stallMs)} ms`,
    `${bytes(found.offRssBytes)} to ${bytes(found.onRssBytes)}`,
  ];
}
