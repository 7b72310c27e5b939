/**
 * Traces of the compiled executable: names, parents, links, attributes, status; and the log and metrics beside them.
 * Run by `bun test`.
 */

import { expect, setDefaultTimeout, test } from "bun:test";
import { acceptAll, closedPort, hang, httpServer } from "../harness/backends/backends.ts";
import { freePort } from "../harness/base/ports.ts";
import { makeTempDir } from "../harness/base/tempdir.ts";
import { until } from "../harness/base/wait.ts";
import { dnsCheck, httpCheck, tcpCheck, times } from "../harness/client/checks.ts";
import { connectClient } from "../harness/client/client.ts";
import { type Daemon, NO_REFRESH, startDaemon } from "../harness/daemon/daemon.ts";
import { metricsConfig, scrapeText } from "../harness/daemon/metrics.ts";
import { operate, startControlled } from "../harness/daemon/operator.ts";
import {
  type Collector,
  startGrpcCollector,
  startHttpCollector,
  telemetryConfig,
} from "../harness/observers/collector.ts";
import type { ReceivedSpan } from "../harness/observers/otlp.ts";

setDefaultTimeout(60_000);

const SOON_MS = 20_000;
const CHECK = "healthcheck.check_execution";
const SLOW = { interval: "60s", timeout: "300ms" };

const answering = (status: string) =>
  httpServer((_, socket) => void socket.end(`HTTP/1.1 ${status}\r\nContent-Length: 2\r\n\r\nno`));

/** The spans of a healthcheck's checks. */
function ofCheck(collector: Collector, id: number): ReceivedSpan[] {
  return collector.named(CHECK).filter(({ attributes }) => attributes["healthcheck.id"] === String(id));
}

const events = (span: ReceivedSpan | undefined) => span?.events.map(({ name }) => name);

/** The ids that a log line carries. */
function idsIn(daemon: Daemon, pattern: RegExp): { traceId: string; spanId: string } | undefined {
  const line = daemon.log.find((entry) => pattern.test(entry)) ?? "";
  const [, traceId = "", spanId = ""] = /trace_id=([0-9a-f]{32}) span_id=([0-9a-f]{16})/.exec(line) ?? [];
  return traceId === "" ? undefined : { traceId, spanId };
}

const idsOf = (span: ReceivedSpan | undefined) => span && { traceId: span.traceId, spanId: span.spanId };

test.concurrent("telemetry: the span of each check type has the request, the target and the reason of a failure", async () => {
  await using collector = startHttpCollector();
  await using unwell = answering("503 Service Unavailable");
  await using well = answering("200 OK");
  await using silent = hang();
  await using closed = closedPort();
  await using daemon = await startDaemon({
    config: NO_REFRESH + telemetryConfig(collector.port, { use_http: true, trace: "all" }),
  });
  await using client = await connectClient(daemon.socketPath);
  const http = { ...SLOW, method: "HEAD", path: "/healthz?token=secret", expected_codes: [200] };
  client.update([
    tcpCheck(1, closed, SLOW),
    httpCheck(2, unwell, http),
    httpCheck(3, well, { ...http, method: "GET" }),
    httpCheck(4, silent, http),
    httpCheck(5, well, { ...http, method: "GET", response: "yes" }),
    dnsCheck(6, "www.example.test", { ...SLOW, ip: closed.hostname, port: closed.port }),
  ]);
  await collector.waitFor("checks", ({ name }) => name === CHECK, 6);
  const [tcp, status, ok, late, body, dns] = [1, 2, 3, 4, 5, 6].map((id) => ofCheck(collector, id)[0]);
  expect(tcp?.attributes).toMatchObject({
    "healthcheck.type": "tcp",
    "healthcheck.reason": "L4CON",
    "healthcheck.outcome": "failure",
    "error.type": "L4CON",
    "server.address": "127.0.0.1",
    "server.port": closed.port,
  });
  expect(tcp?.statusMessage).toBe(`L4CON TCP connect to 127.0.0.1:${closed.port}: connection refused`);
  expect(events(tcp)).toEqual(["connect"]);
  expect(status?.attributes).toMatchObject({
    "healthcheck.type": "http",
    "healthcheck.reason": "L7STS",
    "error.type": "503",
    "http.request.method": "HEAD",
    "http.response.status_code": 503,
    "url.full": `http://127.0.0.1:${unwell.port}/healthz?…`,
    "server.port": unwell.port,
  });
  expect(events(status)).toEqual(["connect", "request", "first_byte", "transfer"]);
  expect(ok).toMatchObject({ status: "STATUS_CODE_UNSET", statusMessage: "" });
  expect(ok?.attributes).toMatchObject({ "http.response.status_code": 200, "healthcheck.reason": "L7OK" });
  expect(ok?.attributes["error.type"]).toBeUndefined();
  expect(late?.attributes).toMatchObject({ "healthcheck.reason": "L7TOUT", "error.type": "L7TOUT" });
  expect(late?.attributes["http.response.status_code"]).toBeUndefined();
  expect(late?.events.at(-1)).toMatchObject({
    name: "first_byte",
    attributes: { "healthcheck.phase.completed": false },
  });
  // The status was the wanted one, the body was not.
  expect(body?.attributes).toMatchObject({ "error.type": "L7STS", "http.response.status_code": 200 });
  expect(dns?.attributes).toMatchObject({
    "dns.question.name": "www.example.test",
    "server.port": closed.port,
  });
  for (const span of [tcp, status, late, body, dns]) expect(span?.status).toBe("STATUS_CODE_ERROR");
  for (const span of collector.named(CHECK)) {
    expect(span.kind).toBe("SPAN_KIND_CLIENT");
    const stamps = [span.startMs, ...span.events.map(({ atMs }) => atMs), span.endMs];
    expect(stamps).toEqual(stamps.toSorted((a, b) => a - b));
  }
});

