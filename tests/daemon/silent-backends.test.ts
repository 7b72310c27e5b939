/** Hung applications beside a healthy one: 400 of them cost it nothing. Run by `bun test`. */
// alone: measures time

import { expect, setDefaultTimeout, test } from "bun:test";
import { hang, httpAnswer, httpServer } from "../harness/backends/backends.ts";
import { gaps, printFigure, quantile } from "../harness/base/figures.ts";
import { until } from "../harness/base/wait.ts";
import { httpCheck, times } from "../harness/client/checks.ts";
import { connectClient } from "../harness/client/client.ts";
import { notifications, requestStatus, stateOf } from "../harness/client/client-assertions.ts";
import { NO_REFRESH, startDaemon } from "../harness/daemon/daemon.ts";

setDefaultTimeout(30_000);

const SILENT = 400;
const HEALTHY_ID = "1000000";
const INTERVAL_MS = 200;
const ROUNDS = 25;

test("daemon: 400 HTTP backends that never answer neither change nor delay the verdict on a healthy one", async () => {
  await using stack = new AsyncDisposableStack();
  const silent = times(SILENT, () => stack.use(hang()));
  const asked: number[] = [];
  await using healthy = httpServer((_, socket) => {
    asked.push(performance.now());
    socket.end(httpAnswer(200, "ok"));
  });
  await using daemon = await startDaemon({ cleanEnv: true, config: NO_REFRESH });
  await using client = await connectClient(daemon.socketPath);
  const updatedMs = Date.now();
  const fields = { interval: `${INTERVAL_MS}ms`, timeout: "500ms", expected_codes: [200] };
  client.update([
    ...silent.map((backend, id) => httpCheck(id, backend, { interval: "1s", timeout: "900ms" })),
    httpCheck(HEALTHY_ID, healthy, fields),
  ]);
  await stateOf(client, HEALTHY_ID, "healthy", 5_000);
  const [first] = notifications(client).filter(({ id }) => id === HEALTHY_ID);
  const verdictMs = (first?.wallMs ?? Number.POSITIVE_INFINITY) - updatedMs;
  printFigure("first verdict on the healthy backend", verdictMs, "ms after the update");
  expect(verdictMs).toBeLessThan(1_000);

  const dead = () => notifications(client).filter(({ status }) => status.message.startsWith("L7TOUT"));
  await until(() => dead().length >= SILENT, 10_000, "400 verdicts of L7TOUT");
  // From here on all 400 are known to hang, again and again.
  const start = asked.length;
  await until(() => asked.length >= start + ROUNDS, 15_000, "25 more checks of the healthy one");
  const distances = gaps(asked.slice(start));
  printFigure("distance of its checks, median", quantile(distances, 0.5), "ms");
  printFigure("distance of its checks, maximum", quantile(distances, 1), "ms");
  expect(Math.abs(quantile(distances, 0.5) - INTERVAL_MS)).toBeLessThan(0.2 * INTERVAL_MS);
  expect(quantile(distances, 1)).toBeLessThan(2 * INTERVAL_MS);
  const statuses = await requestStatus(client);
  expect(statuses.get(HEALTHY_ID)).toMatchObject({ state: "healthy", failures: 0 });
  expect(statuses.get("0")?.state).toBe("unhealthy");
  expect(notifications(client).filter(({ id }) => id === HEALTHY_ID).length).toBe(1);

  healthy.down();
  const downMs = performance.now();
  await stateOf(client, HEALTHY_ID, "unhealthy", 5_000);
  expect(performance.now() - downMs).toBeLessThan(1_000);
}, 60_000);
