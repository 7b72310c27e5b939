/**
 * Uncaught exceptions: the process ends with status 1 and a last log line, and the next one starts in its place. Run by
 * `bun test`.
 */

import { expect, setDefaultTimeout, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { acceptAll } from "../harness/backends/backends.ts";
import { freePort } from "../harness/base/ports.ts";
import { makeTempDir } from "../harness/base/tempdir.ts";
import { until } from "../harness/base/wait.ts";
import { tcpCheck } from "../harness/client/checks.ts";
import { connectClient } from "../harness/client/client.ts";
import { stateOf } from "../harness/client/client-assertions.ts";
import { startDaemon } from "../harness/daemon/daemon.ts";
import { metricsConfig } from "../harness/daemon/metrics.ts";

setDefaultTimeout(30_000);

test.each([
  ["uncaught", "an exception", "a timer"],
  ["rejection", "a rejection", "a promise"],
])(
  "inside: %s: %s ends it with status 1 and a last line, and a new one starts immediately",
  async (fault, _what, where) => {
    await using dir = makeTempDir("uncaught");
    await using backend = acceptAll();
    const socketPath = join(dir.path, "proxy.sock");
    const config = metricsConfig(freePort());
    await using daemon = await startDaemon({ socketPath, config, env: { HEALTHCHECK_TEST_FAULT: fault } });
    await using client = await connectClient(socketPath);
    client.update([tcpCheck(1, backend)]);
    expect(await daemon.exited).toBe(1);
    await client.closed;
    const last = daemon.log.at(-1) ?? "";
    expect(last).toContain(" ERROR Unexpected error, exiting ");
    expect(last).toContain(`error="Error: HEALTHCHECK_TEST_FAULT: ${where}\\n    at `);
    // Not a zombie, no thread of it left, nothing that it held.
    expect(existsSync(`/proc/${daemon.pid}`)).toBe(false);
    await until(() => backend.open === 0, 5_000, "its connections to close");

    await using next = await startDaemon({ socketPath, config });
    await using reconnected = await connectClient(next.socketPath);
    reconnected.update([tcpCheck(1, backend)]);
    await stateOf(reconnected, 1, "healthy");
  },
);
