/** A stopped process: SIGSTOP among answers, handshakes and backends that lose patience. Run by `bun test`. */
// alone: measures time
import { expect, test } from "bun:test";
import { printFigure } from "../harness/base/figures.ts";
import { peerTest } from "../harness/base/peers.ts";
import { freePort } from "../harness/base/ports.ts";
import { lasting } from "../harness/base/soak.ts";
import { httpCheck, times } from "../harness/client/checks.ts";
import { connectClient } from "../harness/client/client.ts";
import { startDaemon } from "../harness/daemon/daemon.ts";
import { metricsConfig, sampleOf, scrapeUntil } from "../harness/daemon/metrics.ts";
import { startSteady } from "../harness/daemon/steady.ts";

const STOP_MS = 1_300;
const STOPS = [...times(3, () => STOP_MS), lasting(2_000, 10_000)];
/** A backend that closes connections on which nothing happens loses its patience in every one of them. */
const PATIENCE_MS = 1_000;
/** A backend that takes its time is asked when the process stops. */
const ANSWER_MS = 200;

peerTest(
  "host: whenever the process is stopped and continued, no backend is reported unhealthy",
  ["openssl"],
  async () => {
    await using steady = await startSteady({
      checks: 200,
      fields: { interval: "300ms", timeout: "1s" },
      // Others that want the CPU are no matter of this test: the backends do answer in time.
      healthy: { prefix: ["nice", "-n", "-20"], patienceMs: PATIENCE_MS },
    });
    const { daemon } = steady;
    const before = daemon.log.length;
    for (const stopMs of STOPS) {
      // At any moment of the grid, with other checks under way each time.
      await Bun.sleep(50 + Math.random() * 300);
      daemon.signal("SIGSTOP");
      await Bun.sleep(stopMs);
      daemon.signal("SIGCONT");
      await steady.level(2);
    }
    await daemon.waitForLog(/WARN Event loop stalled, check deadlines extended .*stalled_ms=/, 5_000);
    printFigure("inconclusive because of the stops", await steady.inconclusive("stalled"), "");
    await steady.expectNoFalseVerdict();
    expect(daemon.log.slice(before).filter((line) => line.includes("Internal error"))).toEqual([]);
  },
  90_000,
);

test("host: a stall of this process does not count as the backend's response time", async () => {
  const port = freePort();
  let asked = Promise.withResolvers<void>();
  await using backend = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: async () => {
      asked.resolve();
      await Bun.sleep(ANSWER_MS);
      return new Response("well");
    },
  });
  await using daemon = await startDaemon({ config: metricsConfig(port) });
  await using client = await connectClient(daemon.socketPath);
  client.update([
    httpCheck(1, { hostname: "127.0.0.1", port: backend.port ?? 0 }, { interval: "300ms", timeout: "1s" }),
  ]);
  for (let stop = 0; stop < 3; stop++) {
    asked = Promise.withResolvers();
    await asked.promise;
    daemon.signal("SIGSTOP");
    await Bun.sleep(STOP_MS);
    daemon.signal("SIGCONT");
  }
  const bucket = (le: string) => `healthcheck_response_time_seconds_bucket{id="1",type="http",le="${le}"}`;
  const samples = await scrapeUntil(
    port,
    "a result after each stop",
    (now) => sampleOf(now, bucket("+Inf")) >= 4,
  );
  expect(sampleOf(samples, bucket("1"))).toBe(sampleOf(samples, bucket("+Inf")));
}, 30_000);
