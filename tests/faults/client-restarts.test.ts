/**
 * A client that is killed fifty times, in the middle of everything: nothing piles up, and the last one receives the
 * right states. Run by `bun test`.
 */
import { expect, test } from "bun:test";
import { acceptAll, type Backend, closedPort } from "../harness/backends/backends.ts";
import { printFigure } from "../harness/base/figures.ts";
import { until } from "../harness/base/wait.ts";
import { tcpCheck, times } from "../harness/client/checks.ts";
import { connectClient } from "../harness/client/client.ts";
import { requestStatus } from "../harness/client/client-assertions.ts";
import { NO_REFRESH, startDaemon } from "../harness/daemon/daemon.ts";

const RESTARTS = 50;
const BACKENDS = 20;
const CHECKS = 400;
const MAX_GROWTH = 40e6;

test("client: killed and restarted 50 times during changes, it has the right states in the end", async () => {
  await using stack = new AsyncDisposableStack();
  const backends = times(BACKENDS, (n) => stack.use(n % 2 === 0 ? acceptAll() : closedPort()));
  const isUp = times(BACKENDS, (n) => n % 2 === 0);
  const flip = (n: number) => {
    isUp[n] = isUp[n] !== true;
    if (isUp[n]) backends[n]?.up();
    else backends[n]?.down();
  };
  // Each round wants other healthchecks, and some of the same with other thresholds.
  const wanted = (round: number) =>
    times(CHECKS, (n) => n)
      .filter((n) => (n + round) % 4 !== 0)
      // The cast restates that the index is one of them.
      .map((n) => tcpCheck(n, backends[n % BACKENDS] as Backend, { interval: "100ms", retries: round % 2 }));
  await using daemon = await startDaemon({ config: `${NO_REFRESH}batching: { delay: 5ms }\n` });
  let [rss, fds] = [0, 0];
  for (let round = 0; round < RESTARTS; round++) {
    await using client = await connectClient(daemon.socketPath);
    const line = `{"type":"update_configs","configs":[${wanted(round).join(",")}]}\n`;
    // Some die in the middle of a line, some without reading, the others after the first news.
    if (round % 5 === 1) client.sendBytes(Buffer.from(line).subarray(0, line.length >> 1));
    else client.sendBytes(Buffer.from(line));
    if (round % 5 === 2) client.pause();
    if (round % 5 > 2) await client.waitFor(({ type }) => type === "notification_batch", 10_000);
    flip(round % BACKENDS);
    if (round === 10) [rss, fds] = [daemon.rssBytes(), daemon.fdCount()];
  }
  await using client = await connectClient(daemon.socketPath);
  client.update(wanted(RESTARTS));
  const truth = times(CHECKS, (n) => n)
    .filter((n) => (n + RESTARTS) % 4 !== 0)
    .map((n) => `${n} ${isUp[n % BACKENDS] === true ? "healthy" : "unhealthy"}`);
  const reported = () => [...client.latest].map(([id, { state }]) => `${id} ${state}`);
  const byId = (a: string, b: string) => Number.parseInt(a, 10) - Number.parseInt(b, 10);
  await until(
    () => Bun.deepEquals(reported().sort(byId), truth),
    10_000,
    () => `the truth of all; there are ${client.latest.size} of ${truth.length}`,
  );
  const statuses = await requestStatus(client);
  expect([...statuses].map(([id, { state }]) => `${id} ${state}`).sort(byId)).toEqual(truth);
  expect(daemon.log.filter((line) => / ERROR /.test(line))).toEqual([]);
  // After a few at once, one line a second counts the others.
  expect(daemon.log.filter((line) => line.includes("Go proxy connected")).length).toBeGreaterThan(1);
  printFigure("RSS grown by 40 restarts", (daemon.rssBytes() - rss) / 1e6, "MB");
  expect(daemon.rssBytes() - rss).toBeLessThan(MAX_GROWTH);
  // Checks under way come and go; connections of clients that are gone would stay.
  await until(
    () => daemon.fdCount() <= fds + 2,
    10_000,
    () => `descriptors: ${daemon.fdCount()}, were ${fds}`,
  );
}, 60_000);
