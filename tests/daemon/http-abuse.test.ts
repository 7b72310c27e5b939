/**
 * Hostile clients of the HTTP listener: checks continue on time, scrapes answer, nothing piles up. Run by `bun test`.
 */
// alone: measures time

import { expect, setDefaultTimeout, test } from "bun:test";
import { startSink } from "../harness/backends/sink.ts";
import { printFigure } from "../harness/base/figures.ts";
import { freePort } from "../harness/base/ports.ts";
import { until } from "../harness/base/wait.ts";
import { tcpCheck, times } from "../harness/client/checks.ts";
import { connectClient } from "../harness/client/client.ts";
import { requestStatus } from "../harness/client/client-assertions.ts";
import { connectHttp, get, type RawHttp } from "../harness/client/raw-http.ts";
import { type Daemon, NO_REFRESH, startDaemon } from "../harness/daemon/daemon.ts";
import { largestSince, metricsConfig, scrape, scrapeText } from "../harness/daemon/metrics.ts";

setDefaultTimeout(30_000);

const CHECKS = 200;
const INTERVAL_MS = 200;
const IDLE = 2_000;
const BURST = 100;
const SLOW = 300;
/** Connections that the listener keeps at once, and those of checks and scrapes on a slow machine. */
const MAX_MORE_DESCRIPTORS = 40 + CHECKS + 20;
const MAX_GROWTH = 80e6;
/** Liveness, and not speed: the machine may be busy. */
const MAX_LATE_S = 5;

/** A daemon that checks, and a client that has received every state. */
async function startChecking() {
  await using stack = new AsyncDisposableStack();
  const sink = stack.use(await startSink(10));
  const port = freePort();
  const daemon = stack.use(await startDaemon({ config: NO_REFRESH + metricsConfig(port) }));
  const client = stack.use(await connectClient(daemon.socketPath));
  const target = (n: number) => sink.targets[n % sink.targets.length] ?? { hostname: "127.0.0.1", port: 1 };
  const fields = { interval: `${INTERVAL_MS}ms`, timeout: "190ms" };
  client.update(times(CHECKS, (id) => tcpCheck(id, target(id), fields)));
  await until(() => client.latest.size === CHECKS, 10_000, "every first state");
  /** Waits until every check continues, and none has failed. */
  const checksGoOn = async () => {
    const before = await requestStatus(client);
    const more = async () => {
      const now = await requestStatus(client);
      return [...now].every(([id, { successes }]) => successes > (before.get(id)?.successes ?? 0) + 1);
    };
    await until(more, 5_000, "two more checks of each");
    const statuses = [...(await requestStatus(client)).values()];
    expect(statuses.filter(({ state, failures }) => state !== "healthy" || failures > 0)).toEqual([]);
  };
  const owned = stack.move();
  return { daemon, port, checksGoOn, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

/** Watches the daemon while something is done to it. */
async function maxDescriptors(daemon: Daemon, during: () => Promise<void>): Promise<number> {
  let most = 0;
  const watch = setInterval(() => {
    most = Math.max(most, daemon.fdCount());
  }, 20);
  try {
    await during();
  } finally {
    clearInterval(watch);
  }
  return most;
}

async function closeAll(connections: readonly RawHttp[]): Promise<void> {
  for (const http of connections) await http[Symbol.asyncDispose]();
}

test("daemon: 2,000 idle connections and 300 that drip their headers take nothing away from checks and scrapes", async () => {
  await using fixture = await startChecking();
  const { daemon, port, checksGoOn } = fixture;
  const [before, rss, descriptors] = [await scrape(port), daemon.rssBytes(), daemon.fdCount()];
  const connections: RawHttp[] = [];
  const most = await maxDescriptors(daemon, async () => {
    while (connections.length < IDLE) {
      connections.push(...(await Promise.all(times(BURST, () => connectHttp(port, false)))));
    }
    await checksGoOn();
    expect((await scrape(port)).size).toBeGreaterThan(CHECKS);
    const slow: RawHttp[] = [];
    for (let count = 0; count < SLOW; count++) {
      const http = await connectHttp(port, false);
      http.write("GET /metrics HTTP/1.1\r\nX-Slow: ");
      slow.push(http);
    }
    connections.push(...slow);
    for (let round = 0; round < 5; round++) {
      for (const http of slow) http.write("x");
      expect((await scrape(port)).size).toBeGreaterThan(CHECKS);
      await Bun.sleep(50);
    }
    await checksGoOn();
  });
  const late = largestSince(before, await scrape(port), "healthcheck_check_lateness_seconds");
  printFigure("open descriptors more than at rest", most - descriptors, "");
  printFigure("latest start of a check meanwhile", late * 1_000, "ms or less");
  expect(most - descriptors).toBeLessThanOrEqual(MAX_MORE_DESCRIPTORS);
  expect(late).toBeLessThanOrEqual(MAX_LATE_S);
  // All but the newest ones were sent away.
  expect(connections.filter(({ closed }) => !closed).length).toBeLessThanOrEqual(40);
  await closeAll(connections);
  await until(() => daemon.fdCount() <= descriptors + 20, 5_000, "the descriptors to be given back");
  printFigure("RSS grown by it", (daemon.rssBytes() - rss) / 1e6, "MB");
  expect(daemon.rssBytes() - rss).toBeLessThan(MAX_GROWTH);
}, 60_000);

test("daemon: while unread answers hold every connection, checks continue, and health is served once one closes", async () => {
  await using fixture = await startChecking();
  const { daemon, port, checksGoOn } = fixture;
  // The feed is an answer that has no end: it cannot be sent away, but there are 16 at the most.
  const viewers = await Promise.all(times(40, () => connectHttp(port)));
  for (const http of viewers) http.write(get("/api/events"));
  await until(() => viewers.every(({ bytes }) => bytes > 100), 5_000, "an answer to each");
  expect(viewers.filter(({ text }) => text.startsWith("HTTP/1.1 200")).length).toBe(16);
  expect((await scrape(port)).size).toBeGreaterThan(CHECKS);
  await checksGoOn();
  expect(daemon.log.join("\n")).not.toContain("ERROR");
  await closeAll(viewers);
});

test("daemon: requests that make no sense are refused, and nothing of them stays", async () => {
  await using fixture = await startChecking();
  const { daemon, port, checksGoOn } = fixture;
  const nonsense = [
    "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    `GET / HTTP/1.1\r\nHost: x\r\n${"X: y\r\n".repeat(10_000)}`,
    `GET /${"a".repeat(60_000)} HTTP/1.1\r\nHost: x\r\n\r\n`,
    "POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\nxxxx",
    "GET /api/healthchecks?limit=9999999 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    "CONNECT 127.0.0.1:22 HTTP/1.1\r\nHost: x\r\n\r\n",
    "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
  ];
  const descriptors = daemon.fdCount();
  for (let round = 0; round < 20; round++) {
    for (const bytes of nonsense) {
      await using http = await connectHttp(port);
      http.write(bytes);
      expect(await http.waitForClose()).not.toContain(" 200 ");
    }
  }
  await checksGoOn();
  await until(() => daemon.fdCount() <= descriptors + 10, 5_000, "the descriptors to be given back");
  expect((await scrapeText(port)).length).toBeGreaterThan(10_000);
  expect(daemon.log.join("\n")).not.toContain("ERROR");
});