test.concurrent("telemetry: from the connection to the batch, each span leads to the next, and the log to all of them", async () => {
  await using collector = await startGrpcCollector();
  await using closed = closedPort();
  await using daemon = await startDaemon({
    config: NO_REFRESH + telemetryConfig(collector.port),
    args: ["--log-level", "debug"],
  });
  await using client = await connectClient(daemon.socketPath);
  client.update([tcpCheck(1, closed, SLOW), tcpCheck(2, closed, SLOW), '{"id":3,"checker_type":"tcp"}']);
  await collector.waitFor("a batch", ({ name }) => name === "healthcheck.batch_send");
  client.send("nonsense");
  client.update([tcpCheck(2, closed, { ...SLOW, interval: "50s" }), tcpCheck(4, closed, SLOW)]);
  await collector.waitFor("messages", ({ name }) => name === "healthcheck.config_update", 2);

  const [connect] = collector.named("healthcheck.proxy_connect");
  const [first, nonsense, second] = collector.named("healthcheck.proxy_receive");
  const [update, change] = collector.named("healthcheck.config_update");
  for (const message of [first, nonsense, second]) {
    expect(message).toMatchObject({ parentSpanId: "", links: [idsOf(connect)] });
  }
  expect(first).toMatchObject({ status: "STATUS_CODE_ERROR", statusMessage: "1 healthchecks rejected" });
  expect(nonsense).toMatchObject({ status: "STATUS_CODE_ERROR", attributes: { "error.type": "parse" } });
  expect(second).toMatchObject({ status: "STATUS_CODE_UNSET" });
  expect(second?.attributes["healthcheck.message.type"]).toBe("update_configs");
  for (const [part, whole] of [
    [update, first],
    [change, second],
  ]) {
    expect(part).toMatchObject({ traceId: whole?.traceId, parentSpanId: whole?.spanId });
    expect(part?.endMs).toBeLessThanOrEqual(whole?.endMs ?? 0);
  }
  const counts = (span: ReceivedSpan | undefined) =>
    ["configs", "added", "removed", "changed", "kept", "refused"].map(
      (name) => span?.attributes[`healthcheck.update.${name}`],
    );
  expect(counts(update)).toEqual([3, 2, 0, 0, 0, 1]);
  expect(counts(change)).toEqual([2, 1, 1, 1, 0, 0]);

  const [check] = ofCheck(collector, 1);
  const transitions = collector.named("healthcheck.state_transition");
  const own = transitions.find(({ attributes }) => attributes["healthcheck.id"] === "1");
  expect(own).toMatchObject({ traceId: check?.traceId, parentSpanId: check?.spanId, links: [idsOf(check)] });
  expect(own?.attributes).toMatchObject({
    "healthcheck.old_state": "unknown",
    "healthcheck.new_state": "unhealthy",
    "healthcheck.reason": "L4CON",
  });
  const batches = collector.named("healthcheck.batch_send");
  expect(batches[0]?.attributes["healthcheck.batch.size"]).toBe(2);
  expect(batches[0]?.links.map(({ spanId }) => spanId).sort()).toEqual(
    transitions
      .slice(0, 2)
      .map(({ spanId }) => spanId)
      .sort(),
  );

  expect(idsIn(daemon, /Go proxy connected/)).toEqual(idsOf(connect));
  expect(idsIn(daemon, /healthcheck rejected/)).toEqual(idsOf(first));
  expect(idsIn(daemon, /Adding healthcheck id=1/)).toEqual(idsOf(update));
  expect(idsIn(daemon, /Message rejected/)).toEqual(idsOf(nonsense));
  expect(idsIn(daemon, /Removing healthcheck id=1/)).toEqual(idsOf(change));
  expect(idsIn(daemon, /Check finished id=1/)).toEqual(idsOf(check));
  expect(idsIn(daemon, /Health state changed id=1/)).toEqual(idsOf(own));
  expect(idsIn(daemon, /Batch sent/)).toEqual(idsOf(batches[0]));
  expect(idsIn(daemon, /All tasks spawned/)).toBeUndefined();
});

