/** A dead rack: 300 backends that drop SYNs beside healthy ones. Run by `bun test`. */
// alone: measures time

import { expect, setDefaultTimeout, test } from "bun:test";
import { type Backend, httpAnswer, httpServer } from "../harness/backends/backends.ts";
import { startBlackhole } from "../harness/backends/blackhole.ts";
import { gaps, printFigure, quantile } from "../harness/base/figures.ts";
import { until } from "../harness/base/wait.ts";
import { httpCheck, tcpCheck, times } from "../harness/client/checks.ts";
import { connectClient } from "../harness/client/client.ts";
import { notifications, requestStatus, resultWallMs } from "../harness/client/client-assertions.ts";
import { NO_REFRESH, startDaemon } from "../harness/daemon/daemon.ts";

setDefaultTimeout(30_000);

const DEAD = 300;
const HEALTHY = 10;
const FIRST_HEALTHY = 1_000;
const INTERVAL_MS = 200;
const FIELDS = { interval: `${INTERVAL_MS}ms`, timeout: "100ms" };
const RUN_MS = 20_000;
const MAX_DESCRIPTORS = 700;
/** Between a result and this process noticing it: the batch, and the noise of a small machine. */
const BATCH_MS = 10;
const NOISE_MS = 100;

test("daemon: 300 backends that drop SYNs cost few descriptors, delay no other check, and are found when they come back", async () => {
  await using stack = new AsyncDisposableStack();
  const holes = await Promise.all(times(DEAD, () => startBlackhole()));
  for (const hole of holes) stack.use(hole);
  const asked: number[][] = times(HEALTHY, () => []);
  const healthy: Backend[] = asked.map((arrivals) =>
    stack.use(
      httpServer((_, socket) => {
        arrivals.push(performance.now());
        socket.end(httpAnswer(200));
      }),
    ),
  );
  await using daemon = await startDaemon({ config: `${NO_REFRESH}batching: { delay: ${BATCH_MS}ms }` });
  await using client = await connectClient(daemon.socketPath);
  client.update([
    ...holes.map((hole, id) => tcpCheck(id, hole, FIELDS)),
    ...healthy.map((backend, index) => httpCheck(FIRST_HEALTHY + index, backend, FIELDS)),
  ]);

  let most = 0;
  const endMs = performance.now() + RUN_MS;
  const watched = () => {
    most = Math.max(most, daemon.fdCount());
    return performance.now() >= endMs;
  };
  await until(watched, RUN_MS + 5_000, "20 s");
  printFigure("most open descriptors", most, "");
  expect(most).toBeLessThanOrEqual(MAX_DESCRIPTORS);

  const statuses = await requestStatus(client);
  const dead = times(DEAD, (id) => statuses.get(String(id)));
  expect(dead.map((status) => `${status?.state} ${status?.message.slice(0, 6)}`)).toEqual(
    times(DEAD, () => "unhealthy L4TOUT"),
  );
  // 20 s are 100 intervals: every one of them was checked all the time.
  expect(Math.min(...dead.map((status) => status?.failures ?? 0))).toBeGreaterThanOrEqual(90);
  const beside = times(HEALTHY, (index) => statuses.get(String(FIRST_HEALTHY + index)));
  expect(beside.map((status) => `${status?.state} ${status?.failures}`)).toEqual(
    times(HEALTHY, () => "healthy 0"),
  );
  expect(Math.min(...beside.map((status) => status?.successes ?? 0))).toBeGreaterThanOrEqual(90);
  const distances = asked.flatMap(gaps);
  printFigure("distance of a healthy one's checks, 99th percentile", quantile(distances, 0.99), "ms");
  expect(Math.abs(quantile(distances, 0.5) - INTERVAL_MS)).toBeLessThan(0.1 * INTERVAL_MS);
  expect(quantile(distances, 0.99)).toBeLessThan(1.5 * INTERVAL_MS);

  const before = notifications(client).length;
  const revivedMs: number[] = [];
  for (const hole of holes) {
    hole.revive();
    revivedMs.push(Date.now());
    // The backends live in this process, which must keep accepting.
    await Bun.sleep(0);
  }
  const found = () =>
    notifications(client)
      .slice(before)
      .filter(({ status }) => status.state === "healthy");
  await until(
    () => found().length >= DEAD,
    10_000,
    () => `${found().length} of ${DEAD} to be found healthy`,
  );
  const delays = found().map(({ id, status, wallMs }) => {
    const backMs = revivedMs[Number(id)] ?? 0;
    return { resultMs: resultWallMs(status) - backMs, reportMs: wallMs - backMs };
  });
  const slowestResult = Math.max(...delays.map(({ resultMs }) => resultMs));
  const slowestReportMs = Math.max(...delays.map(({ reportMs }) => reportMs));
  printFigure("slowest to be found healthy again", slowestResult, "ms after coming back");
  printFigure("slowest recovery to be reported", slowestReportMs, "ms after coming back");
  expect(slowestResult).toBeLessThanOrEqual(2 * INTERVAL_MS);
  expect(slowestReportMs).toBeLessThanOrEqual(2 * INTERVAL_MS + BATCH_MS + NOISE_MS);
}, 90_000);
