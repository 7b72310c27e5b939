/**
 * Ids and line lengths, compared by Go: the Seesaw engine's own 64-bit ids come back digit by digit. Run by `bun test`.
 */

import { expect } from "bun:test";
import { acceptAll } from "../harness/backends/backends.ts";
import { printFigure } from "../harness/base/figures.ts";
import { peerTest } from "../harness/base/peers.ts";
import { until } from "../harness/base/wait.ts";
import { tcpCheck, times } from "../harness/client/checks.ts";
import { type GoClient, startGoClient } from "../harness/client/goclient.ts";
import { NO_REFRESH, startDaemon } from "../harness/daemon/daemon.ts";

const GO_LINE_LIMIT = 65_536;
const FIRST_ID = 0xbeefn << 48n;

function notifiedIds(go: GoClient): string[] {
  return go.messages
    .filter(({ type }) => type === "notification_batch")
    .flatMap(({ statuses = [] }) => statuses.map(({ id }) => id));
}

function updateLine(configs: readonly string[]): string {
  return `{"type":"update_configs","configs":[${configs.join(",")}]}`;
}

peerTest(
  "daemon: 300 configs with ids (0xBEEF << 48) + n come back, each with its exact id",
  ["go"],
  async () => {
    await using backend = acceptAll();
    await using daemon = await startDaemon({ config: NO_REFRESH });
    await using go = await startGoClient(daemon.socketPath);
    const ids = times(300, (n) => String(FIRST_ID + BigInt(n)));
    go.send(updateLine(ids.map((id) => tcpCheck(id, backend, { interval: "1s" }))));
    await until(() => notifiedIds(go).length >= 300, 5_000, "300 notifications");
    expect(notifiedIds(go).sort()).toEqual([...ids].sort());
    go.send('{"type":"request_status"}');
    const answer = await go.waitFor(({ type }) => type === "status_response", 5_000);
    expect(answer.statuses?.every(({ id, state }) => ids.includes(id) && state === "healthy")).toBe(true);
    expect(go.messages.some(({ type }) => type === "client_error")).toBe(false);
  },
  120_000,
);

peerTest(
  "daemon: with max_size 10000 and 3,000 checks no line reaches 65,536 bytes, and all arrive",
  ["go"],
  async () => {
    await using backend = acceptAll();
    // The delay is longer than the first results take: they are due all at once, as one batch of 3,000.
    await using daemon = await startDaemon({
      config: `${NO_REFRESH}batching: { max_size: 10000, delay: 3s }`,
    });
    await using go = await startGoClient(daemon.socketPath);
    const ids = times(3_000, (n) => String(FIRST_ID + BigInt(n)));
    go.send(updateLine(ids.map((id) => tcpCheck(id, backend, { interval: "10s" }))));
    await until(() => notifiedIds(go).length >= 3_000, 15_000, "3,000 notifications");
    expect(notifiedIds(go).sort()).toEqual([...ids].sort());
    const longest = Math.max(...go.messages.map(({ line_bytes = 0 }) => line_bytes));
    expect(longest).toBeLessThan(GO_LINE_LIMIT);
    // Lines were filled, so the limit was what divided them.
    expect(longest).toBeGreaterThan(50_000);
    printFigure("longest line of 3,000 notifications", longest, "bytes");
  },
  120_000,
);