test.concurrent("telemetry: by default a healthy check is traced when it changes the state, and not again", async () => {
  await using collector = startHttpCollector();
  await using backend = acceptAll();
  await using closed = closedPort();
  await using daemon = await startDaemon({
    config: `advanced: { notify_interval: 1s }\n${telemetryConfig(collector.port, { use_http: true })}`,
    args: ["--log-level", "debug"],
  });
  await using client = await connectClient(daemon.socketPath);
  client.update([tcpCheck(1, backend, { interval: "50ms" }), tcpCheck(2, closed, { interval: "50ms" })]);
  await until(() => ofCheck(collector, 2).length > 50, SOON_MS, "50 failed checks");
  expect(ofCheck(collector, 1).map(({ attributes }) => attributes["healthcheck.outcome"])).toEqual([
    "success",
  ]);
  expect(collector.named("healthcheck.state_transition").length).toBe(2);
  // A repeated state is not a state change.
  for (const batch of collector.named("healthcheck.batch_send"))
    expect(batch.links.length).toBeGreaterThan(0);
  expect(daemon.log.filter((line) => line.includes("Batch sent")).length).toBeGreaterThan(2);
  // Lines of what is not traced carry no ids, least of all those of what was traced before.
  const healthy = daemon.log.filter((line) => /Check finished id=1 .*L4OK/.test(line));
  expect(healthy.length).toBeGreaterThan(10);
  expect(healthy.filter((line) => line.includes("trace_id=")).length).toBe(1);
});

test.concurrent("telemetry: of a thousand checks a share is traced, and what belongs together is kept together", async () => {
  await using collector = await startGrpcCollector();
  await using backend = acceptAll();
  const fields = { trace: "all", sampling_rate: 0.25 };
  await using daemon = await startDaemon({ config: NO_REFRESH + telemetryConfig(collector.port, fields) });
  await using client = await connectClient(daemon.socketPath);
  client.update(times(1_000, (index) => tcpCheck(index + 1, backend, { interval: "60s", timeout: "10s" })));
  await until(() => client.latest.size === 1_000, SOON_MS, "first results");
  daemon.signal("SIGTERM");
  expect(await daemon.exited).toBe(0);
  const checks = collector.named(CHECK);
  // Seven standard deviations of the binomial distribution.
  expect(checks.length).toBeGreaterThan(250 - 96);
  expect(checks.length).toBeLessThan(250 + 96);
  const changed = new Set(collector.named("healthcheck.state_transition").map(({ traceId }) => traceId));
  expect(changed).toEqual(new Set(checks.map(({ traceId }) => traceId)));
  const linked = collector
    .named("healthcheck.batch_send")
    .flatMap(({ links }) => links.map(({ traceId }) => traceId));
  expect(new Set(linked)).toEqual(changed);
});

test.concurrent("telemetry: with a rate of 0 nothing is sent", async () => {
  await using collector = startHttpCollector();
  await using closed = closedPort();
  const fields = { use_http: true, trace: "all", sampling_rate: 0 };
  await using daemon = await startDaemon({ config: telemetryConfig(collector.port, fields) });
  await using client = await connectClient(daemon.socketPath);
  client.update([tcpCheck(1, closed)]);
  await until(() => client.latest.size === 1, SOON_MS, "a result");
  daemon.signal("SIGTERM");
  expect(await daemon.exited).toBe(0);
  expect(collector.requests).toEqual([]);
  expect(daemon.log.join("\n")).not.toContain("trace_id");
});

test.concurrent("telemetry: propagated, an HTTP check carries the ids of its span, and nothing otherwise", async () => {
  await using collector = startHttpCollector();
  await using backend = answering("500 No");
  const seen = (host: string) =>
    [
      ...backend.received.matchAll(
        new RegExp(`Host: ${host}\\r\\n(?:.+\\r\\n)*?traceparent: (.+)\\r\\n`, "gi"),
      ),
    ].map(([, value]) => value);
  const config = (propagate: boolean) =>
    NO_REFRESH + telemetryConfig(collector.port, { use_http: true, propagate });
  const checks = [
    httpCheck(1, backend, { ...SLOW, host: "one.test", expected_codes: [200] }),
    httpCheck(2, backend, {
      ...SLOW,
      host: "two.test",
      headers: { Traceparent: "theirs" },
      expected_codes: [200],
    }),
  ];
  for (const propagate of [true, false]) {
    await using daemon = await startDaemon({ config: config(propagate) });
    await using client = await connectClient(daemon.socketPath);
    const before = collector.named(CHECK).length;
    client.update(checks);
    await collector.waitFor("checks", ({ name }) => name === CHECK, before + 2);
  }
  const [span] = ofCheck(collector, 1);
  expect(seen("one.test")).toEqual([`00-${span?.traceId}-${span?.spanId}-01`]);
  expect(seen("two.test")).toEqual(["theirs", "theirs"]);
});

