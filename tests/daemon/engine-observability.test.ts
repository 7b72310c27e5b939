/** The executable with `server.control: engine`: metrics, traces, `/readyz`, `status`, `explain`, systemd and the log speak of the engine. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import { acceptAll, closedPort } from "../harness/backends/backends.ts";
import { runCommand } from "../harness/base/command.ts";
import { freePort } from "../harness/base/ports.ts";
import { makeTempDir } from "../harness/base/tempdir.ts";
import { until } from "../harness/base/wait.ts";
import { type Daemon, startDaemon } from "../harness/daemon/daemon.ts";
import { metricsConfig, scrape, scrapeText, scrapeUntil } from "../harness/daemon/metrics.ts";
import { listenForNotifications } from "../harness/daemon/notify-socket.ts";
import { engineConfig, engineTcp, newestStates } from "../harness/engine/engine-checks.ts";
import { startGoEngine } from "../harness/engine/goengine.ts";
import { startHttpCollector, telemetryConfig } from "../harness/observers/collector.ts";

setDefaultTimeout(120_000);

const WAIT_MS = 40_000;
const FETCH = "healthcheck.engine_fetch";
const REPORT = "healthcheck.engine_report";
const QUIET = "advanced: { notify_interval: 1h, fetch_interval: 1h }\n";

const readyz = async (port: number) => {
  const response = await fetch(`http://127.0.0.1:${port}/readyz`);
  return [response.status, (await response.text()).trim()];
};

/** The line that SIGUSR1 causes. */
async function stateLine(daemon: Daemon): Promise<string> {
  const count = () => daemon.log.filter((line) => line.includes("Server state")).length;
  const before = count();
  daemon.signal("SIGUSR1");
  await until(() => count() > before, WAIT_MS, "the server state");
  return daemon.log.findLast((line) => line.includes("Server state")) ?? "";
}

test("engine: metrics, readiness, status, systemd and the log line of the state, without an engine and with one", async () => {
  await using dir = makeTempDir("engine");
  const socket = join(dir.path, "engine.sock");
  const port = freePort();
  using listener = listenForNotifications(join(dir.path, "notify"));
  await using up = acceptAll();
  await using down = closedPort();
  await using daemon = await startDaemon({
    config: engineConfig(socket) + metricsConfig(port),
    env: { NOTIFY_SOCKET: listener.address },
  });
  const failures = 'healthcheck_engine_call_failures_total{method="fetch"}';
  const alone = await scrapeUntil(port, "failed fetches", (read) => (read.get(failures) ?? 0) > 0);
  expect(alone.get("healthcheck_engine_connected")).toBe(0);
  expect(alone.get('healthcheck_engine_last_success_timestamp_seconds{method="fetch"}')).toBeUndefined();
  expect([...alone.keys()].filter((series) => series.includes("proxy"))).toEqual([]);
  const why = "the engine sends no set: no such file or directory";
  expect(await readyz(port)).toEqual([503, why]);
  await listener.waitFor(`STATUS=0 healthy, 0 unhealthy, 0 unknown; engine not connected; ${why}`, WAIT_MS);
  const status = await runCommand(["status", "--addr", `127.0.0.1:${port}`]);
  expect([status.status, status.out.split("\n")[0]]).toEqual([1, `not ready: ${why}`]);
  expect(await stateLine(daemon)).toMatch(
    / engine_connected=false notification_depth=0 engine_report_depth=0 /,
  );

  await using engine = await startGoEngine(socket);
  await engine.command({ checks: [engineTcp(1, up.port), engineTcp(2, down.port)] });
  await until(() => Object.keys(newestStates(engine)).length === 2, WAIT_MS, "both states");
  const reported = 'healthcheck_engine_last_success_timestamp_seconds{method="report"}';
  const both = await scrapeUntil(port, "a good report", (read) => read.has(reported));
  expect(both.get("healthcheck_engine_connected")).toBe(1);
  for (const method of ["fetch", "report"]) {
    const atS = both.get(`healthcheck_engine_last_success_timestamp_seconds{method="${method}"}`) ?? 0;
    expect(Math.abs(atS - Date.now() / 1_000)).toBeLessThan(3_600);
    expect(both.get(`healthcheck_engine_call_duration_seconds_count{method="${method}"}`)).toBeGreaterThan(0);
  }
  expect(both.get('healthcheck_engine_call_failures_total{method="report"}')).toBe(0);
  expect(await readyz(port)).toEqual([200, "ok"]);
  await listener.waitFor("STATUS=1 healthy, 1 unhealthy, 0 unknown; engine connected", WAIT_MS);
  expect(await stateLine(daemon)).toMatch(/ engine_connected=true /);
  const explained = await runCommand(["explain", "2", "--addr", `127.0.0.1:${port}`]);
  expect(explained.out).toContain("connection refused");
  const list = await (await fetch(`http://127.0.0.1:${port}/api/healthchecks`)).json();
  expect(list).toMatchObject({ totals: { healthchecks: 2, healthy: 1, unhealthy: 1 } });
  expect(await scrapeText(port, { accept: "application/openmetrics-text" })).toContain(
    "# TYPE healthcheck_engine_call_failures counter\n",
  );

  await engine.kill();
  await scrapeUntil(port, "the loss", (read) => read.get("healthcheck_engine_connected") === 0);
  await listener.waitFor(/engine not connected; the engine sends no set: connection refused/, WAIT_MS);
  expect((await scrape(port)).get("healthcheck_monitors_active")).toBe(2);
});

