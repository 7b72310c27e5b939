/** Deliveries that throw: logged, counted, tried again; every newest state arrives. Run by `bun test`. */

import { expect, setDefaultTimeout, test } from "bun:test";
import { acceptAll, httpAnswer, httpServer } from "../harness/backends/backends.ts";
import { freePort } from "../harness/base/ports.ts";
import { until } from "../harness/base/wait.ts";
import { httpCheck, tcpCheck, times } from "../harness/client/checks.ts";
import { connectClient } from "../harness/client/client.ts";
import { requestStatus, stateOf } from "../harness/client/client-assertions.ts";
import { NO_REFRESH, startDaemon } from "../harness/daemon/daemon.ts";
import { metricsConfig, sampleOf, scrape } from "../harness/daemon/metrics.ts";

setDefaultTimeout(30_000);

// With batches of one, deliveries happen within the result of a check; otherwise within the notifier's own timer.
test.each([
  [1, 2],
  [100, 20],
])("inside: every third delivery throws, batches of %d: nothing is lost", async (maxSize, each) => {
  await using plain = acceptAll();
  await using web = httpServer((_, socket) => socket.end(httpAnswer(200)));
  const port = freePort();
  await using daemon = await startDaemon({
    config: `${NO_REFRESH}batching: { max_size: ${maxSize} }\n${metricsConfig(port)}`,
    env: { HEALTHCHECK_TEST_FAULT: "notifier" },
  });
  await using client = await connectClient(daemon.socketPath);
  client.update([
    ...times(each, (index) => tcpCheck(index, plain)),
    ...times(each, (index) => httpCheck(each + index, web)),
  ]);
  const ids = times(2 * each, (index) => index);
  await Promise.all(ids.map((id) => stateOf(client, id, "healthy")));
  for (const backend of [plain, web]) backend.down();
  await Promise.all(ids.map((id) => stateOf(client, id, "unhealthy")));
  for (const backend of [plain, web]) backend.up();
  await Promise.all(ids.map((id) => stateOf(client, id, "healthy")));
  const faultsOf = () => daemon.log.filter((line) => line.includes(" ERROR Internal error "));
  // The log is written in the background.
  const counted = async () => {
    const count = sampleOf(await scrape(port), 'healthcheck_errors_total{type="internal"}');
    return count > 0 && count === faultsOf().length;
  };
  await until(counted, 5_000, "as many faults counted as logged");
  const faults = faultsOf();
  for (const line of faults)
    expect(line).toMatch(/HEALTHCHECK_TEST_FAULT: a delivery\\n {4}at .*notifier\.ts/);
  expect((await requestStatus(client)).size).toBe(2 * each);
});
