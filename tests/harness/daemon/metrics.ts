/** Content of a daemon's /metrics. Called by the tests of metrics and by scripts/tools/bench. */
import { until } from "../base/wait.ts";

const SOON_MS = 10_000;

/** A scrape, sample by sample. */
export type Samples = ReadonlyMap<string, number>;

/** The text of /metrics. @param headers - `Accept` and the like */
export async function scrapeText(port: number, headers: Record<string, string> = {}): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${port}/metrics`, { headers });
  if (!response.ok) throw new Error(`/metrics answers ${response.status}`);
  return await response.text();
}

/** Every sample by its name and labels as they are written, `healthcheck_state{id="1",type="tcp"}`. */
export async function scrape(port: number): Promise<Samples> {
  return readSamples(await scrapeText(port));
}

/** Scrapes until what is looked for is there. @param what - for the error */
export async function scrapeUntil(
  port: number,
  what: string,
  found: (samples: Samples) => boolean,
): Promise<Samples> {
  return await until(
    async () => {
      const samples = await scrape(port);
      return found(samples) && samples;
    },
    SOON_MS,
    what,
  );
}

/** Reads the classic text format. */
export function readSamples(text: string): Samples {
  const samples = new Map<string, number>();
  for (const line of text.split("\n")) {
    if (line === "" || line.startsWith("#")) continue;
    const blank = line.lastIndexOf(" ");
    samples.set(line.slice(0, blank), Number(line.slice(blank + 1)));
  }
  return samples;
}

/** One sample's value; 0 when it is not there. */
export function sampleOf(samples: Samples, series: string): number {
  return samples.get(series) ?? 0;
}

/** The sum of a family's samples. @param label - only of those that have it, `le="1"` */
export function sumOf(samples: Samples, family: string, label = ""): number {
  return [...samples]
    .filter(([series]) => series.startsWith(`${family}{`) && series.includes(label))
    .reduce((sum, [, value]) => sum + value, 0);
}

/** Configuration text that switches metrics on. */
export function metricsConfig(port: number, more = ""): string {
  return `metrics: { enabled: true, listen_addr: "127.0.0.1:${port}"${more} }\n`;
}

/**
 * The upper bound of the bucket in which the largest of the values lies that came between two scrapes, in seconds; 0 when none came.
 */
export function largestSince(before: Samples, after: Samples, histogram: string): number {
  let largest = 0;
  let below = 0;
  for (const [series, count] of after) {
    const bound = new RegExp(`^${histogram}_bucket\\{le="([^"]+)"\\}$`).exec(series)?.[1];
    if (bound === undefined) continue;
    const cumulated = count - sampleOf(before, series);
    if (cumulated > below) largest = bound === "+Inf" ? Number.POSITIVE_INFINITY : Number(bound);
    below = cumulated;
  }
  return largest;
}
