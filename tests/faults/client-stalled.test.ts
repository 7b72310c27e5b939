/** A client that stops reading while 5,000 states flap: memory is bounded, and the newest states arrive. Run by `bun test`. */
// alone: needs the whole machine
import { expect, test } from "bun:test";
import { acceptAll } from "../harness/backends/backends.ts";
import { printFigure } from "../harness/base/figures.ts";
import { freePort } from "../harness/base/ports.ts";
import { lasting } from "../harness/base/soak.ts";
import { until } from "../harness/base/wait.ts";
import { tcpCheck, times } from "../harness/client/checks.ts";
import { connectClient } from "../harness/client/client.ts";
import { NO_REFRESH, startDaemon } from "../harness/daemon/daemon.ts";
import { metricsConfig, sampleOf, scrapeUntil } from "../harness/daemon/metrics.ts";

const CHECKS = 5_000;
const UNREAD_MS = lasting(5_000, 30_000);
/** It rises and falls between 30 and 80 MB with the collector, for however long; 340,000 changes kept would be far more. */
const MAX_GROWTH = 120e6;

test("client: stops reading while 5,000 states flap, and then receives the newest of each", async () => {
  await using backend = acceptAll();
  const port = freePort();
  const quiet = `${NO_REFRESH}logging: { level: warn }\nbatching: { delay: 10ms }\n`;
  const config = `${quiet}${metricsConfig(port, ", per_healthcheck: off")}`;
  await using daemon = await startDaemon({ config, waitForSocket: false });
  const connect = () => connectClient(daemon.socketPath).catch(() => undefined);
  await using client = await until(connect, 10_000, "the daemon's socket");
  client.update(times(CHECKS, (id) => tcpCheck(id, backend, { interval: "1s", timeout: "900ms" })));
  await until(() => client.latest.size === CHECKS, 20_000, "every first state");
  const rss = daemon.rssBytes();
  client.pause();
  const endMs = performance.now() + UNREAD_MS;
  let [most, flips, lastFlipMs] = [0, 0, 0];
  // It ends with all of them up.
  while (performance.now() < endMs || flips % 2 === 1) {
    flips++;
    lastFlipMs = Date.now();
    const state = flips % 2 === 1 ? "unhealthy" : "healthy";
    if (state === "unhealthy") backend.down();
    else backend.up();
    const series = `healthcheck_monitors_by_state{state="${state}"}`;
    await scrapeUntil(port, `all ${state}`, (read) => {
      most = Math.max(most, daemon.rssBytes());
      return sampleOf(read, series) === CHECKS;
    });
  }
  printFigure(`state changes while the client does not read for ${UNREAD_MS / 1_000} s`, flips * CHECKS, "");
  printFigure("RSS grown meanwhile", (most - rss) / 1e6, "MB");
  expect(most - rss).toBeLessThan(MAX_GROWTH);
  client.resume();
  const newest = () =>
    [...client.latest.values()].every(
      ({ state, last_check = "" }) => state === "healthy" && Date.parse(last_check) >= lastFlipMs,
    );
  await until(newest, 20_000, "the newest state of each");
  await daemon.waitForLog(/Failed to send notification: client is not reading/, 1_000);
}, 120_000);
