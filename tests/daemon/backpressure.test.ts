/** A client that does not read, and answers that are large: memory stays bounded, the newest arrives. Run by `bun test`. */
// alone: needs the whole machine

import { expect, setDefaultTimeout, test } from "bun:test";
import { acceptAll } from "../harness/backends/backends.ts";
import { printFigure } from "../harness/base/figures.ts";
import { until } from "../harness/base/wait.ts";
import { tcpCheck, times } from "../harness/client/checks.ts";
import { connectClient } from "../harness/client/client.ts";
import { handled, notifications, requestStatus } from "../harness/client/client-assertions.ts";
import { NO_REFRESH, startDaemon } from "../harness/daemon/daemon.ts";

setDefaultTimeout(30_000);

const CHECKS = 1_500;
/** Even, so that the last state is another than the first one that finds no room. */
const FLIPS = 20;
const INTERVAL = { interval: "250ms" };
const MAX_GROWTH = 40e6;
const LINE_LIMIT = 65_536;

test("daemon: while a client does not read, flapping states do not pile up, and the newest arrive afterwards", async () => {
  await using backend = acceptAll();
  await using daemon = await startDaemon({ config: `${NO_REFRESH}batching: { delay: 10ms }` });
  await using client = await connectClient(daemon.socketPath);
  client.update(times(CHECKS, (id) => tcpCheck(id, backend, INTERVAL)));
  await until(() => client.latest.size === CHECKS, 10_000, "every first state");
  const before = notifications(client).length;
  const rss = daemon.rssBytes();
  client.pause();
  const changes = () => daemon.log.filter((line) => line.includes("Health state changed")).length;
  let most = 0;
  let lastFlipMs = 0;
  for (let flip = 1; flip <= FLIPS; flip++) {
    lastFlipMs = Date.now();
    if (flip % 2 === 0) backend.up();
    else backend.down();
    await until(
      () => changes() >= CHECKS * (flip + 1),
      10_000,
      () => `${CHECKS} changes, flip ${flip}`,
    );
    most = Math.max(most, daemon.rssBytes());
  }
  expect(daemon.log.join("\n")).toContain("Failed to send notification: client is not reading");
  printFigure("RSS grown while the client does not read", (most - rss) / 1e6, "MB");
  expect(most - rss).toBeLessThan(MAX_GROWTH);

  client.resume();
  // The result of a check that began after the last flip, and not one of those that waited before it.
  const newest = () =>
    [...client.latest.values()].every(
      ({ state, last_check = "" }) => state === "healthy" && Date.parse(last_check) >= lastFlipMs,
    );
  await until(newest, 10_000, "the newest state of every id");
  await handled(client);
  const received = notifications(client).length - before;
  printFigure(`notifications after ${CHECKS * FLIPS} changes`, received, "");
  // Each id once, and what the socket's buffers held: far from one a change.
  expect(received).toBeGreaterThanOrEqual(CHECKS);
  expect(received).toBeLessThan(4 * CHECKS);
}, 90_000);

test("daemon: a request_status of more than 60 KB is answered in several lines", async () => {
  await using backend = acceptAll();
  await using daemon = await startDaemon();
  await using client = await connectClient(daemon.socketPath);
  client.update(times(2_000, (id) => tcpCheck(id, backend, { interval: "60s" })));
  const states = async () => [...(await requestStatus(client)).values()].map(({ state }) => state);
  await until(async () => (await states()).every((state) => state === "healthy"), 15_000, "every result");
  const before = client.lines.length;
  const answer = await requestStatus(client);
  expect([...answer.keys()].map(Number).sort((a, b) => a - b)).toEqual(times(2_000, (id) => id));
  const lines = client.lines.slice(before).filter(({ type }) => type === "status_response");
  expect(lines.length).toBeGreaterThan(1);
  expect(Math.max(...lines.map(({ byteLength }) => byteLength))).toBeLessThan(LINE_LIMIT);
  expect(lines.reduce((sum, { byteLength }) => sum + byteLength, 0)).toBeGreaterThan(60_000);
  expect(lines.reduce((sum, { statuses }) => sum + statuses.length, 0)).toBe(2_000);
});
