/** Metrics of 10,000 healthchecks: whole, and at what cost to the checks. Run by `bun test`. */
// alone: measures time

import { expect, setDefaultTimeout, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Sink, startSink } from "../harness/backends/sink.ts";
import { printFigure } from "../harness/base/figures.ts";
import { freePort } from "../harness/base/ports.ts";
import { until } from "../harness/base/wait.ts";
import { tcpCheck, times } from "../harness/client/checks.ts";
import { connectClient } from "../harness/client/client.ts";
import { connectHttp, get, type RawHttp } from "../harness/client/raw-http.ts";
import { type Daemon, NO_REFRESH, startDaemon } from "../harness/daemon/daemon.ts";
import {
  largestSince,
  metricsConfig,
  readSamples,
  type Samples,
  scrape,
  scrapeText,
} from "../harness/daemon/metrics.ts";

setDefaultTimeout(60_000);

const CHECKS = 10_000;
const SCRAPES = 5;
const WINDOW_MS = 3_000;
const DEAF = 20;
/** Time that a machine with other work may add to the longest hold of the event loop. */
const NOISE_S = 0.25;
/** The bar. */
const MAX_RSS_OF_METRICS = 60e6;
/** If they were kept they would be 20 times 17 MB. */
const MAX_RSS_OF_DEAF = 100e6;
/** Series per TCP healthcheck, response times apart: info, checks 2, state, runs 2, state changes 2 or 3, histogram. */
const MIN_SERIES = 8 + 15;

/** A daemon that checks them all, once every 5 s. */
async function startLoaded(sink: Sink, config: string) {
  const stack = new AsyncDisposableStack();
  const daemon = stack.use(await startDaemon({ config: NO_REFRESH + config }));
  const client = stack.use(await connectClient(daemon.socketPath));
  const target = (n: number) => sink.targets[n % sink.targets.length] ?? { hostname: "127.0.0.1", port: 1 };
  const fields = { interval: "5s", timeout: "1s" };
  client.update(times(CHECKS, (id) => tcpCheck(id, target(id), fields)));
  await until(() => client.latest.size === CHECKS, 30_000, "every first state");
  return { daemon, client, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

/** Its resident memory, the least of some looks: between two collections it goes up and down. */
async function restingRss(daemon: Daemon): Promise<number> {
  let least = Number.POSITIVE_INFINITY;
  for (let look = 0; look < 20; look++) {
    least = Math.min(least, daemon.rssBytes());
    await Bun.sleep(100);
  }
  return least;
}

/** Shows other series of each healthcheck from now on. */
async function show(daemon: Daemon, port: number, perHealthcheck: "full" | "off"): Promise<void> {
  const server = `server: { proxy_socket: ${JSON.stringify(daemon.socketPath)} }\n`;
  const config = NO_REFRESH + metricsConfig(port, `, per_healthcheck: ${perHealthcheck}`);
  writeFileSync(join(daemon.dir, "config.yaml"), server + config);
  daemon.signal("SIGHUP");
  const shown = async () =>
    (await scrape(port)).has('healthcheck_state{id="0",type="tcp"}') === (perHealthcheck === "full");
  await until(shown, 5_000, "the configuration to be taken over");
}

function longestHold(before: Samples, after: Samples): number {
  return largestSince(before, after, "healthcheck_tick_delay_seconds");
}

test("daemon: scrapes of 10,000 healthchecks are complete, delay no check, and cost little memory", async () => {
  await using sink = await startSink(20);
  const port = freePort();
  await using loaded = await startLoaded(sink, metricsConfig(port, ", per_healthcheck: off"));
  const { daemon, client } = loaded;

  const quietBefore = await scrape(port);
  await Bun.sleep(WINDOW_MS);
  const quiet = longestHold(quietBefore, await scrape(port));
  await show(daemon, port, "full");
  const before = await scrape(port);
  const tookMs: number[] = [];
  for (let count = 0; count < SCRAPES; count++) {
    const startMs = performance.now();
    await scrapeText(port, count % 2 === 0 ? {} : { "accept-encoding": "identity" });
    tookMs.push(performance.now() - startMs);
    await Bun.sleep(Math.max(0, WINDOW_MS / SCRAPES - (performance.now() - startMs)));
  }
  const after = await scrape(port);
  const held = longestHold(before, after);
  printFigure("longest hold of the event loop without scrapes", quiet * 1_000, "ms or less");
  printFigure("with five of 10,000 healthchecks", held * 1_000, "ms or less");
  printFigure(
    "latest start of a check meanwhile",
    largestSince(before, after, "healthcheck_check_lateness_seconds") * 1_000,
    "ms or less",
  );
  printFigure("a scrape, median", tookMs.sort((a, b) => a - b)[SCRAPES >> 1] ?? 0, "ms");
  expect(held).toBeLessThanOrEqual(quiet + NOISE_S);

  const series = new Map<string, number>();
  for (const name of after.keys()) {
    const id = /\{id="(\d+)"/.exec(name)?.[1];
    if (id !== undefined) series.set(id, (series.get(id) ?? 0) + 1);
  }
  expect(series.size).toBe(CHECKS);
  expect(Math.min(...series.values())).toBeGreaterThanOrEqual(MIN_SERIES);
  expect(
    [...client.latest.values()].filter(({ state, failures }) => state !== "healthy" || failures > 0),
  ).toEqual([]);

  // The values move while one is read, the series do not.
  const gzip = await scrapeText(port, { "accept-encoding": "gzip" });
  const plain = await scrapeText(port, { "accept-encoding": "identity" });
  const open = await scrapeText(port, { accept: "application/openmetrics-text" });
  expect(gzip.split("\n").length).toBe(plain.split("\n").length);
  expect(open.split("\n").length).toBe(plain.split("\n").length + 1);
  expect([...readSamples(gzip).keys()]).toEqual([...readSamples(plain).keys()]);
  printFigure("size of a scrape", plain.length / 1e6, "MB");

  const rss = await restingRss(daemon);
  const deaf = await deafScrapes(port);
  printFigure(`RSS grown by ${DEAF} scrapes that no client reads`, (daemon.rssBytes() - rss) / 1e6, "MB");
  expect(daemon.rssBytes() - rss).toBeLessThan(MAX_RSS_OF_DEAF);
  for (const http of deaf) await http[Symbol.asyncDispose]();
  await using without = await startLoaded(sink, "");
  const difference = rss - (await restingRss(without.daemon));
  printFigure("RSS with metrics", rss / 1e6, "MB");
  printFigure("RSS of metrics of 10,000 healthchecks", difference / 1e6, "MB");
  expect(difference).toBeLessThanOrEqual(MAX_RSS_OF_METRICS);
});

/** Scrapes that are asked for and not read, long enough for everything that can be buffered to be so. */
async function deafScrapes(port: number): Promise<RawHttp[]> {
  const connections: RawHttp[] = [];
  for (let count = 0; count < DEAF; count++) {
    const http = await connectHttp(port, false);
    http.pause();
    http.write(get("/metrics"));
    connections.push(http);
  }
  await Bun.sleep(2_000);
  expect((await scrape(port)).size).toBeGreaterThan(CHECKS);
  return connections;
}
