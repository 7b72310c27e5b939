/** Exceptions inside the server with `server.control: engine`: counted, and the engine receives every state. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import { acceptAll, closedPort } from "../harness/backends/backends.ts";
import { freePort } from "../harness/base/ports.ts";
import { makeTempDir } from "../harness/base/tempdir.ts";
import { until } from "../harness/base/wait.ts";
import { startDaemon } from "../harness/daemon/daemon.ts";
import { metricsConfig, scrapeUntil } from "../harness/daemon/metrics.ts";
import { engineConfig, engineTcp, newestStates } from "../harness/engine/engine-checks.ts";
import { startGoEngine } from "../harness/engine/goengine.ts";

setDefaultTimeout(120_000);

const WAIT_MS = 40_000;

test.each(["update", "notifier", "checker"])(
  "inside: the fault %s with the engine: every state arrives",
  async (fault) => {
    await using dir = makeTempDir("engine");
    const socket = join(dir.path, "engine.sock");
    const port = freePort();
    await using up = acceptAll();
    await using down = closedPort();
    await using engine = await startGoEngine(socket);
    await engine.command({ checks: [engineTcp(1, up.port), engineTcp(2, down.port)] });
    await using daemon = await startDaemon({
      config: engineConfig(socket) + metricsConfig(port),
      env: { HEALTHCHECK_TEST_FAULT: fault },
    });
    await until(() => Object.keys(newestStates(engine)).length === 2, WAIT_MS, "both states");
    expect(newestStates(engine)).toEqual({ "1": 2, "2": 1 });
    await scrapeUntil(port, "the fault", (read) =>
      fault === "checker"
        ? (read.get('healthcheck_inconclusive_total{reason="fault"}') ?? 0) > 0
        : (read.get('healthcheck_errors_total{type="internal"}') ?? 0) > 0,
    );
    expect(daemon.log.some((line) => line.includes("HEALTHCHECK_TEST_FAULT: "))).toBe(true);
  },
);
