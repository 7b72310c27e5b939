/** An HTTP handler that throws: its request fails, and everything else continues. Run by `bun test`. */

import { expect, setDefaultTimeout, test } from "bun:test";
import { acceptAll } from "../harness/backends/backends.ts";
import { freePort } from "../harness/base/ports.ts";
import { tcpCheck } from "../harness/client/checks.ts";
import { connectClient } from "../harness/client/client.ts";
import { requestStatus, stateOf } from "../harness/client/client-assertions.ts";
import { connectHttp, get, readAnswer } from "../harness/client/raw-http.ts";
import { NO_REFRESH, startDaemon } from "../harness/daemon/daemon.ts";
import { metricsConfig, sampleOf, scrape } from "../harness/daemon/metrics.ts";

setDefaultTimeout(30_000);

const REQUESTS = 20;
const STACK = /error="Error: HEALTHCHECK_TEST_FAULT: an HTTP handler( in the middle)?\\n {4}at .*server\.ts/;

test("inside: an HTTP handler that throws is answered with 500, or cut off, and logged with its stack", async () => {
  await using backend = acceptAll();
  const port = freePort();
  await using daemon = await startDaemon({
    config: NO_REFRESH + metricsConfig(port),
    env: { HEALTHCHECK_TEST_FAULT: "http" },
  });
  await using client = await connectClient(daemon.socketPath);
  client.update([tcpCheck(1, backend)]);
  await stateOf(client, 1, "healthy");
  for (let request = 0; request < REQUESTS; request++) {
    await using before = await connectHttp(port);
    before.write(get("/api/healthchecks", "Connection: close"));
    const answer = readAnswer(await before.waitForClose());
    expect([answer.status, answer.body]).toEqual([500, '{"error":"internal error; see the log"}\n']);
    // The announced length shows that this is not all.
    await using middle = await connectHttp(port);
    middle.write(get("/readyz"));
    expect(readAnswer(await middle.waitForClose()).body.length).toBeLessThan(100);
  }
  for (const path of ["/api/healthchecks", "/readyz"]) {
    const said = daemon.log.filter((line) => line.includes(`ERROR HTTP handler failed path=${path} `));
    expect(said.length).toBe(REQUESTS);
    for (const line of said) expect(line).toMatch(STACK);
  }
  const samples = await scrape(port);
  expect(sampleOf(samples, 'healthcheck_monitors_by_state{state="healthy"}')).toBe(1);
  expect((await requestStatus(client)).get("1")).toMatchObject({ state: "healthy", failures: 0 });
  backend.down();
  await stateOf(client, 1, "unhealthy");
});