test("engine: a fetch contains the update, a report is linked to the changes in it, and failed calls have an error", async () => {
  await using dir = makeTempDir("engine");
  const socket = join(dir.path, "engine.sock");
  await using collector = startHttpCollector();
  await using down = closedPort();
  await using engine = await startGoEngine(socket);
  const senseless = engineTcp(2, down.port, { interval_ns: 0 });
  await engine.command({ checks: [engineTcp(1, down.port), senseless] });
  await using daemon = await startDaemon({
    config: engineConfig(socket) + QUIET + telemetryConfig(collector.port, { use_http: true }),
    args: ["--log-level", "debug"],
  });
  await collector.waitFor("a report", ({ name }) => name === REPORT);
  await collector.waitFor("an update", ({ name }) => name === "healthcheck.config_update");
  const [fetched] = collector.named(FETCH);
  const [update] = collector.named("healthcheck.config_update");
  const [change] = collector.named("healthcheck.state_transition");
  const [report] = collector.named(REPORT);
  expect(fetched).toMatchObject({ kind: "SPAN_KIND_CLIENT", parentSpanId: "", status: "STATUS_CODE_ERROR" });
  expect(fetched?.attributes["error.type"]).toBe("config");
  expect(fetched?.statusMessage).toBe("1 healthchecks rejected");
  expect(update).toMatchObject({ traceId: fetched?.traceId, parentSpanId: fetched?.spanId });
  expect(report).toMatchObject({
    kind: "SPAN_KIND_CLIENT",
    status: "STATUS_CODE_UNSET",
    attributes: { "healthcheck.batch.size": 1 },
    links: [{ traceId: change?.traceId, spanId: change?.spanId }],
  });
  expect(collector.named("healthcheck.batch_send")).toEqual([]);
  const sent = await daemon.waitForLog(/ Batch sent /, WAIT_MS);
  expect(sent).toContain(`trace_id=${report?.traceId} span_id=${report?.spanId}`);

  await engine.kill();
  await Bun.file(socket).delete();
  await collector.waitFor(
    "a failed fetch",
    ({ name, attributes }) => name === FETCH && attributes["error.type"] === "socket_io",
  );
  const failed = collector.named(FETCH).find(({ attributes }) => attributes["error.type"] === "socket_io");
  expect(failed).toMatchObject({ status: "STATUS_CODE_ERROR", statusMessage: "no such file or directory" });
});
