/** A checker that throws at the end of its time: no result, and the healthcheck is started again. Run by `bun test`. */

import { expect, setDefaultTimeout, test } from "bun:test";
import { hang, httpAnswer, httpServer } from "../harness/backends/backends.ts";
import { freePort } from "../harness/base/ports.ts";
import { httpCheck } from "../harness/client/checks.ts";
import { connectClient } from "../harness/client/client.ts";
import { stateOf } from "../harness/client/client-assertions.ts";
import { NO_REFRESH, startDaemon } from "../harness/daemon/daemon.ts";
import { metricsConfig, sampleOf, scrapeUntil } from "../harness/daemon/metrics.ts";

setDefaultTimeout(30_000);

test("inside: a checker whose end throws is inconclusive, counted, and checked again", async () => {
  await using silent = hang();
  const port = freePort();
  await using daemon = await startDaemon({
    config: NO_REFRESH + metricsConfig(port),
    env: { HEALTHCHECK_TEST_FAULT: "checker" },
  });
  await using client = await connectClient(daemon.socketPath);
  client.update([1, 2].map((id) => httpCheck(id, silent, { timeout: "50ms" })));
  await stateOf(client, 2, "unhealthy");
  const faults = 'healthcheck_inconclusive_total{reason="fault"}';
  // Starts and ends throw in turn; one that stuck would stop at two.
  await scrapeUntil(port, "ten faults", (samples) => sampleOf(samples, faults) >= 10);
  expect(client.latest.get("1")).toBeUndefined();
  silent.down();
  await using web = httpServer((_, socket) => socket.end(httpAnswer(200)), { port: silent.port });
  for (const id of [1, 2]) await stateOf(client, id, "healthy");
  expect(web.connections).toBeGreaterThan(0);
});