test.concurrent("telemetry: propagated flags match the sampling decision", async () => {
  await using collector = startHttpCollector();
  await using backend = answering("200 OK");
  const fields = { use_http: true, propagate: true, sampling_rate: 0 };
  await using daemon = await startDaemon({ config: telemetryConfig(collector.port, fields) });
  await using client = await connectClient(daemon.socketPath);
  client.update([httpCheck(1, backend)]);
  await until(() => backend.received.split("traceparent: 00-").length > 3, SOON_MS, "three checks");
  const flags = [...backend.received.matchAll(/traceparent: 00-[0-9a-f]{32}-[0-9a-f]{16}-(..)\r/g)];
  expect(new Set(flags.map(([, flag]) => flag))).toEqual(new Set(["00"]));
  expect(new Set(flags.map(([whole]) => whole)).size).toBe(flags.length);
});

test.concurrent("telemetry: failures in OpenMetrics have their trace as an exemplar, and in the classic format none", async () => {
  await using collector = startHttpCollector();
  await using closed = closedPort();
  const port = freePort();
  await using daemon = await startDaemon({
    config: metricsConfig(port) + telemetryConfig(collector.port, { use_http: true }),
  });
  await using client = await connectClient(daemon.socketPath);
  client.update([tcpCheck(1, closed, SLOW)]);
  const [span] = await collector.waitFor("a failed check", ({ name }) => name === CHECK);
  const text = await scrapeText(port, { Accept: "application/openmetrics-text" });
  const series = 'healthcheck_failures_total{type="tcp",reason="L4CON"} 1';
  const [, atS] = new RegExp(`^${series} # {trace_id="${span?.traceId}"} 1 ([0-9.]+)$`, "m").exec(text) ?? [];
  expect(Math.abs(Number(atS) * 1_000 - (span?.endMs ?? 0))).toBeLessThan(1_000);
  expect(text.split("trace_id").length).toBe(2);
  const classic = await scrapeText(port);
  expect(classic).toContain(`${series}\n`);
  expect(classic).not.toContain("trace_id");
});

test.concurrent("telemetry: what is traced, and how much, can change at run time; where it goes cannot", async () => {
  await using collector = startHttpCollector();
  await using backend = acceptAll();
  await using daemon = await startDaemon({ config: telemetryConfig(collector.port, { use_http: true }) });
  await using client = await connectClient(daemon.socketPath);
  client.update([tcpCheck(1, backend)]);
  await collector.waitFor("the first check", ({ name }) => name === CHECK);
  const server = `server: { proxy_socket: ${JSON.stringify(daemon.socketPath)} }\n`;
  const changed = telemetryConfig(1, { use_http: true, trace: "all", propagate: true });
  await Bun.write(`${daemon.dir}/config.yaml`, server + changed);
  daemon.signal("SIGHUP");
  await until(() => ofCheck(collector, 1).length > 3, SOON_MS, "healthy checks");
  const log = daemon.log.join("\n");
  expect(log).toContain("INFO Configuration changed key=telemetry.trace");
  for (const key of ["otlp_endpoint", "propagate"])
    expect(log).toContain(`restart required key=telemetry.${key}`);
});

test.concurrent("telemetry: a state change that a forced state hides has the forced state", async () => {
  await using temp = makeTempDir("forced");
  await using collector = await startGrpcCollector();
  await using backend = acceptAll();
  await using daemon = await startControlled(temp.path, {}, telemetryConfig(collector.port));
  await using client = await connectClient(daemon.socketPath);
  client.update([tcpCheck(1, backend)]);
  await collector.waitFor("the first state", ({ name }) => name === "healthcheck.state_transition");
  await operate(temp.path, "force", "1", "healthy", "--for", "1h", "--reason", "x");
  backend.down();
  await collector.waitFor("the change", ({ name }) => name === "healthcheck.state_transition", 2);
  const forced = collector
    .named("healthcheck.state_transition")
    .map(({ attributes }) => [attributes["healthcheck.new_state"], attributes["healthcheck.forced"]]);
  expect(forced).toEqual([
    ["healthy", undefined],
    ["unhealthy", "healthy"],
  ]);
});
