/** Scraping as Prometheus does, and what a scrape costs. Called by the scenarios. */
import { largest, median } from "./arithmetic.ts";
import type { Subject } from "./daemon.ts";

/** Some scrapes. */
export interface Scraped {
  readonly medianMs: number;
  readonly largestMs: number;
  readonly plainBytes: number;
  readonly gzipBytes: number;
}

const EVERY_MS = 1_000;
const ACCEPT = "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.2,*/*;q=0.1";

/** One scrape, its body as it came over the wire. */
async function fetched(
  port: number,
  encoding: string,
): Promise<{ readonly tookMs: number; readonly bytes: number }> {
  const headers = { Accept: ACCEPT, "Accept-Encoding": encoding };
  const startMs = performance.now();
  const response = await fetch(`http://127.0.0.1:${port}/metrics`, { headers, decompress: false });
  if (!response.ok) throw new Error(`/metrics answers ${response.status}`);
  const bytes = (await response.arrayBuffer()).byteLength;
  return { tookMs: performance.now() - startMs, bytes };
}

/** With gzip, one a second for this number of seconds; then one without. */
export async function scrapeEverySecond(subject: Subject, seconds: number): Promise<Scraped> {
  return await scrapes(subject, seconds, EVERY_MS);
}

/** Some with gzip, starting so far apart or one after the other; then one without. */
export async function scrapes({ metricsPort }: Subject, count: number, everyMs: number): Promise<Scraped> {
  const zipped = [];
  for (let index = 0; index < count; index++) {
    const one = await fetched(metricsPort, "gzip");
    zipped.push(one);
    await Bun.sleep(Math.max(0, everyMs - one.tookMs));
  }
  const plain = await fetched(metricsPort, "identity");
  const tookMs = zipped.map((one) => one.tookMs);
  return {
    medianMs: median(tookMs),
    largestMs: largest(tookMs),
    plainBytes: plain.bytes,
    gzipBytes: median(zipped.map(({ bytes }) => bytes)),
  };
}
