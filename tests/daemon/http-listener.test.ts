/** The HTTP listener of the daemon: health, the status API, the live feed, and a port that is not free. Run by `bun test`. */

import { expect, setDefaultTimeout, test } from "bun:test";
import { rmSync } from "node:fs";
import { acceptAll, closedPort } from "../harness/backends/backends.ts";
import { runCommand } from "../harness/base/command.ts";
import { freePort } from "../harness/base/ports.ts";
import { until } from "../harness/base/wait.ts";
import { httpCheck, tcpCheck } from "../harness/client/checks.ts";
import { connectClient } from "../harness/client/client.ts";
import { stateOf } from "../harness/client/client-assertions.ts";
import { connectHttp, get } from "../harness/client/raw-http.ts";
import { NO_REFRESH, startDaemon } from "../harness/daemon/daemon.ts";
import { metricsConfig, scrape } from "../harness/daemon/metrics.ts";

setDefaultTimeout(30_000);

const SOON_MS = 10_000;
const BIG_ID = "13758215386640154624";
/** Housekeeping does not come in between. */
const NO_HOUSEKEEPING = "manager: { monitor_interval: 60s }\n";

async function ask(port: number, path: string): Promise<{ status: number; text: string }> {
  const response = await fetch(`http://127.0.0.1:${port}${path}`);
  return { status: response.status, text: await response.text() };
}

test("daemon: /healthz and /readyz are ok; without its socket's file it is alive and not ready, and says why", async () => {
  const port = freePort();
  await using daemon = await startDaemon({ config: NO_HOUSEKEEPING + metricsConfig(port) });
  expect(await ask(port, "/healthz")).toEqual({ status: 200, text: "ok\n" });
  expect(await ask(port, "/readyz")).toEqual({ status: 200, text: "ok\n" });
  rmSync(daemon.socketPath);
  expect(await ask(port, "/readyz")).toEqual({
    status: 503,
    text: "the proxy socket is missing or was replaced by another process\n",
  });
  expect((await ask(port, "/healthz")).status).toBe(200);
});

test("daemon: standalone it is ready once its checks file is loaded", async () => {
  await using backend = acceptAll();
  const port = freePort();
  const check = `{ id: 7, checker_type: tcp, ip: 127.0.0.1, port: ${backend.port}, interval: 100ms, timeout: 50ms }`;
  await using daemon = await startDaemon({
    config: metricsConfig(port),
    files: { "checks.yaml": `healthchecks:\n  - ${check}\n` },
    args: ["--checks", "checks.yaml"],
  });
  expect(await ask(port, "/readyz")).toEqual({ status: 200, text: "ok\n" });
  const healthy = async () => (await scrape(port)).get('healthcheck_state{id="7",type="tcp"}') === 1;
  await until(healthy, SOON_MS, "its state");
  expect(daemon.log.join("\n")).toContain(`Serving metrics and status page address=127.0.0.1:${port}`);
});

test("daemon: the status API shows the states that the client received, ids with all their digits, and no secrets", async () => {
  await using well = acceptAll();
  await using closed = closedPort();
  const port = freePort();
  await using daemon = await startDaemon({ config: NO_REFRESH + metricsConfig(port) });
  await using client = await connectClient(daemon.socketPath);
  const secret = { path: "/x?token=s3cr3t", headers: { Authorization: "s3cr3t" } };
  client.update([
    tcpCheck(BIG_ID, well),
    httpCheck(2, closed, secret),
    tcpCheck(3, well, { send: "s3cr3t" }),
  ]);
  const reported = await stateOf(client, 2, "unhealthy");
  await stateOf(client, BIG_ID, "healthy");
  const list = await ask(port, "/api/healthchecks?limit=2");
  const { totals, matched, healthchecks } = JSON.parse(list.text);
  expect([totals.healthchecks, totals.unhealthy, matched]).toEqual([3, 1, 3]);
  expect(healthchecks[0]).toMatchObject({
    id: "2",
    state: "unhealthy",
    target: `http://127.0.0.1:${closed.port}/x?…`,
  });
  expect(reported.message).toBe(`${healthchecks[0].last.code} ${healthchecks[0].last.message}`);
  const one = await ask(port, `/api/healthchecks/${BIG_ID}`);
  expect(JSON.parse(one.text)).toMatchObject({ id: BIG_ID, state: "healthy", config: { interval_ms: 100 } });
  const all = [list, one, await ask(port, "/api/healthchecks/2"), await ask(port, "/api/healthchecks/3")];
  expect(all.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
  expect(all.map(({ text }) => text).join("")).not.toContain("s3cr3t");
  expect((await ask(port, "/metrics")).text).not.toContain("s3cr3t");
});

test("daemon: the live feed sends the totals immediately and every second, and changes as they happen", async () => {
  await using backend = acceptAll();
  const port = freePort();
  await using daemon = await startDaemon({ config: NO_REFRESH + metricsConfig(port) });
  await using client = await connectClient(daemon.socketPath);
  client.update([tcpCheck(1, backend)]);
  await stateOf(client, 1, "healthy");
  await using viewer = await connectHttp(port);
  viewer.write(get("/api/events"));
  await viewer.waitFor(
    /event: totals\ndata: \{"healthchecks":1,"healthy":1,"unhealthy":0,"unknown":0,"version":"[^"]+"\}\n\n/,
  );
  backend.down();
  const text = await viewer.waitFor(/event: changes\ndata: .*\n\n/);
  const [, data = ""] = /event: changes\ndata: (.*)\n\n/.exec(text) ?? [];
  const reason = expect.stringMatching(/^L4CON TCP connect to /);
  const change = { id: "1", type: "tcp", from: "healthy", to: "unhealthy", reason };
  expect(JSON.parse(data)).toMatchObject({ changes: [change], more: 0 });
  const totals = () => viewer.text.match(/event: totals/g)?.length ?? 0;
  const before = totals();
  const startMs = performance.now();
  await until(() => totals() >= before + 2, SOON_MS, "two more ticks");
  expect(performance.now() - startMs).toBeGreaterThan(900);
  daemon.signal("SIGTERM");
  expect(await daemon.exited).toBe(0);
  await viewer.waitForClose();
});

test("daemon: with its port taken it still checks, logs that, and serves once the port is free", async () => {
  await using backend = acceptAll();
  const port = freePort();
  const other = Bun.listen({ hostname: "127.0.0.1", port, socket: { data() {} } });
  await using daemon = await startDaemon({ config: NO_REFRESH + metricsConfig(port) });
  expect(daemon.log.join("\n")).toMatch(
    /ERROR Cannot serve metrics, retrying address=\S+ error=.*EADDRINUSE/,
  );
  await using client = await connectClient(daemon.socketPath);
  client.update([tcpCheck(1, backend)]);
  await stateOf(client, 1, "healthy");
  other.stop(true);
  await daemon.waitForLog(/Serving metrics and status page/, SOON_MS);
  expect((await scrape(port)).get('healthcheck_state{id="1",type="tcp"}')).toBe(1);
});

test("daemon: a second instance on the same socket exits immediately, even if it could serve metrics", async () => {
  const port = freePort();
  await using daemon = await startDaemon();
  const server = `server: { proxy_socket: ${JSON.stringify(daemon.socketPath)} }\n`;
  const config = `${daemon.dir}/second.yaml`;
  await Bun.write(config, server + metricsConfig(port));
  const { status, out } = await runCommand(["--config", config]);
  expect([status, out]).toEqual([1, expect.stringContaining("already running")]);
});
