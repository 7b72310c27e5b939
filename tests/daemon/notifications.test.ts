/** Time of notifications: nothing unmeasured, the first result soon, a change immediately. Run by `bun test`. */
// alone: measures time

import { expect, setDefaultTimeout, test } from "bun:test";
import { acceptAll, closedPort, hang } from "../harness/backends/backends.ts";
import { printFigure, quantile } from "../harness/base/figures.ts";
import { until } from "../harness/base/wait.ts";
import { httpCheck, tcpCheck } from "../harness/client/checks.ts";
import { connectClient } from "../harness/client/client.ts";
import {
  nextNotification,
  notifications,
  requestStatus,
  resultWallMs,
} from "../harness/client/client-assertions.ts";
import { NO_REFRESH, startDaemon } from "../harness/daemon/daemon.ts";

setDefaultTimeout(30_000);

const SLOW = "13758215386640154624";

test("daemon: nothing is ever sent for a monitor before its first result", async () => {
  await using slow = hang();
  await using quick = acceptAll();
  await using daemon = await startDaemon({ config: "advanced: { notify_interval: 1s }" });
  const configs = [
    httpCheck(SLOW, slow, { interval: "60s", timeout: "60s" }),
    tcpCheck(1, quick, { interval: "50ms" }),
  ];
  // The second client is notified by a resync, the first by a state change.
  for (let clients = 1; clients <= 2; clients++) {
    await using client = await connectClient(daemon.socketPath);
    client.update(configs);
    const received = () => notifications(client).filter(({ id }) => id === "1").length;
    // The first state or the resync, and two refreshes: each of them went over all monitors.
    await until(() => received() >= 3, 10_000, "two refreshes");
    const all = notifications(client);
    expect(all.map(({ id }) => id)).not.toContain(SLOW);
    expect(all.filter(({ status }) => status.state !== "healthy")).toEqual([]);
    expect(slow.connections).toBe(1);
    // A status request lists it as not known yet.
    const status = (await requestStatus(client)).get(SLOW);
    expect(status).toMatchObject({ state: "unknown", failures: 0, successes: 0 });
    expect(status?.last_check).toBeUndefined();
  }
});

test("daemon: a closed port is reported unhealthy in the first second, whatever the interval", async () => {
  await using closed = closedPort();
  await using daemon = await startDaemon();
  await using client = await connectClient(daemon.socketPath);
  const updatedMs = Date.now();
  client.update([tcpCheck(1, closed, { interval: "60s", timeout: "30s", retries: 3 })]);
  const first = await nextNotification(client, 0, ({ id }) => id === "1");
  printFigure("closed port reported", first.wallMs - updatedMs, "ms after the update");
  expect(first.wallMs - updatedMs).toBeLessThanOrEqual(1_000);
  expect(first.status).toMatchObject({ state: "unhealthy", failures: 1, successes: 0 });
  expect(first.status.message).toBe(`L4CON TCP connect to 127.0.0.1:${closed.port}: connection refused`);
});

test("daemon: a state change is on the socket within batching.delay + 20 ms of its result", async () => {
  const flips = 24;
  for (const batchMs of [100, 10]) {
    await using backend = acceptAll();
    await using daemon = await startDaemon({ config: `${NO_REFRESH}batching: { delay: ${batchMs}ms }` });
    await using client = await connectClient(daemon.socketPath);
    client.update([tcpCheck(1, backend, { interval: "50ms", timeout: "40ms" })]);
    await nextNotification(client, 0, ({ status }) => status.state === "healthy");
    const delays: number[] = [];
    for (let flip = 0; flip < flips; flip++) {
      const { length } = notifications(client);
      const up = flip % 2 === 1;
      if (up) backend.up();
      else backend.down();
      const wanted = up ? "healthy" : "unhealthy";
      const { status, wallMs } = await nextNotification(
        client,
        length,
        ({ status: { state } }) => state === wanted,
      );
      delays.push(wallMs - resultWallMs(status));
    }
    printFigure(`result to socket with a delay of ${batchMs} ms, median`, quantile(delays, 0.5), "ms");
    printFigure(`result to socket with a delay of ${batchMs} ms, slowest`, quantile(delays, 1), "ms");
    expect(quantile(delays, 0.5)).toBeLessThanOrEqual(batchMs + 20);
    // A change waits for nothing else, such as the housekeeping tick of 500 ms.
    expect(quantile(delays, 1)).toBeLessThan(batchMs + 200);
    expect(notifications(client).length).toBe(flips + 1);
  }
}, 60_000);
