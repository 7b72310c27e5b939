/** Traces that bare TLS checks leave behind: no error at the server, no TIME_WAIT on either side. Run by `bun test`. */

import { expect, setDefaultTimeout } from "bun:test";
import { readFileSync } from "node:fs";
import { makeCa } from "../harness/backends/certs.ts";
import { startTlsServer } from "../harness/backends/tls-server.ts";
import { peerTest } from "../harness/base/peers.ts";
import { until } from "../harness/base/wait.ts";
import { tcpCheck } from "../harness/client/checks.ts";
import { connectClient } from "../harness/client/client.ts";
import { requestStatus } from "../harness/client/client-assertions.ts";
import { startDaemon } from "../harness/daemon/daemon.ts";

setDefaultTimeout(60_000);

const CHECKS = 20;
const TIME_WAIT = "06";

/** Connections of a port in TIME_WAIT, seen from either side. */
function timeWaits(port: number): string[] {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  return readFileSync("/proc/net/tcp", "utf8")
    .split("\n")
    .map((line) => line.trim().split(/\s+/))
    .filter(([, local = "", remote = "", state]) => {
      return state === TIME_WAIT && (local.endsWith(suffix) || remote.endsWith(suffix));
    })
    .map((fields) => fields.join(" "));
}

peerTest(
  "daemon: tls: a bare check completes the handshake on both sides before it resets",
  ["openssl"],
  async () => {
    await using ca = await makeCa();
    await using server = await startTlsServer(ca.issue({ name: "bare", sans: ["IP:127.0.0.1"] }));
    await using daemon = await startDaemon({ env: { SSL_CERT_FILE: ca.caFile } });
    await using client = await connectClient(daemon.socketPath);
    client.update([tcpCheck(1, server, { interval: "100ms", timeout: "5s", secure: true })]);
    await until(() => server.closed + server.errors >= CHECKS, 30_000, `${CHECKS} connections`);
    client.update([]);
    expect(server.errors).toBe(0);
    expect(timeWaits(server.port)).toEqual([]);
    client.update([tcpCheck(1, server, { interval: "100ms", timeout: "5s", secure: true })]);
    await until(async () => (await requestStatus(client)).get("1")?.state === "healthy", 10_000, "the state");
    expect((await requestStatus(client)).get("1")).toMatchObject({ failures: 0 });
  },
);
