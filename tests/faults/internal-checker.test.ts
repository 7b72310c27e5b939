/** A checker that throws: its check is inconclusive, the others and its own next ones continue. Run by `bun test`. */

import { expect, setDefaultTimeout, test } from "bun:test";
import { acceptAll, httpAnswer, httpServer } from "../harness/backends/backends.ts";
import { freePort } from "../harness/base/ports.ts";
import { until } from "../harness/base/wait.ts";
import { httpCheck, tcpCheck } from "../harness/client/checks.ts";
import { connectClient } from "../harness/client/client.ts";
import { requestStatus, stateOf } from "../harness/client/client-assertions.ts";
import { NO_REFRESH, startDaemon } from "../harness/daemon/daemon.ts";
import { metricsConfig, sampleOf, scrape } from "../harness/daemon/metrics.ts";

setDefaultTimeout(30_000);

const ROUNDS = 20;
const FAULTS = 'healthcheck_inconclusive_total{reason="fault"}';

test("inside: a checker whose start throws is logged with its stack and counted, and no state changes by it", async () => {
  await using plain = acceptAll();
  await using web = httpServer((_, socket) => socket.end(httpAnswer(200)));
  const metricsPort = freePort();
  await using daemon = await startDaemon({
    config: NO_REFRESH + metricsConfig(metricsPort),
    env: { HEALTHCHECK_TEST_FAULT: "checker" },
  });
  await daemon.waitForLog(/ WARN HEALTHCHECK_TEST_FAULT is set: .* fault=checker$/, 1_000);
  await using client = await connectClient(daemon.socketPath);
  // Of those with an odd id every second start throws.
  client.update([tcpCheck(1, plain), tcpCheck(2, plain), httpCheck(3, web), httpCheck(4, web)]);
  for (const id of [1, 2, 3, 4]) await stateOf(client, id, "healthy");
  const line = await daemon.waitForLog(/ WARN Check inconclusive, state unchanged /, 5_000);
  expect(line).toContain("LOCAL Error: HEALTHCHECK_TEST_FAULT: a checker's start\\\\n    at ");
  expect(line).toEndWith("cause=fault suppressed=0");

  const enough = async () => {
    const statuses = await requestStatus(client);
    return [...statuses.values()].every(({ successes }) => successes >= ROUNDS) ? statuses : undefined;
  };
  const statuses = await until(enough, 20_000, `${ROUNDS} successes of each`);
  expect([...statuses.values()].map(({ state, failures }) => `${state} ${failures}`)).toEqual([
    "healthy 0",
    "healthy 0",
    "healthy 0",
    "healthy 0",
  ]);
  // Each good start of the two came after one that threw.
  const samples = await scrape(metricsPort);
  expect(sampleOf(samples, FAULTS)).toBeGreaterThanOrEqual(2 * ROUNDS);

  web.down();
  for (const id of [3, 4]) await stateOf(client, id, "unhealthy");
  web.up();
  for (const id of [3, 4]) await stateOf(client, id, "healthy");
});

test("inside: an unknown fault is named in the log and has no effect", async () => {
  await using plain = acceptAll();
  await using daemon = await startDaemon({ env: { HEALTHCHECK_TEST_FAULT: "everything" } });
  await daemon.waitForLog(/ WARN Ignoring unknown HEALTHCHECK_TEST_FAULT .*fault=everything$/, 1_000);
  await using client = await connectClient(daemon.socketPath);
  client.update([tcpCheck(1, plain)]);
  await stateOf(client, 1, "healthy");
});
